"""What a scanned text is: waybill, return slip, unit code, command, badge, or nothing we know.

The list of announced returns is the judge of a waybill; the shapes here only explain a code that
is not in it, and keep rubbish out. No text raises: what cannot be read is an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from returnbench.inspect.bench_codes import (
    BADGE_PREFIX,
    COMMAND_PREFIX,
    BadCode,
    decode_badge,
    decode_command,
)
from returnbench.inspect.carrier_forms import (
    CARRIER_FORMS,
    SSCC_FORM,
    CarrierForm,
    Strength,
    WaybillRole,
)
from returnbench.inspect.carrier_match import (
    CheckState,
    WaybillCandidate,
    best_strength,
    carriers_of,
)
from returnbench.inspect.check_digits import ends_right, gs1_check, luhn_check
from returnbench.inspect.gs1 import (
    GS1_IDENTIFIERS,
    SEPARATOR,
    Elements,
    digital_link,
    split_elements,
)
from returnbench.inspect.scan_text import MAX_LENGTH, Normalised, normalise

__all__ = [
    "CheckState",
    "Meaning",
    "MeaningKind",
    "Normalised",
    "Scan",
    "ScanProblem",
    "WaybillCandidate",
    "WaybillRole",
    "normalise",
    "understand",
    "unit_key",
]


class MeaningKind(StrEnum):
    """The kinds of code that a bench acts on."""

    WAYBILL = "WAYBILL"
    RETURN_SLIP = "RETURN_SLIP"
    UNIT_CODE = "UNIT_CODE"
    COMMAND = "COMMAND"
    BADGE = "BADGE"
    UNKNOWN = "UNKNOWN"
    """Readable, but of no known shape: it may still be in a list (RMA, serial number)."""
    UNREADABLE = "UNREADABLE"


class ScanProblem(StrEnum):
    """Why a scan needs a second look."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    CONTROL_CHARACTERS = "CONTROL_CHARACTERS"
    CHECK_DIGIT_WRONG = "CHECK_DIGIT_WRONG"
    KEYBOARD_LAYOUT = "KEYBOARD_LAYOUT"
    """Characters that only a scanner set to another keyboard layout types."""
    BAD_COMMAND = "BAD_COMMAND"
    BAD_BADGE = "BAD_BADGE"
    NO_WAYBILL_INSIDE = "NO_WAYBILL_INSIDE"
    """A structured code (label data, web address) without a number that identifies a parcel."""
    ALSO_IMEI = "ALSO_IMEI"
    """The digits fit a telephone's serial number as well as the carrier."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as delivered: ``symbology`` is the AIM identifier where the device tells it."""

    raw: str
    device: str
    symbology: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a scan is. ``text`` is the code itself, normalised, to be looked up and compared.

    ``candidates`` are the carriers it may belong to, the best explained first; more than one means
    that the number alone does not decide. A unit code whose digits a carrier uses, too, carries
    them as well. ``problem`` is a :class:`ScanProblem` when a person should look.
    """

    kind: MeaningKind
    text: str
    candidates: tuple[WaybillCandidate, ...] = ()
    problem: ScanProblem | None = None


_SF_LABEL_NUMBER = re.compile(r"'k5'\s*:\s*'([A-Z0-9]{4,35})'", re.IGNORECASE)
_PIECE = re.compile(r"(JD[A-Z0-9]{2}[0-9]{11}|DPK[0-9]{12})-[0-9-]*")
_RETURN_SLIP = re.compile(r"(?:RMA[0-9A-Z]{3,20}|HR[0-9A-Z]{6}|HR[0-9A-Z]{10})")
_FOREIGN_LAYOUT = frozenset("ßéèçà§ù£µ")
_EAN_IDENTIFIERS = ("]E", "]e0")
_IMEI_START = ("01", "35", "44", "45", "49", "86", "91", "98", "99")
"""Reporting bodies that begin a telephone's serial number (3GPP TS 23.003, GSMA TS.06)."""


def understand(raw: str, symbology_identifier: str = "") -> Meaning:
    """Say what ``raw`` is. ``symbology_identifier`` is the AIM identifier if the reader knows it.

    Commands and badges come first and only as whole texts; then structured content, the symbology,
    return slips, and the shapes of carriers and products.
    """
    scan = normalise(raw)
    identifier = symbology_identifier or scan.symbology_identifier
    if problem := _unreadable(raw, scan):
        return Meaning(MeaningKind.UNREADABLE, scan.text[:MAX_LENGTH], problem=problem)
    return (
        _bench_code(scan.text)
        or _foreign_layout(scan)
        or _structured(scan)
        or _gs1(scan, identifier)
        or _plain(scan, identifier)
    )


def unit_key(code: str) -> str:
    """The form in which unit codes are compared.

    A GTIN of 8, 12, 13 or 14 digits becomes 14 digits, because readers report the same symbol with
    and without leading zeros; any other code is only normalised.
    """
    text = normalise(code).text
    return text.zfill(14) if _is_gtin(text) else text


def _unreadable(raw: str, scan: Normalised) -> ScanProblem | None:
    if not scan.text:
        return ScanProblem.EMPTY
    if len(raw) > MAX_LENGTH:
        return ScanProblem.TOO_LONG
    return ScanProblem.CONTROL_CHARACTERS if "escaped" in scan.steps else None


