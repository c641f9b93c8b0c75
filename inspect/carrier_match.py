"""Which carriers a number may belong to, ranked by how well its shape explains it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from returnbench.inspect.carrier_forms import CARRIER_FORMS, CarrierForm, Strength, WaybillRole


class CheckState(StrEnum):
    """What the check digit says. ``NONE``: this form of number has none."""

    VALID = "valid"
    INVALID = "invalid"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WaybillCandidate:
    """One carrier whose numbers look like this."""

    carrier: str
    role: WaybillRole
    check: CheckState


class _Rank(IntEnum):
    """Order of the candidates: a wrong check digit comes last, but is never dropped."""

    PREFIX_AND_CHECK = 0
    PREFIX = 1
    DIGITS_AND_CHECK = 2
    LENGTH = 3
    WRONG_CHECK = 4


@dataclass(frozen=True, slots=True)
class _Match:
    rank: _Rank
    number: str
    candidate: WaybillCandidate


def carriers_of(
    text: str, forms: Sequence[CarrierForm] = CARRIER_FORMS
) -> tuple[str, tuple[WaybillCandidate, ...]]:
    """The waybill number in ``text`` and its possible carriers, the best explained first.

    Each carrier is listed once. A match by length alone is left out where a prefix speaks for
    somebody. Without a match the candidates are empty; a row of zeros matches nothing.
    """
    if not text.strip("0"):
        return text, ()
    best: dict[str, _Match] = {}
    for form in forms:
        shape = form.pattern.fullmatch(text)
        if shape is None:
            continue
        match = _match(form, shape)
        if match and (form.carrier not in best or match.rank < best[form.carrier].rank):
            best[form.carrier] = match
    ranked = sorted(best.values(), key=lambda match: match.rank)
    if not ranked:
        return text, ()
    if ranked[0].rank <= _Rank.PREFIX:
        ranked = [match for match in ranked if match.rank is not _Rank.LENGTH]
    return ranked[0].number, tuple(match.candidate for match in ranked)


def best_strength(text: str) -> Strength | None:
    """The strongest kind of form that ``text`` has, whatever its check digit says."""
    fitting = [form.strength for form in CARRIER_FORMS if form.pattern.fullmatch(text)]
    return min(fitting, default=None)


def _match(form: CarrierForm, shape: re.Match[str]) -> _Match | None:
    number = shape.groupdict().get("number") or shape[0]
    check = _check_state(form, number)
    if check is CheckState.INVALID and form.only_sound:
        return None
    candidate = WaybillCandidate(form.carrier, form.role, check)
    return _Match(_rank(form.strength, check), number, candidate)


def _check_state(form: CarrierForm, number: str) -> CheckState:
    if form.sound is None:
        return CheckState.NONE
    return CheckState.VALID if form.sound(number) else CheckState.INVALID


def _rank(strength: Strength, check: CheckState) -> _Rank:
    if check is CheckState.INVALID:
        return _Rank.WRONG_CHECK
    if strength is Strength.PREFIX:
        return _Rank.PREFIX_AND_CHECK if check is CheckState.VALID else _Rank.PREFIX
    return _Rank.DIGITS_AND_CHECK if strength is Strength.DIGITS else _Rank.LENGTH
