"""What MT-SICS lines mean, whole, in pieces, damaged, and with the wrong parity."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.framing import LineFramer
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
    frame_of,
)
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS, MT_SICS_ANY_WIDTH, decode
from returnbench.drivers.scales.registry import PROTOCOLS, UnknownProtocolError, protocol_named
from returnbench.inspect.weighing import NoWeight, NoWeightReason, Reading, WeightKind, WeightUnit

G, KG, OZ = WeightUnit.G, WeightUnit.KG, WeightUnit.OZ

WEIGHTS = [
    ("53 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A", "100.00", G, True),
    ("53 20 44 20 20 20 20 20 31 32 39 2E 30 37 20 67 0D 0A", "129.07", G, False),
    ("53 20 53 20 20 20 20 2D 31 30 30 2E 30 30 20 67 0D 0A", "-100.00", G, True),
    ("53 20 53 20 20 20 20 20 20 31 2E 32 33 35 20 6B 67 0D 0A", "1.235", KG, True),
    ("53 20 44 20 31 32 3A 30 37 2E 35 30 20 6C 62 3A 6F 7A 0D 0A", "199.50", OZ, False),
]
NO_WEIGHTS = [
    ("53 20 49 0D 0A", NoWeightReason.NOT_READY),
    ("53 20 2B 0D 0A", NoWeightReason.OVERLOAD),
    ("53 20 2D 0D 0A", NoWeightReason.UNDER_ZERO),
    ("53 20 53 20 45 72 72 6F 72 20 31 35 62 0D 0A", NoWeightReason.DEVICE_ERROR),
]
ANSWERS = [
    ("5A 20 41 0D 0A", AnswerLine("Z", Outcome.DONE)),
    ("5A 49 20 44 0D 0A", AnswerLine("ZI", Outcome.DONE_MOVING)),
    (
        "54 20 53 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A",
        AnswerLine("T", Outcome.DONE, "100.00 g"),
    ),
    (
        "54 41 20 41 20 20 20 20 20 31 30 30 2E 30 30 20 67 0D 0A",
        AnswerLine("TA", Outcome.DONE, "100.00 g"),
    ),
    ("54 41 43 20 41 0D 0A", AnswerLine("TAC", Outcome.DONE)),
    (
        "49 34 20 41 20 22 42 31 32 33 34 35 36 37 38 39 22 0D 0A",
        AnswerLine("I4", Outcome.DONE, '"B123456789"'),
    ),
]
ALL_LINES = [bytes.fromhex(line[0]) for line in [*WEIGHTS, *NO_WEIGHTS, *ANSWERS]] + [b"ES\r\n"]


@pytest.mark.parametrize(("text", "value", "unit", "stable"), WEIGHTS)
def test_a_weight_keeps_its_decimals_sign_unit_and_stability(text, value, unit, stable):
    line = decode(bytes.fromhex(text))
    assert line == WeightLine(Decimal(value), unit, stable)
    assert str(line.value) == value
    assert line.kind is WeightKind.UNKNOWN


@pytest.mark.parametrize(("text", "reason"), NO_WEIGHTS)
def test_no_weight_has_its_own_reason(text, reason):
    line = decode(bytes.fromhex(text))
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_answers_to_commands(text, answer):
    assert decode(bytes.fromhex(text)) == answer


def test_errors_of_the_whole_line():
    assert decode(b"ES\r\n").reason is NoWeightReason.COMMAND_REFUSED
    assert decode(b"EL\r\n").reason is NoWeightReason.COMMAND_REFUSED
    assert decode(b"ET\r\n").reason is NoWeightReason.WRONG_PARITY
    assert isinstance(decode(b"ES\r\n"), ErrorLine)


def test_a_hardware_error_names_part_and_cause():
    assert decode(b"S S Error 15b\r\n").detail == "error 15b: adjustment needed (weigh module)"
    assert "terminal" in decode(b"S S Error 10t\r\n").detail


def test_minus_zero_pounds_keep_the_sign():
    line = decode(b"S S -0:07.50 lb:oz\r\n")
    assert line == WeightLine(Decimal("-7.50"), OZ, True)


@pytest.mark.parametrize("echo", [b"SI", b"SIR", b"SR"])
def test_a_device_may_repeat_the_command_instead_of_s(echo):
    assert decode(echo + b" S     100.00 g\r\n") == WeightLine(Decimal("100.00"), G, True)


def test_an_unpadded_weight_is_accepted():
    assert decode(b"S S 100.00 g\r\n") == WeightLine(Decimal("100.00"), G, True)


@pytest.mark.parametrize(
    "raw",
    [
        b"S S    100.00 g\r\n",
        b"S S      100.00 g\r\n",
        b"S S     100.00 g\n",
        b"S S     100.00 g\r",
        b"S S     100.00 g",
        b"S S     100.00\r\n",
        b"S S     100.00 G\r\n",
        b"S S     100,00 g\r\n",
        b"S S     100.00 PCS\r\n",
        b"S X     100.00 g\r\n",
        b"s s     100.00 g\r\n",
        b"S S     +100.00 g\r\n",
        b"S S    1.00E+3 g\r\n",
        b"S S        NaN g\r\n",
        b"S S            g\r\n",
        b"S S     100.00 g\r\nS S     100.00 g\r\n",
        b"S S 1:16.00 lb:oz\r\n",
        b"S\r\n",
        b"\r\n",
        b"",
    ],
)
def test_what_is_not_exactly_a_weight_is_unreadable(raw):
    line = decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE


def test_another_width_is_a_protocol_of_its_own():
    raw = b"S S       100.00 g\r\n"
    assert "columns" in decode(raw).detail
    assert MT_SICS_ANY_WIDTH.decode(raw) == WeightLine(Decimal("100.00"), G, True)


def test_an_unknown_unit_says_what_to_do():
    assert "change it on the scale" in decode(b"S S     100.00 PCS\r\n").detail


@pytest.mark.parametrize("raw", ALL_LINES)
def test_a_line_that_lost_its_head_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        assert not isinstance(decode(raw[cut:]), WeightLine)


@pytest.mark.parametrize("raw", ALL_LINES)
def test_a_line_that_broke_off_is_never_accepted(raw):
    for cut in range(len(raw)):
        assert not isinstance(decode(raw[:cut]), WeightLine | AnswerLine)


def test_a_padded_weight_that_lost_one_byte_is_never_a_weight():
    raw = b"S S      1.235 kg\r\n"
    for lost in range(len(raw)):
        if raw[lost : lost + 1] == b"k":
            continue  # "g" is a unit, too; the procedure at the pan refuses a unit that changes
        assert not isinstance(decode(raw[:lost] + raw[lost + 1 :]), WeightLine)


@pytest.mark.parametrize(("odd", "setting"), [(0, "7E1"), (1, "7O1")])
@pytest.mark.parametrize("raw", [*ALL_LINES, b"ET\r\n"])
def test_seven_bits_with_parity_are_recognised(raw, odd, setting):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    line = decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert setting in line.detail


def _decoded(chunks, framer):
    return [(raw, decode(raw)) for chunk in chunks for raw in framer.feed(chunk)]


def test_each_byte_alone_gives_the_same():
    stream = b"".join(ALL_LINES)
    whole = _decoded([stream], MT_SICS.framer())
    assert [raw for raw, _ in whole] == ALL_LINES
    assert _decoded([bytes([byte]) for byte in stream], MT_SICS.framer()) == whole


@given(
    st.lists(st.one_of(st.sampled_from(ALL_LINES), st.binary(max_size=40)), max_size=12),
    st.lists(st.integers(1, 30), min_size=1, max_size=40),
)
def test_the_pieces_of_a_stream_do_not_matter(parts, sizes):
    stream = b"".join(parts)
    pieces, at = [], 0
    while at < len(stream):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(stream[at : at + size])
        at += size
    assert _decoded(pieces, MT_SICS.framer()) == _decoded([stream], MT_SICS.framer())


@given(st.binary(max_size=400))
def test_random_bytes_never_raise_and_never_weigh(raw):
    line = decode(raw)
    frame = frame_of(line, raw, 1, "s")
    assert frame is None or isinstance(frame, NoWeight) or raw.startswith(b"S")


@given(st.sampled_from(ALL_LINES), st.integers(0, 30), st.integers(0, 255))
def test_a_changed_byte_never_raises_and_never_hides(raw, place, byte):
    place %= len(raw)
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    frame = frame_of(decode(changed), changed, 1, "s")
    if isinstance(frame, Reading):
        assert frame.raw == changed
        number = changed.split()[2].decode()
        if ":" not in number:
            assert format(frame.value, "f") == number


@given(st.decimals("-99999", "99999", places=3), st.sampled_from(["g", "kg", "mg", "lb", "oz"]))
def test_every_weight_comes_back_as_it_was_sent(value, unit):
    raw = f"S S {format(value, 'f'):>10} {unit}\r\n".encode()
    line = decode(raw)
    assert isinstance(line, WeightLine)
    assert format(line.value, "f") == format(value, "f")
    assert line.value.is_signed() == value.is_signed()


def test_garbage_before_a_frame_costs_at_most_that_line():
    frames = MT_SICS.framer().feed(b"\xff\x00\x13S S     1" + ALL_LINES[0] + ALL_LINES[1])
    assert [isinstance(decode(raw), WeightLine) for raw in frames] == [False, True]


def test_a_line_without_end_is_bounded_and_its_rest_is_dropped():
    framer = LineFramer(b"\n", 16)
    pieces = framer.feed(b"x" * 40 + ALL_LINES[0][:8])
    assert pieces == [b"x" * 16, b"x" * 16, b"x" * 8 + ALL_LINES[0][:8]]
    assert framer.feed(b"00.00 g\r\n" + ALL_LINES[8]) == [ALL_LINES[8]]


def test_unknown_protocols_list_the_known_ones():
    with pytest.raises(UnknownProtocolError) as raised:
        protocol_named("mt_sics")
    assert "Did you mean 'mt-sics'?" in str(raised.value)
    assert all(name in str(raised.value) for name in PROTOCOLS)
