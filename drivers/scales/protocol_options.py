"""What the site enters about a scale whose protocol leaves something out of its frames."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from returnbench.inspect.weighing import WeightUnit


@dataclass(frozen=True, slots=True)
class ProtocolOptions:
    """Constants of one scale that its frames do not carry. ``None``: nobody entered it.

    ``unit`` is the unit that the scale is set to, ``decimals`` the number of digits after the point
    of its display. ``net_bit``: the scale marks a net weight in its status. ``digits_reversed``:
    the scale sends the lowest digit first. ``address`` is the number of the scale on a line that
    several share. ``report_id`` is the number of the USB report that carries the weight.
    ``frame_bytes`` is the length of one weight with its line end, ``weight_columns`` the width of
    the number with its leading blanks, where models of one protocol differ in that.
    ``inverted_status``: the scale sends "moving" and "at zero" as 0 instead of 1.
    """

    unit: WeightUnit | None = None
    decimals: int | None = None
    net_bit: bool = False
    digits_reversed: bool | None = None
    address: int | None = None
    report_id: int | None = None
    frame_bytes: int | None = None
    weight_columns: int | None = None
    inverted_status: bool = False


NO_OPTIONS = ProtocolOptions()
"""Nobody entered anything."""

_SWITCHES = frozenset({"net_bit", "digits_reversed", "inverted_status"})
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
_HIGHEST = 1000


def plain_options(options: ProtocolOptions) -> dict[str, Any]:
    """What was entered, as values of JSON; without that which nobody entered."""
    pairs = {field.name: getattr(options, field.name) for field in fields(options)}
    return {
        name: value.value if isinstance(value, WeightUnit) else value
        for name, value in pairs.items()
        if value != getattr(NO_OPTIONS, name)
    }


def options_of(values: Mapping[str, Any]) -> ProtocolOptions:
    """The options that :func:`plain_options` made into these values.

    Raises:
        ValueError: a name is not known, or a value is impossible; the text says what is accepted.

    """
    known = [field.name for field in fields(ProtocolOptions)]
    entered: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"option {name!r} is not known. Known: {', '.join(known)}")
        entered[name] = WeightUnit(value) if name == "unit" else _checked(name, value)
    return ProtocolOptions(**entered)


def option_of_text(text: str) -> tuple[str, Any]:
    """Name and value of an option that is written as ``name=value``.

    Raises:
        ValueError: it is no option; the text says what is accepted.

    """
    name, _, written = text.partition("=")
    value: Any = written
    if name in _SWITCHES:
        value = _TRUTHS.get(written, written)
    elif name != "unit" and written.isascii() and written.isdecimal() and len(written) <= 4:
        value = int(written)
    options_of({name: value})
    return name, value


def _checked(name: str, value: Any) -> Any:
    if name in _SWITCHES:
        if type(value) is not bool:
            raise ValueError(f"{name} = {value!r}: true or false is expected")
    elif type(value) is not int or not 0 <= value <= _HIGHEST:
        raise ValueError(f"{name} = {value!r}: a whole number from 0 to {_HIGHEST} is expected")
    return value
