"""What Dini Argeo lines mean: whole, in pieces, damaged, and from the device."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.dini_argeo import NOT_LEVEL, DiniArgeoDevice
from returnbench.drivers.scales.protocol import AnswerLine, ErrorLine, Outcome, WeightLine
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.dini_argeo import DINI_ARGEO, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Pan
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

G, KG = WeightUnit.G, WeightUnit.KG
GROSS, NET = WeightKind.GROSS, WeightKind.NET
decode = DINI_ARGEO.decode

WEIGHTS = [
    ("53 54 2C 47 53 2C 20 20 20 31 2E 32 33 35 2C 6B 67 0D 0A", "1.235", True, GROSS),
    ("55 53 2C 4E 54 2C 20 20 2D 30 2E 32 35 30 2C 6B 67 0D 0A", "-0.250", False, NET),
]
NO_WEIGHTS = [
    ("4F 4C 2C 47 53 2C 20 20 20 20 20 20 20 20 2C 6B 67 0D 0A", NoWeightReason.OVERLOAD),
    ("54 4C 2C 47 53 2C 20 20 20 31 2E 32 33 35 2C 6B 67 0D 0A", NoWeightReason.DEVICE_ERROR),
]
ERROR_LINE = bytes.fromhex("45 52 52 30 34 0D 0A")
EXTENDED = b"1ST,     1.235,PT     0.500,         0,kg\r\n"
LINES = [
    *(bytes.fromhex(line[0]) for line in [*WEIGHTS, *NO_WEIGHTS]),
    EXTENDED,
    ERROR_LINE,
    b"OK\r\n",
]


def heard(*chunks, protocol=DINI_ARGEO):
    framer = protocol.framer()
    return [protocol.decode(raw) for chunk in chunks for raw in framer.feed(chunk)]


@pytest.mark.parametrize(("text", "value", "stable", "kind"), WEIGHTS)
def test_a_weight_keeps_decimals_sign_stability_and_kind(text, value, stable, kind):
    line = decode(bytes.fromhex(text))
    assert line == WeightLine(Decimal(value), KG, stable, kind, StabilitySource.DEVICE)
    assert str(line.value) == value


@pytest.mark.parametrize(("text", "reason"), NO_WEIGHTS)
def test_no_weight_has_its_own_reason(text, reason):
    assert decode(bytes.fromhex(text)).reason is reason


def test_the_status_comes_before_the_digits():
    assert decode(b"OL,GS,   1.235,kg\r\n").reason is NoWeightReason.OVERLOAD
    assert decode(b"UL,NT,   1.235,kg\r\n").reason is NoWeightReason.UNDER_ZERO
    assert decode(b"TL,GS,--------,kg\r\n").reason is NoWeightReason.DEVICE_ERROR
    assert decode(b"ST,GS,9999.999,kg\r\n").reason is NoWeightReason.OVERLOAD
    assert decode(b"ST,GS,    9.99,kg\r\n").value == Decimal("9.99")


@pytest.mark.parametrize("kind", [b"VL", b"RZ"])
def test_signals_of_the_converter_are_no_weight(kind):
    assert decode(b"ST," + kind + b",   12345,kg\r\n").reason is NoWeightReason.NOT_READY


def test_answers_and_errors():
    assert decode(ERROR_LINE) == ErrorLine(
        NoWeightReason.COMMAND_REFUSED, "ERR04: command not known to the scale"
    )
    assert decode(b"ERR03\r\n").reason is NoWeightReason.NOT_READY
    answer = decode(b"OK\r\n")
    assert isinstance(answer, AnswerLine)
    assert answer.outcome is Outcome.DONE
    assert DINI_ARGEO.commands.zero.answers == DINI_ARGEO.commands.tare.answers == {"OK"}
    assert not isinstance(decode(b"ERR05\r\n"), ErrorLine)


def test_the_extended_string_carries_the_net_weight():
    expected = WeightLine(Decimal("1.235"), KG, True, NET)
    assert decode(EXTENDED) == expected
    assert decode(b"1,ST,     1.235,       0.000,         0,         0,kg\r\n") == expected
    assert decode(b"1US,    -1.235,       0.000,         0,kg\r\n") == WeightLine(
        Decimal("-1.235"), KG, False, NET
    )
    assert not isinstance(decode(EXTENDED.replace(b"1ST", b"2ST")), WeightLine)


@pytest.mark.parametrize(
    ("text", "unit"),
    [(b"kg", KG), (b"Kg", KG), (b"KG", KG), (b" g", G), (b"g ", G), (b"lb", WeightUnit.LB)],
)
def test_units_have_two_characters(text, unit):
    assert decode(b"ST,GS,   1.235," + text + b"\r\n").unit is unit


def test_another_unit_says_what_to_do():
    assert "change it on the scale" in decode(b"ST,GS,   1.235, t\r\n").detail


@pytest.mark.parametrize(
    "raw",
    [
        b"ST,GS,   1.235,g\r\n",
        b"ST,GS,  1.235,kg\r\n",
        b"ST,GS,    1.235,kg\r\n",
        b"ST,GS,1.235   ,kg\r\n",
        b"ST,GS, - 1.235,kg\r\n",
        b"ST,GS,   1,235,kg\r\n",
        b"ST,GS,        ,kg\r\n",
        b"ST,GS,--------,kg\r\n",
        b"ST,GS,^^^^^^^^,kg\r\n",
        b"ST,GS,  1E+235,kg\r\n",
        b"ST,TR,   1.235,kg\r\n",
        b"ST,GS,   1.235,kg\n",
        b"ST,GS,   1.235,kg\r",
        b"ST,GS,+0012.34kg\r\n",
        b"ST,GS 1.000KG\r\n",
        b"ST,GS,1\xe4,0001.235 kg\r\n",
        b"T,GS,   1.235,kg\r\n",
        b"",
    ],
)
def test_what_is_not_exactly_a_weight_is_unreadable(raw):
    assert decode(raw).reason is NoWeightReason.UNREADABLE


def test_the_address_of_an_rs485_line():
    second = make(ProtocolOptions(address=2))
    line = b"02ST,GS,   1.235,kg\r\n"
    assert second.decode(line).value == Decimal("1.235")
    assert second.commands.poll == b"02READ\r\n"
    assert second.commands.zero.request == b"02ZERO\r\n"
    assert second.decode(b"02OK\r\n").command == "OK"
    assert "address 03" in second.decode(b"03" + line[2:]).detail
    assert "remove address" in second.decode(line[2:]).detail
    assert "address 02" in decode(line).detail


def test_other_decimals_than_entered_are_refused():
    two = make(ProtocolOptions(decimals=2))
    assert "3 decimals" in two.decode(LINES[0]).detail
    assert two.decode(b"ST,GS,    1.23,kg\r\n").value == Decimal("1.23")


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("raw", LINES)
def test_seven_bits_with_parity_are_recognised(raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    (line,) = heard(seen)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


def test_whole_glued_byte_by_byte_and_after_garbage():
    stream = b"".join(LINES)
    expected = [decode(line) for line in LINES]
    assert heard(stream) == expected
    assert heard(*(bytes([byte]) for byte in stream)) == expected
    assert heard(b"\xff\x00\r\n" + stream)[1:] == expected
    # Garbage without a line end costs the line behind it.
    assert heard(b"\xff,GS,  " + stream)[1:] == expected[1:]


@pytest.mark.parametrize("raw", LINES)
def test_a_line_that_lost_a_byte_its_head_or_its_tail_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        assert not isinstance(decode(raw[cut:]), WeightLine)
        assert not isinstance(decode(raw[:cut]), WeightLine)
    for lost in range(len(raw)):
        line = decode(raw[:lost] + raw[lost + 1 :])
        assert not isinstance(line, WeightLine) or raw == EXTENDED


def test_an_extended_string_that_lost_a_byte_keeps_its_weight():
    for lost in range(len(EXTENDED)):
        line = decode(EXTENDED[:lost] + EXTENDED[lost + 1 :])
        # A blank of the padding before the pieces may be lost: nothing depends on it.
        assert not isinstance(line, WeightLine) or line == decode(EXTENDED)


@given(st.sampled_from(LINES[:2]), st.integers(0, 18), st.integers(0, 255))
def test_a_changed_byte_shows_in_the_raw_bytes_alone(raw, place, byte):
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    line = decode(changed)
    if isinstance(line, WeightLine):
        # Nothing in the frame checks a digit: what was read is what arrived, no more.
        assert line.value == Decimal(changed[6:14].decode().strip())
        assert line.stable == changed.startswith(b"ST")


@given(
    st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=30)), max_size=10),
    st.lists(st.integers(1, 30), min_size=1, max_size=20),
)
def test_any_bytes_in_any_chunks(parts, sizes):
    stream = b"".join(parts)
    framer, raws, at, turn = DINI_ARGEO.framer(), [], 0, 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        raws += framer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert raws == DINI_ARGEO.framer().feed(stream)
    for raw in raws:
        assert len(raw) <= 128
        if isinstance(decode(raw), WeightLine):
            assert raw in stream
            assert raw in LINES


def build(settle_seconds=0.0, unit=KG, division_mg=1_000):
    pan = Pan(15_000_000, division_mg, 1, settle_seconds)
    return pan, DiniArgeoDevice(DeviceSetup(pan, unit, "S1", 10.0))


def ask(device, request, now):
    device.receive(request, now)
    return b"".join(device.due(now))


@given(st.integers(-15, 15_000), st.booleans())
def test_every_load_comes_back(steps, tared):
    pan, device = build()
    if tared:
        pan.put(2_000_000, 0.0)
        assert ask(device, DINI_ARGEO.commands.tare.request, 1.0) == b"OK\r\n"
    pan.put(steps * 1_000, 2.0)
    expected = Decimal(steps - (2_000 if tared else 0)).scaleb(-3)
    (line,) = heard(ask(device, DINI_ARGEO.commands.poll, 3.0))
    assert line == WeightLine(expected, KG, True, NET if tared else GROSS)
    assert line.value.is_signed() == (expected < 0)
    (extended,) = heard(ask(device, b"REXT\r\n", 4.0))
    assert extended == WeightLine(expected, KG, True, NET)


def test_the_device_sends_the_documented_lines():
    pan, device = build(settle_seconds=5.0)
    pan.put(1_235_000, 0.0)
    assert ask(device, b"READ\r\n", 10.0) == LINES[0]
    device.hardware_error = NOT_LEVEL
    assert ask(device, b"READ\r\n", 10.0) == LINES[3]
    device.hardware_error = "15b"
    assert ask(device, b"READ\r\n", 10.0) == b"ERR03\r\n"
    device.hardware_error = ""
    pan.put(16_000_000, 10.0)
    assert ask(device, b"R\r\n", 20.0) == LINES[2]
    pan.put(-30_000, 20.0)
    assert ask(device, b"R\r\n", 30.0) == b"UL,GS,        ,kg\r\n"
    assert ask(device, b"NONSENSE\r\n", 30.0) == ERROR_LINE
    assert ask(device, b"READF\r\n", 30.0) == b"ERR01\r\n"


def test_the_device_sends_the_documented_unstable_net_line():
    pan, device = build()
    pan.tare_mg = 250_000
    pan.restless = True
    raw = ask(device, b"READ\r\n", 1.0)
    (line,) = heard(raw)
    assert raw.startswith(b"US,NT,  -0.2")
    assert len(raw) == len(LINES[1])
    assert (line.stable, line.kind, line.value < 0) == (False, NET, True)


def test_zero_waits_for_a_stable_pan_and_gives_up():
    pan, device = build(settle_seconds=2.0)
    pan.put(50_000, 0.0)
    assert ask(device, b"ZERO\r\n", 0.5) == b"OK\r\n"
    assert b"US" in ask(device, b"READ\r\n", 1.0)
    assert device.due(3.0) == []
    assert heard(ask(device, b"READ\r\n", 3.5))[0].value == 0
    pan.restless = True
    ask(device, b"TARE\r\n", 4.0)
    assert device.due(10.0) == []
    pan.restless = False
    device.due(11.0)
    assert pan.tare_mg == 0


def test_grams_a_frozen_display_and_the_other_commands():
    pan, device = build(unit=G)
    pan.put(1_235_000, 0.0)
    assert ask(device, b"READ\r\n", 1.0) == b"ST,GS,    1235, g\r\n"
    device.frozen = pan.indication(1.0)
    pan.put(0, 1.0)
    assert heard(ask(device, b"READ\r\n", 2.0))[0].value == 1235
    pan.tare_mg = 5_000
    assert ask(device, b"CLEAR\r\nPCOK\r\nREAD\n", 2.0) == b"OK\r\nOK\r\n"
    assert pan.tare_mg == 0
    assert device.misread(b"\xff") == b""
