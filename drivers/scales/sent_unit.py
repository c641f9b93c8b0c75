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

    Where the site has entered a unit, another one is refused. Without that, ``mg`` and ``g`` are
    refused, too: they may be ``kg`` with a damaged or lost letter. ``lone_g``: in this protocol a
    lost letter does not go unnoticed, so that ``g`` counts.
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
    doubtful = unit is WeightUnit.MG or (unit is WeightUnit.G and not lone_g)
    if doubtful and options.unit is None:
        return unreadable(
            f'{unit} may be a damaged kg: if the scale weighs in {unit}, set unit = "{unit}" in '
            "config.toml"
        )
    return unit
