"""Units that a frame carries."""

from returnbench.drivers.scales.decoding import unreadable
from returnbench.drivers.scales.protocol import NoWeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

_UNITS = {unit.value: unit for unit in WeightUnit}


def sent_unit(
    text: str, options: ProtocolOptions, *, lone_g: bool = False
) -> WeightUnit | NoWeightLine:
    """The unit ``text``, or why it cannot be trusted.

    Where the site has entered a unit, another one is refused. Without that, ``g`` is refused, too:
    it may be ``kg`` that lost its k. ``lone_g``: that cannot happen unnoticed in this protocol.
    """
    unit = _UNITS.get(text)
    if unit is None:
        known = ", ".join(_UNITS)
        return unreadable(f"unit {text!r} is not one of {known}: change it on the scale")
    if options.unit not in (None, unit):
        return NoWeightLine(
            NoWeightReason.UNIT_CHANGED,
            f"the scale sends {unit}, config.toml says {options.unit}: change one of them",
        )
    if unit is WeightUnit.G and options.unit is None and not lone_g:
        return unreadable(
            'g may be kg that lost its k: if the scale weighs in grams, set unit = "g" in '
            "config.toml"
        )
    return unit
