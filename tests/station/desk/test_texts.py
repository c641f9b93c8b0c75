"""Every text that the bench may want is there, and none that it never wants."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from returnbench.drivers.camera import REMEDIES
from returnbench.inspect.codes import (
    ArrivalType,
    ClaimedReason,
    Disposition,
    DoorFlag,
    EvidenceSlot,
    FindingCode,
    FreightPayer,
    Grade,
    IntakeRefusal,
    Integrity,
    LiableParty,
    RefundState,
    SplitAnswer,
    VerdictKind,
)
from returnbench.inspect.weighing import NoWeightReason, StabilitySource
from returnbench.station import text

STATION = Path(text.__file__).parent
INSPECT = STATION.parent / "inspect"
TEXTS = text.texts("en")
SECTIONS = {text_id.split(".")[0] for text_id in TEXTS.ids}

# What may stand behind the point where a program puts the id together while it runs.
CODES: dict[str, set[str]] = {
    "flag": set(DoorFlag),
    "integrity": set(Integrity),
    "refusal": set(IntakeRefusal),
    "split": set(SplitAnswer),
    "finding": set(FindingCode),
    "grade": set(Grade),
    "verdict": set(VerdictKind),
    "party": set(LiableParty),
    "payer": set(FreightPayer),
    "disposition": set(Disposition),
    "claimed": set(ClaimedReason),
    "arrival": set(ArrivalType),
    "slot": set(EvidenceSlot),
    "no_weight": set(NoWeightReason),
    "refund": set(RefundState),
    "photo": {"covered", "dark", "glare", "blurred", "stale", "frozen"},
    "weight": {
        *StabilitySource,
        *(f"{outcome}{basis}" for outcome in ("CONSISTENT", "NOT_CONSISTENT", "CANNOT_TELL")
          for basis in ("", "_found")),
    },
    "cannot_tell": {
        "NOTHING_ANNOUNCED", "UNIT_MASS_UNKNOWN", "PACKAGING_UNKNOWN", "LINES_TOO_LIGHT",
    },
    "device": {"scale", "camera"},
    "remedy": {"scale", "camera"},
    "proposal": {"refund_all", "refund_none"},
    "camera_health": {code for code, remedy in REMEDIES.items() if remedy},
}  # fmt: skip


def trees(*folders: Path) -> Iterator[ast.Module]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def constants(*folders: Path) -> set[str]:
    return {
        node.value
        for tree in trees(*folders)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def put_together() -> set[str]:
    """The sections whose ids a program puts together while it runs."""
    starts = {
        node.values[0].value
        for tree in trees(STATION)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and node.values
        and isinstance(node.values[0], ast.Constant)
    }
    return {start.split(".")[0] for start in starts if start.split(".")[0] in SECTIONS}


def first_arguments(tree: ast.Module, names: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in names:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield part.value


def notice_codes() -> set[str]:
    """Codes of notices: what is refused, ignored and told."""
    codes: set[str] = set()
    for tree in trees(STATION, INSPECT):
        codes.update(first_arguments(tree, {"Refused", "Ignore", "Notice", "tell", "_tell_photo"}))
    return {code for code in codes if code.isupper()}


def test_every_refusal_and_every_notice_has_its_sentence():
    codes = notice_codes()
    assert {"COUNT_FIRST", "MORE_THAN_EXPECTED", "NO_PARCEL", "DISK", "UNKNOWN_KEY"} <= codes
    assert {code for code in codes if not TEXTS.has(f"notice.{code}")} == set()


@pytest.mark.parametrize("section", CODES)
def test_every_code_has_its_text(section):
    assert {code for code in CODES[section] if not TEXTS.has(f"{section}.{code}")} == set()


def test_every_id_in_the_program_exists():
    named = {text for text in constants(STATION) if "." in text and text.split(".")[0] in SECTIONS}
    whole = {text for text in named if text.split(".")[1].isidentifier() and text[-1] != "_"}
    assert {text for text in whole if not TEXTS.has(text)} == set()


def test_all_sections_that_are_put_together_are_in_the_table_above():
    assert put_together() - set(CODES) - {"notice", "scale_health"} == set()


def scale_codes() -> set[str]:
    """Codes of the health of a scale: those that its driver names, and reasons for no weight."""
    named = constants(STATION.parent / "drivers" / "scales")
    return named | {reason.lower().replace("_", "-") for reason in NoWeightReason}


def test_no_text_is_left_over():
    named = constants(STATION, INSPECT)
    wanted = {f"{section}.{code}" for section, codes in CODES.items() for code in codes}
    # Codes of notices pass through variables, too; any constant that is one counts.
    wanted |= {f"notice.{text}" for text in named}
    wanted |= {f"scale_health.{code}" for code in scale_codes()}
    assert TEXTS.ids - named - wanted == set()


def test_no_text_is_empty_and_all_parameters_have_names():
    for text_id in TEXTS.ids:
        text = TEXTS._texts[text_id]
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert text.strip(), text_id
        assert all(name.isidentifier() for name in names), text_id


def test_a_text_that_is_not_there_names_its_id():
    with pytest.raises(KeyError, match="no\\.such"):
        TEXTS("no.such")
    with pytest.raises(KeyError, match="flag\\.INSTRUCTION"):
        TEXTS("flag.INSTRUCTION")
