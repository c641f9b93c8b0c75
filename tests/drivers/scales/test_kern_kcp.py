"""KERN KCP: the MT-SICS shape with KERN's answers and pause between requests."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.kern_kcp import KcpDevice
from returnbench.drivers.scales.protocol import AnswerLine, NoWeightLine, Outcome, WeightLine
from returnbench.drivers.scales.protocols.kern_kcp import KERN_KCP
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, WeightKind, WeightUnit

LINES = [
    b"S S     100.00 g\r\n",
    b"S D     129.07 g\r\n",
    b"S S    -100.00 g\r\n",
    b"S S      1.235 kg\r\n",
]
VALUES = [
    WeightLine(Decimal("100.00"), WeightUnit.G, True),
    WeightLine(Decimal("129.07"), WeightUnit.G, False),
    WeightLine(Decimal("-100.00"), WeightUnit.G, True),
    WeightLine(Decimal("1.235"), WeightUnit.KG, True),
]


def scale(division_mg=5_000, unit=WeightUnit.KG):
    pan = Pan(15_000_000, division_mg, 1, 0.5)
    return pan, KcpDevice(DeviceSetup(pan, unit, "K123456", 15))


def ask(device, line, now):
    device.receive(line + b"\r\n", now)
    return b"".join(device.due(now))


def test_weights_are_those_of_mt_sics():
    framer = KERN_KCP.framer()
    pieces = [raw for byte in b"\xff\r\n" + b"".join(LINES) for raw in framer.feed(bytes([byte]))]
    decoded = [KERN_KCP.decode(raw) for raw in pieces]
    assert isinstance(decoded[0], NoWeightLine)
    assert decoded[1:] == VALUES
    assert {line.kind for line in decoded[1:]} == {WeightKind.UNKNOWN}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"S I\r\n", NoWeightReason.NOT_READY),
        (b"S +\r\n", NoWeightReason.OVERLOAD),
        (b"S -\r\n", NoWeightReason.UNDER_ZERO),
        (b"S S     10.00 g\r\n", NoWeightReason.UNREADABLE),
        (b"S S   99:99 g\r\n", NoWeightReason.UNREADABLE),
    ],
)
def test_no_weight_has_its_own_reason(raw, reason):
    line = KERN_KCP.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_kern_wants_more_than_a_tenth_of_a_second_between_requests():
    assert KERN_KCP.commands.poll_seconds > 0.1


def test_both_answers_to_tare_are_understood():
    assert KERN_KCP.decode(b"T A\r\n") == AnswerLine("T", Outcome.DONE)
    assert KERN_KCP.decode(b"T S     100.00 g\r\n").outcome is Outcome.DONE


@pytest.mark.parametrize("raw", LINES)
def test_a_line_that_lost_its_head_or_tail_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        assert isinstance(KERN_KCP.decode(raw[cut:]), NoWeightLine)
        assert not isinstance(KERN_KCP.decode(raw[:cut]), WeightLine)


def test_the_device_answers_with_every_command_of_the_protocol():
    pan, device = scale()
    commands = KERN_KCP.commands
    pan.put(1_235_000, 0)
    assert ask(device, commands.poll.rstrip(), 1) == LINES[3]
    for command in (commands.resync, commands.identify, commands.tare):
        device.receive(command.request, 2)
        (raw,) = device.due(2)
        answer = KERN_KCP.decode(raw)
        assert isinstance(answer, AnswerLine)
        assert answer.command in command.answers
        assert answer.outcome is Outcome.DONE
    assert KERN_KCP.decode(ask(device, b"SI", 3)).value == 0
    assert ask(device, b"TI", 3).startswith(b"TI S")
    pan.put(20_000_000, 3)
    assert ask(device, b"T", 4) == b"T +\r\n"
    assert ask(device, b"SI", 4) == b"S +\r\n"
    pan.put(0, 4)
    assert ask(device, b"Z", 5) == b"Z A\r\n"
    assert b"RB-KCP" in ask(device, b"I2", 5)


def test_the_device_streams_until_the_request_that_ends_it():
    _, device = scale()
    device.receive(KERN_KCP.commands.stream, 0)
    assert [len(device.due(at / 10)) for at in range(4)] == [1, 1, 1, 1]
    device.receive(KERN_KCP.commands.quiet, 1)
    assert len(device.due(1)) == 1
    assert device.due(2) == []


@given(st.integers(-15, 3000), st.booleans())
def test_every_load_comes_back_as_it_was_shown(steps, moving):
    pan, device = scale()
    pan.put(steps * 5_000, 0)
    pan.restless = moving
    device.frozen = shown = pan.indication(1)
    line = KERN_KCP.decode(ask(device, b"SI", 1))
    value = Decimal(shown.milligrams) / 1_000_000
    assert line == WeightLine(value, WeightUnit.KG, not moving)


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(data):
    for raw in KERN_KCP.framer().feed(data + b"\n"):
        line = KERN_KCP.decode(raw)
        assert not isinstance(line, WeightLine) or (raw[:1], raw[-2:]) == (b"S", b"\r\n")
