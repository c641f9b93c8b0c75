"""Compares the evidence files with what the entries of the log name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from returnbench.sync.recovery import read_entries
from returnbench.sync.store import EvidenceMissing, EvidenceStore, StoreError


@dataclass(slots=True)
class Audit:
    """What was compared; ``not_named`` are files that no entry names."""

    entries: int = 0
    checked: int = 0
    erased: int = 0
    problems: list[str] = field(default_factory=list)
    not_named: list[str] = field(default_factory=list)


def audit_evidence(directory: Path, store: EvidenceStore) -> Audit:
    """Read every evidence file that the log in ``directory`` names, and check it."""
    audit = Audit()
    named: dict[str, int] = {}
    erased: set[str] = set()
    for entry in read_entries(directory):
        audit.entries += 1
        try:
            data = entry.data
        except ValueError:
            # The check of the log itself says so.
            continue
        for sha256 in evidence_of(data):
            named.setdefault(sha256, entry.seq)
        if isinstance(data, dict) and data.get("type") == "erase":
            erased.update(data.get("addenda", ()))
    for sha256, seq in named.items():
        _check(audit, store, sha256, seq, sha256 in erased)
    audit.not_named = sorted(set(store.names()) - named.keys())
    return audit


def evidence_of(data: Any) -> Iterator[str]:
    """The hashes of evidence that an entry names: under ``sha256`` or a key ending in ``_sha256``.

    Empty texts stand for evidence that does not exist.
    """
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(value, str):
                if value and (key == "sha256" or key.endswith("_sha256")):
                    yield value
            else:
                yield from evidence_of(value)
    elif isinstance(data, list):
        for value in data:
            yield from evidence_of(value)


def _check(audit: Audit, store: EvidenceStore, sha256: str, seq: int, erased: bool) -> None:
    audit.checked += 1
    try:
        store.read(sha256)
    except EvidenceMissing:
        if erased:
            audit.erased += 1
        else:
            audit.problems.append(f"evidence {sha256} of entry {seq} is missing")
    except StoreError as error:
        audit.problems.append(f"entry {seq}: {error}")
