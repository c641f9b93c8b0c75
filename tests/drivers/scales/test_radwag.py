"""Lines of Radwag scales, and the scale that answers in two steps."""

from decimal import Decimal

import pytest

from returnbench.drivers.scales.devices.radwag import RadwagDevice
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.radwag import RADWAG, decode, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, WeightUnit

G, KG = WeightUnit.G, WeightUnit.KG
MANUAL_EXAMPLE = b"SI ?       18.5 kg \r\n"


@pytest.mark.parametrize(
    ("raw", "value", "unit", "stable"),
    [
        (b"SI  ?       18.5 kg \r\n", "18.5", KG, False),
        (b"S           18.5 kg \r\n", "18.5", KG, True),
        (b"SI    -      0.5 g  \r\n", "-0.5", G, True),
        (b"SI          -0.5 g  \r\n", "-0.5", G, True),
        (b"SUI ?       18.5 lb \r\n", "18.5", WeightUnit.LB, False),
        (b"SI        18.[5] kg \r\n", "18.5", KG, True),
        (b"SI        1.2[5] kg \r\n", "1.25", KG, True),
    ],
)
def test_a_weight_keeps_sign_decimals_and_stability(raw, value, unit, stable):
    (frame,) = RADWAG.framer().feed(raw)
    line = decode(frame)
    assert line == WeightLine(Decimal(value), unit, stable)
    assert str(line.value) == value


@pytest.mark.parametrize(
    "raw",
    [
        MANUAL_EXAMPLE,
        b"SI  ?        18.5 kg \r\n",
        b"SI  ?       -18.5 kg \r\n",
        b"SI  ?         18.5 kg \r\n",
    ],
)
def test_lines_of_another_length_need_it_entered(raw):
    line = decode(raw)
    assert line.reason is NoWeightReason.UNREADABLE
    assert f"set frame_bytes = {len(raw)} in config.toml" in line.detail
    found = make(ProtocolOptions(frame_bytes=len(raw))).decode(raw)
    assert (abs(found.value), found.unit, found.stable) == (Decimal("18.5"), KG, False)
    assert (found.value < 0) == (b"-" in raw)


def test_an_impossible_length_is_refused():
    with pytest.raises(ValueError, match="one of 21, 22, 23, 24"):
        make(ProtocolOptions(frame_bytes=20))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"SI  ^      999.5 kg \r\n", NoWeightReason.OVERLOAD),
        (b"SI  v -    999.5 kg \r\n", NoWeightReason.UNDER_ZERO),
        (b"SI  ^            kg \r\n", NoWeightReason.OVERLOAD),
        (b"SI ^\r\n", NoWeightReason.OVERLOAD),
        (b"S v\r\n", NoWeightReason.UNDER_ZERO),
        (b"SI I\r\n", NoWeightReason.NOT_READY),
        (b"S E\r\n", NoWeightReason.NOT_READY),
        (b"SI               kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI     999999999 kg \r\n", NoWeightReason.OVERLOAD),
        (b"SI  ?       18.5  kg\r\n", NoWeightReason.UNREADABLE),
        (b"SI  ?       18.5 pcs\r\n", NoWeightReason.UNREADABLE),
        (b"SI  ?      18.5  kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI  !       18.5 kg \r\n", NoWeightReason.UNREADABLE),
        (b" SI ?       18.5 kg \r\n", NoWeightReason.UNREADABLE),
        (b"I   ?       18.5 kg \r\n", NoWeightReason.UNREADABLE),
        (b"OT          18.5 kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI         [18.5]kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI         18[.5 kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI          18.  kg \r\n", NoWeightReason.UNREADABLE),
        (b"SI          18,5 kg \r\n", NoWeightReason.UNREADABLE),
    ],
)
def test_what_is_no_weight(raw, reason):
    line = decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (b"Z A\r\n", AnswerLine("Z A", Outcome.MORE)),
        (b"Z D\r\n", AnswerLine("Z", Outcome.DONE)),
        (b"T ^\r\n", AnswerLine("T", Outcome.TOO_HIGH)),
        (b"T v\r\n", AnswerLine("T", Outcome.TOO_LOW)),
        (b"Z E\r\n", AnswerLine("Z", Outcome.NOT_NOW)),
        (b"Z I\r\n", AnswerLine("Z", Outcome.NOT_NOW)),
        (b"UT OK\r\n", AnswerLine("UT", Outcome.DONE)),
        (b"C1 A\r\n", AnswerLine("C1", Outcome.DONE)),
        (b'NB A "1234"\r\n', AnswerLine("NB", Outcome.DONE, '"1234"')),
    ],
)
def test_the_promise_of_an_answer_is_not_the_answer(raw, answer):
    assert decode(raw) == answer


