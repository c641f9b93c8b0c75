"""What the site enters about a scale whose protocol leaves something out of its frames."""

from dataclasses import dataclass

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
