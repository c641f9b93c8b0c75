"""The shapes of waybill numbers, as data: one row per form, tried on the whole normalised text.

Chinese domestic carriers publish neither their ranges nor a check digit: their rows come from
rule tables in use and explain a number, they never reject one. The check digits of the others are
those of UPU S10, UPS, FedEx, DHL and the GS1 General Specifications. Order breaks ties.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from returnbench.inspect.check_digits import (
    CheckFunction,
    ends_right,
    fedex_check,
    gs1_check,
    identcode_check,
    mod7_check,
    mod37_36_check,
    s10_check,
    ups_check,
)


class WaybillRole(StrEnum):
    """What the number stands for at its carrier."""

    PARCEL = "parcel"
    PIECE = "piece"
    """One piece of a consignment: the piece suffix was cut off."""
    LOGISTIC_UNIT = "logistic_unit"
    """A GS1 SSCC; the carrier cannot be told from it."""


class Strength(IntEnum):
    """How much the shape alone says, strongest first."""

    PREFIX = 0
    DIGITS = 1
    """Bare digits, believed only because their check digit is right."""
    LENGTH = 2
    """Bare digits of an old or much-used length."""


@dataclass(frozen=True, slots=True)
class CarrierForm:
    """One form of number. ``pattern`` may name a group ``number``: what is the waybill itself.

    ``sound`` is the check of that number (``None``: the form has no check digit). A form with
    ``only_sound`` is so common a shape that a number that fails its check is not of this form.
    """

    carrier: str
    pattern: re.Pattern[str]
    strength: Strength
    sound: Callable[[str], bool] | None = None
    only_sound: bool = False
    role: WaybillRole = WaybillRole.PARCEL


_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC
    EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK
    HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
    LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN
    TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""

ISO_3166 = frozenset(_COUNTRIES.split())
"""Country codes of ISO 3166-1 alpha-2: an S10 number of another country does not exist."""


def _s10_holds(number: str) -> bool:
    return s10_check(number[2:10]) == number[10] and number[11:] in ISO_3166


def _last(check: CheckFunction, skip: int = 0) -> Callable[[str], bool]:
    """Whether the last character is right, counted from the character after the first ``skip``."""
    return lambda number: ends_right(number[skip:], check)


def _ups_letter_holds(number: str) -> bool:
    return ends_right(number, ups_check)


def _prefix(carrier: str, pattern: str, sound: Callable[[str], bool] | None = None) -> CarrierForm:
    return CarrierForm(carrier, re.compile(pattern), Strength.PREFIX, sound)


def _digits(carrier: str, pattern: str, sound: Callable[[str], bool]) -> CarrierForm:
    return CarrierForm(carrier, re.compile(pattern), Strength.DIGITS, sound, only_sound=True)


def _length(carrier: str, pattern: str) -> CarrierForm:
    return CarrierForm(carrier, re.compile(pattern), Strength.LENGTH)


SSCC_FORM = CarrierForm(
    "SSCC",
    re.compile(r"00[0-9]{18}"),
    Strength.PREFIX,
    _last(gs1_check),
    role=WaybillRole.LOGISTIC_UNIT,
)
"""Application identifier 00 with its 18 digits, as carriers write it."""

CARRIER_FORMS: tuple[CarrierForm, ...] = (
    _prefix("SF", r"SF[0-9]{13}|SF[A-Z][0-9]{12}"),
    _prefix("YTO", r"YT[0-9]{13}"),
    _prefix("ZTO", r"7[3-68][0-9]{12}"),
    _prefix("STO", r"77[0-9]{13}|(?:88|99)[0-9]{13}|43[0-9]{12,15}"),
    _prefix("YUNDA", r"[34][0-9]{14}|5[0-9]{12}"),
    _prefix("JT", r"JT[0-9]{12,13}"),
    _prefix("JD", r"JD[A-Z0-9]{2}[0-9]{11}"),
    _prefix("EMS", r"[A-Z]{2}[0-9]{9}CN", _s10_holds),
    _prefix("EMS", r"(?:9[5-9]|1[0-2])[0-9]{11}|P[A-Z][0-9]{11}"),
    _prefix("DEPPON", r"DPK[0-9]{12}"),
    _prefix("CAINIAO", r"621[0-9]{12}"),
    _prefix("POST", r"[A-Z]{2}[0-9]{9}(?!CN)[A-Z]{2}", _s10_holds),
    _prefix("UPS", r"1Z[0-9A-Z]{15}[0-9]", _last(ups_check, 2)),
    _prefix("USPS", r"420[0-9]{5}(?:[0-9]{4})?(?P<number>9[1-5][0-9]{20})", _last(gs1_check)),
    _prefix("USPS", r"420[0-9]{5}(?P<number>9[2-5][0-9]{24})", _last(gs1_check)),
    _prefix("USPS", r"9[1-5][0-9]{20}|9[2-5][0-9]{24}", _last(gs1_check)),
    _prefix("FEDEX", r"96[0-9]{20}", _last(gs1_check, 7)),
    _prefix("YODEL", r"J?JD[0-9]{16}"),
    _prefix("DHL", r"JJ?D0[0-9]{10,18}|JJD[0-9]{13}|JVGL[0-9]{10,18}"),
    _prefix("YUNEXPRESS", r"YT[0-9]{16}"),
    _prefix("AMAZON", r"TB[ACM][0-9]{12}"),
    SSCC_FORM,
    _digits("FEDEX", r"(?:[0-8][0-9]|96)[0-9]{20}(?P<number>[0-9]{12})", _last(fedex_check)),
    _digits("FEDEX", r"3[0-9]{15}(?P<number>[0-9]{12})[0-9]{4}", _last(fedex_check)),
    _digits("FEDEX", r"[0-9]{15}", _last(gs1_check)),
    _digits("UPS", r"[AHJKTV][0-9]{10}", _last(ups_check, 1)),
    _digits("DHL", r"[0-9]{10,11}", _last(mod7_check)),
    _digits("DHL", r"[0-9]{12}", _last(identcode_check)),
    _digits("DPD", r"[0-9]{14}[0-9A-Z]", _last(mod37_36_check)),
    _digits("DPD", r"[0-9]{27}[0-9A-Z]", _last(mod37_36_check)),
    _digits("CANADA_POST", r"[0-9]{16}", _last(gs1_check)),
    CarrierForm("FEDEX", re.compile(r"[0-9]{12}"), Strength.DIGITS, _last(fedex_check)),
    _length("SF", r"[0-9]{12}"),
    _length("ZTO", r"[0-9]{14}|[0-9]{12}"),
    _length("STO", r"(?:[2-8]68|588|688|888|968)[0-9]{9,10}"),
    _length("YTO", r"[A-Z][A-Z0-9][0-9]{10,13}|[6-9][0-9]{17}"),
    _length("EMS", r"5[0-2][0-9]{11}"),
    _length("BEST", r"[67][0-9]{13}|[A-Z][0-9]{12}"),
    _length("ANE", r"[0-9]{12}"),
)
"""Every form that is tried, the more certain first within one strength."""