def _bench_code(text: str) -> Meaning | None:
    if text.startswith(COMMAND_PREFIX):
        if isinstance(decode_command(text), BadCode):
            return Meaning(MeaningKind.UNKNOWN, text, problem=ScanProblem.BAD_COMMAND)
        return Meaning(MeaningKind.COMMAND, text)
    if text.startswith(BADGE_PREFIX):
        if isinstance(decode_badge(text), BadCode):
            return Meaning(MeaningKind.UNKNOWN, text, problem=ScanProblem.BAD_BADGE)
        return Meaning(MeaningKind.BADGE, text)
    return None


def _foreign_layout(scan: Normalised) -> Meaning | None:
    if _FOREIGN_LAYOUT.isdisjoint(scan.text.casefold() + scan.text):
        return None
    return Meaning(MeaningKind.UNKNOWN, scan.text, problem=ScanProblem.KEYBOARD_LAYOUT)


def _structured(scan: Normalised) -> Meaning | None:
    """Label data of SF (never evaluated, only searched), web addresses, JSON, ANSI MH10."""
    if "MMM=" in scan.text:
        if match := _SF_LABEL_NUMBER.search(scan.content):
            candidate = WaybillCandidate("SF", WaybillRole.PARCEL, CheckState.NONE)
            return Meaning(MeaningKind.WAYBILL, match[1].upper(), (candidate,))
    elif scan.text.startswith(("HTTP://", "HTTPS://")):
        if meaning := _from_elements(digital_link(scan.content)):
            return meaning
    elif not scan.text.startswith(("{", "[)>")):
        return None
    return Meaning(MeaningKind.UNKNOWN, scan.text, problem=ScanProblem.NO_WAYBILL_INSIDE)


def _gs1(scan: Normalised, identifier: str) -> Meaning | None:
    marked = identifier in GS1_IDENTIFIERS or scan.content.startswith((SEPARATOR, "("))
    if not marked:
        return None
    return _from_elements(split_elements(scan.content.replace(" ", "").upper()))


def _from_elements(elements: Elements) -> Meaning | None:
    values = dict(elements)
    if "00" in values:
        return _waybill("00" + values["00"], "", (SSCC_FORM,))
    for identifier in ("01", "02"):
        if identifier in values:
            return _unit(values[identifier])
    if "420" in values and len(elements) > 1:
        # The number after the postcode starts with an identifier of its own (92 to 95).
        return _waybill("".join(elements[1]), "")
    return None


def _plain(scan: Normalised, identifier: str) -> Meaning:
    if identifier.startswith(_EAN_IDENTIFIERS):
        return _unit(scan.text)
    if _RETURN_SLIP.fullmatch(scan.text):
        return Meaning(MeaningKind.RETURN_SLIP, scan.text)
    if match := _PIECE.fullmatch(scan.content.upper()):
        meaning = _waybill(match[1], identifier)
        pieces = tuple(replace(c, role=WaybillRole.PIECE) for c in meaning.candidates)
        return replace(meaning, candidates=pieces)
    if len(scan.content) <= 10 and scan.content != scan.text and "separators" in scan.steps:
        # Routing text such as "300-05 006": its digits are no number.
        return Meaning(MeaningKind.UNKNOWN, scan.text)
    waybill = _waybill(scan.text, identifier)
    if _is_gtin(scan.text) and not _carrier_is_likelier(scan.text, identifier):
        return replace(_unit(scan.text), candidates=waybill.candidates)
    if waybill.kind is MeaningKind.UNKNOWN and len(scan.text) == 13 and scan.text.isdigit():
        return replace(waybill, problem=ScanProblem.CHECK_DIGIT_WRONG)
    return waybill


def _unit(text: str) -> Meaning:
    if _is_gtin(text):
        return Meaning(MeaningKind.UNIT_CODE, text)
    return Meaning(MeaningKind.UNKNOWN, text, problem=ScanProblem.CHECK_DIGIT_WRONG)


def _is_gtin(text: str) -> bool:
    """Whether ``text`` is a GTIN with the right check digit; a row of zeros is not."""
    digits = text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14)
    return digits and int(text) > 0 and ends_right(text, gs1_check)


def _carrier_is_likelier(text: str, identifier: str) -> bool:
    """One number in ten has the check digit of a GTIN by chance; every product has it.

    So a product is the better reading, unless a carrier's prefix fits and either the symbol is one
    that carriers print (Code 128, QR code), or products of that number are rare: 14 digits as
    text, and 13 digits of the ranges 10 to 12 (next to no product has one) and 98 and 99
    (coupons and receipts).
    """
    if best_strength(text) is not Strength.PREFIX:
        return False
    rare = len(text) == 14 or text.startswith(("10", "11", "12", "98", "99"))
    return rare or identifier.startswith(("]C", "]Q"))


def _waybill(text: str, identifier: str, forms: Sequence[CarrierForm] = CARRIER_FORMS) -> Meaning:
    """``text`` as a waybill: every carrier that it fits, ranked."""
    number, candidates = carriers_of(text, forms)
    if not candidates:
        return Meaning(MeaningKind.UNKNOWN, text)
    problem = _waybill_problem(text, identifier, candidates)
    return Meaning(MeaningKind.WAYBILL, number, candidates, problem)


def _waybill_problem(
    text: str, identifier: str, candidates: Sequence[WaybillCandidate]
) -> ScanProblem | None:
    if all(candidate.check is CheckState.INVALID for candidate in candidates):
        return ScanProblem.CHECK_DIGIT_WRONG
    imei = len(text) == 15 and text.isdigit() and text.startswith(_IMEI_START)
    if imei and not identifier.startswith("]Q") and ends_right(text, luhn_check):
        return ScanProblem.ALSO_IMEI
    return None
