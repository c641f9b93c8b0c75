"""Erasing evidence lawfully: the file goes, the entry that names it and all proofs stay."""

from collections.abc import Sequence

from returnbench.sync.entry import Entry
from returnbench.sync.log import EventLog, Record
from returnbench.sync.store import EvidenceStore


def erase_evidence(
    log: EventLog, store: EvidenceStore, addenda: Sequence[str], *, ground: str, actor: str = ""
) -> Entry:
    """Record the erasure of ``addenda`` (SHA-256 in hex) for a legal ``ground``, then erase them.

    The record comes first: after a crash between both, calling this again finishes the work.

    Raises:
        LogWriteFailed: the erasure could not be recorded; nothing was erased.
        StoreError: a name is no SHA-256, or it is not certain that a file is gone.

    """
    for sha256 in addenda:
        store.path(sha256)
    record = Record("erase", {"addenda": list(addenda), "ground": ground}, actor=actor)
    (entry,) = log.append([record])
    for sha256 in addenda:
        store.erase(sha256)
    return entry