def test_an_unknown_command():
    line = decode(b"ES\r\n")
    assert isinstance(line, ErrorLine)
    assert line.reason is NoWeightReason.COMMAND_REFUSED


def scale(load, frame_bytes=22):
    pan = Pan(30_000_000, 100_000, seed=1, settle_seconds=0.4)
    pan.put(load, 0.0)
    return RadwagDevice(DeviceSetup(pan, KG, "1234", 10.0), frame_bytes), pan


def asked(device, request, now=1.0):
    device.receive(request + b"\r\n", now)
    return b"".join(device.due(now))


def test_the_scale_sends_the_lines_of_both_layouts():
    device, pan = scale(18_500_000, 21)
    pan.restless = True
    sent = asked(device, b"SI")
    assert (len(sent), sent[:5], sent[15:]) == (21, MANUAL_EXAMPLE[:5], MANUAL_EXAMPLE[15:])
    device, _ = scale(18_500_000)
    assert asked(device, b"SI") == b"SI          18.5 kg \r\n"
    assert asked(device, b"SUI") == b"SUI         18.5 kg \r\n"


def test_a_stable_weight_is_promised_then_sent_or_given_up():
    device, pan = scale(18_500_000)
    pan.restless = True
    assert asked(device, b"S") == b"S A\r\n"
    assert device.due(5.0) == []
    assert device.due(6.5) == [b"S E\r\n"]
    assert asked(device, b"SU", 7.0) == b"SU A\r\n"
    pan.restless = False
    assert device.due(8.0) == [b"SU          18.5 kg \r\n"]


def test_zero_and_tare_in_two_steps():
    device, pan = scale(100_000)
    assert asked(device, RADWAG.commands.zero.request[:-2]) == b"Z A\r\nZ D\r\n"
    pan.put(-5_000_000, 1.0)
    assert asked(device, b"Z", 2.0) == b"Z A\r\nZ v\r\n"
    assert asked(device, b"T", 2.0) == b"T A\r\nT v\r\n"
    pan.put(5_100_000, 2.0)
    assert asked(device, b"T", 3.0) == b"T A\r\nT D\r\n"
    assert asked(device, b"SI", 3.0) == b"SI           0.0 kg \r\n"
    answers = [decode(raw) for raw in RADWAG.framer().feed(b"T A\r\nT D\r\n")]
    assert [line.command in RADWAG.commands.tare.answers for line in answers] == [False, True]


def test_a_stream_and_who_it_is():
    device, _ = scale(18_500_000)
    device.receive(RADWAG.commands.stream, 1.0)
    assert device.due(1.0) == [b"C1 A\r\n", b"SI          18.5 kg \r\n"]
    assert device.due(1.1) == [b"SI          18.5 kg \r\n"]
    device.receive(RADWAG.commands.quiet, 1.15)
    assert device.due(1.15) == [b"C0 A\r\n"]
    assert device.due(2.0) == []
    assert asked(device, RADWAG.commands.identify.request[:-2], 2.0) == b'NB A "1234"\r\n'
    assert asked(device, b"XX", 2.0) == b"ES\r\n"
