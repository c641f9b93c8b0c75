"""What SMA SCP-0499 frames mean, and that the simulated scale sends just such frames."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnbench.drivers.scales.devices.sma import SmaDevice
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    ErrorLine,
    NoWeightLine,
    Outcome,
    WeightLine,
)
from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.drivers.scales.protocols.sma import SMA, make
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Pan, Range
from returnbench.inspect.weighing import NoWeightReason, StabilitySource, WeightKind, WeightUnit

G, KG, LB = WeightUnit.G, WeightUnit.KG, WeightUnit.LB
GROSS, NET = WeightKind.GROSS, WeightKind.NET
FIVE_THOUSANDTHS_LB, ONE_LB = 2_268, 453_593
"""Divisions in milligrams."""


class Scale:
    """A simulated device and the pan under it."""

    def __init__(self, unit=KG, division=5_000, capacity=15_000_000, streams=True):
        self.pan = Pan(capacity, division, seed=1, settle_seconds=1.0)
        self.device = SmaDevice(DeviceSetup(self.pan, unit, "B1", rate_hz=10, streams=streams))
        self.device.stability_timeout = 1.5
        self.now = 100.0

    def carries(self, milligrams):
        self.pan.put(milligrams, self.now)
        self.now += 2
        return self

    def moves(self, milligrams):
        self.device.frozen = Indication(milligrams, stable=False, range=Range.INSIDE)
        return self

    def answer(self, request):
        self.device.receive(request, self.now)
        return self.sent()

    def sent(self):
        return b"".join(self.device.due(self.now))


def weight(value, unit, *, stable=True, kind=GROSS):
    return WeightLine(Decimal(value), unit, stable, kind)


VECTORS = [
    (
        "0A 20 31 47 20 20 20 20 20 20 20 35 2E 30 32 35 6C 62 20 0D",
        weight("5.025", LB),
        lambda: Scale(LB, FIVE_THOUSANDTHS_LB).carries(2_279_302).answer(b"\nW\r"),
    ),
    (
        "0A 20 31 47 4D 20 20 20 20 20 20 37 2E 36 35 30 6B 67 20 0D",
        weight("7.650", KG, stable=False),
        lambda: Scale().moves(7_650_000).answer(b"\nR\r"),
    ),
    (
        "0A 5A 31 47 20 20 20 20 20 20 20 30 2E 30 30 30 6C 62 20 0D",
        weight("0.000", LB),
        lambda: Scale(LB, FIVE_THOUSANDTHS_LB).carries(2_000).answer(b"\nZ\r"),
    ),
    (
        "0A 4F 31 47 20 20 20 20 20 20 20 31 32 33 34 35 6C 62 20 0D",
        NoWeightReason.OVERLOAD,
        lambda: (
            Scale(LB, ONE_LB, capacity=10_000 * ONE_LB).carries(12_345 * ONE_LB).answer(b"\nW\r")
        ),
    ),
    ("0A 3F 0D", NoWeightReason.COMMAND_REFUSED, lambda: Scale().answer(b"\nY\r")),
    ("0A 21 0D", NoWeightReason.WRONG_PARITY, lambda: Scale().device.misread(b"\nW\r")),
]
FRAMES = [bytes.fromhex(text) for text, _, _ in VECTORS]
WEIGHTS = [raw for raw, (_, meaning, _) in zip(FRAMES, VECTORS, strict=True) if len(raw) == 20]
# What a weight looks like, written down a second time.
SHAPE = re.compile(rb"\n[Z ][1-9][GN][M ] *-?\d+(\.\d+)?(g  |kg |lb |oz )\r")


def is_weight(raw):
    return len(raw) == 20 and SHAPE.fullmatch(raw)


def pieces_of(stream, sizes):
    at, number = 0, 0
    while at < len(stream):
        size = sizes[number % len(sizes)]
        yield stream[at : at + size]
        at, number = at + size, number + 1


def frames_in(stream, sizes=(10_000,)):
    framer = SMA.framer()
    return [frame for piece in pieces_of(stream, sizes) for frame in framer.feed(piece)]


def weights_in(stream):
    decoded = [SMA.decode(frame) for frame in frames_in(stream)]
    return [line for line in decoded if isinstance(line, WeightLine)]


def frame(status=" ", *, kind="G", motion=" ", field="     5.025", unit="kg ", reserved=" "):
    return f"\n{status}1{kind}{motion}{reserved}{field}{unit}\r".encode()


@pytest.mark.parametrize(("text", "meaning", "_device"), VECTORS)
def test_every_vector_is_read(text, meaning, _device):
    raw = bytes.fromhex(text)
    assert frames_in(raw) == [raw]
    line = SMA.decode(raw)
    if isinstance(meaning, WeightLine):
        assert line == meaning
        assert str(line.value) == str(meaning.value)
        assert line.stability is StabilitySource.DEVICE
    else:
        assert isinstance(line, NoWeightLine | ErrorLine)
        assert line.reason is meaning


@pytest.mark.parametrize(("text", "_meaning", "device"), VECTORS)
def test_the_simulated_scale_sends_every_vector(text, _meaning, device):
    assert device() == bytes.fromhex(text)


def test_frames_come_out_whole_however_they_arrive():
    stream = b"".join(FRAMES)
    assert frames_in(stream) == FRAMES
    assert frames_in(stream, (1,)) == FRAMES
    assert frames_in(b"\xff\x00\x13 5.025kg " + stream, (7,))[1:] == FRAMES


def test_a_frame_that_broke_off_costs_only_itself():
    for raw in WEIGHTS:
        for cut in range(1, len(raw)):
            assert frames_in(raw[:cut] + raw) == [raw[:cut], raw]


@pytest.mark.parametrize("raw", FRAMES)
def test_a_frame_that_lost_its_head_or_tail_is_never_a_weight(raw):
    for cut in range(1, len(raw)):
        for part in (raw[cut:], raw[:cut]):
            assert not weights_in(part)
            assert not isinstance(SMA.decode(part), WeightLine | AnswerLine)


@pytest.mark.parametrize("raw", FRAMES)
def test_a_frame_that_lost_one_byte_is_never_a_weight(raw):
    for lost in range(len(raw)):
        rest = raw[:lost] + raw[lost + 1 :]
        assert not weights_in(rest)
        assert not isinstance(SMA.decode(rest), WeightLine)


@pytest.mark.parametrize("raw", FRAMES)
def test_a_changed_byte_leaves_a_frame_that_a_scale_could_have_sent_or_none(raw):
    for place in range(len(raw)):
        for byte in range(256):
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            line = SMA.decode(changed)
            if isinstance(line, WeightLine):
                # A digit, a sign, a status that became another one: there is no checksum.
                assert is_weight(changed)
                assert changed[16:] == raw[16:]
                assert line.value == Decimal(changed[6:16].decode().strip())
                assert line.value.as_tuple().exponent == -3


@pytest.mark.parametrize("odd", [0, 1])
@pytest.mark.parametrize("raw", FRAMES)
def test_seven_bits_with_parity_are_recognised(raw, odd):
    seen = bytes(byte | ((byte.bit_count() & 1) ^ odd) << 7 for byte in raw)
    assert frames_in(seen) == [seen]
    line = SMA.decode(seen)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.WRONG_PARITY
    assert ("7O1" if odd else "7E1") in line.detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("O", NoWeightReason.OVERLOAD),
        ("U", NoWeightReason.UNDER_ZERO),
        ("E", NoWeightReason.DEVICE_ERROR),
        ("I", NoWeightReason.DEVICE_ERROR),
        ("T", NoWeightReason.COMMAND_REFUSED),
    ],
)
@pytest.mark.parametrize("field", ["     5.025", "----------", "   ------ ", "    -5.025"])
def test_the_status_forbids_the_digits(status, reason, field):
    line = SMA.decode(frame(status, field=field))
    assert isinstance(line, NoWeightLine)
    assert line.reason is reason


def test_dashes_without_an_error_mean_that_it_never_came_to_rest():
    line = SMA.decode(b"\n 1G  ----------   \r")
    assert line.reason is NoWeightReason.NOT_READY


@pytest.mark.parametrize(
    "raw",
    [
        frame(field="5.025     "),
        frame(field="     5,025"),
        frame(field="    5. 025"),
        frame(field="    +5.025"),
        frame(field="   5.0E+03"),
        frame(field="   -     1"),
        frame(field="          "),
        frame(field="    FFFFFF"),
        frame(field="^^^^^^^^^^"),
        frame(unit="   "),
        frame(unit=" kg"),
        frame(unit="KG "),
        frame(unit="t  "),
        frame(unit=" g "),
        frame(kind="X"),
        frame(kind="g"),
        frame(kind="n"),
        frame(status="X"),
        frame(motion="?"),
        frame(reserved="1"),
        frame(status="Z"),
        frame() * 2,
        frame() + b"\n",
        b"\n\r",
        b"",
    ],
)
def test_what_is_not_exactly_a_weight_is_unreadable(raw):
    line = SMA.decode(raw)
    assert isinstance(line, NoWeightLine)
    assert line.reason is NoWeightReason.UNREADABLE


def test_net_and_sign_are_kept():
    assert SMA.decode(frame(kind="N", field="    -5.025")) == weight("-5.025", KG, kind=NET)
    assert SMA.decode(frame(status="Z", kind="N", field="    -5.025")).kind is NET


def test_what_the_site_entered_is_checked():
    told = make(ProtocolOptions(unit=KG, decimals=3))
    assert told.decode(frame()) == weight("5.025", KG)
    assert told.decode(frame(field="     50.25")).reason is NoWeightReason.UNREADABLE
    assert told.decode(frame(unit="lb ")).reason is NoWeightReason.UNIT_CHANGED


def test_a_display_without_decimals_is_entered_by_the_site():
    raw = frame(field="     12345")
    assert "decimals = 0" in SMA.decode(raw).detail
    assert make(ProtocolOptions(decimals=0)).decode(raw) == weight("12345", KG)


def test_a_tare_is_an_answer_and_no_weight_of_a_parcel():
    assert SMA.decode(frame(kind="T")) == AnswerLine("M", Outcome.DONE, "5.025 kg")


def test_information_lines():
    assert SMA.decode(b"\nSMA:2/1.0\r") == AnswerLine("SMA", Outcome.MORE, "2/1.0")
    capacity = SMA.decode(b"\nCAP:kg :6000:1:0\r")
    assert capacity == AnswerLine("CAP", Outcome.MORE, "kg :6000:1:0")
    assert SMA.decode(b"\n    \r") == AnswerLine("D", Outcome.DONE, "")
    assert SMA.decode(b"\nR C \r") == AnswerLine("D", Outcome.DONE, "R C")


def test_the_stream_runs_until_the_next_command():
    scale = Scale().carries(1_235_000)
    assert SMA.commands.stream == b"\nR\r"
    weights = [*weights_in(scale.answer(SMA.commands.stream))]
    for _ in range(3):
        assert scale.sent() == b""
        scale.now += 0.1
        weights += weights_in(scale.sent())
    assert weights == [weight("1.235", KG)] * 4
    assert len(weights_in(scale.answer(SMA.commands.quiet))) == 1
    scale.now += 1
    assert scale.sent() == b""


def test_a_scale_that_cannot_stream_refuses_and_is_asked():
    scale = Scale(streams=False).carries(1_235_000)
    assert SMA.decode(scale.answer(b"\nR\r")).reason is NoWeightReason.COMMAND_REFUSED
    assert weights_in(scale.answer(SMA.commands.poll)) == [weight("1.235", KG)]


def test_resync_is_answered_and_cancels_the_stream_and_the_wait():
    scale = Scale().carries(500_000)
    scale.answer(b"\nR\r")
    scale.now += 1
    (line,) = [SMA.decode(raw) for raw in frames_in(scale.answer(SMA.commands.resync.request))]
    assert line.command in SMA.commands.resync.answers
    # The level is no serial number: the session takes only a finished answer for one.
    assert line.outcome is Outcome.MORE
    scale.now += 1
    assert scale.sent() == b""
    scale.pan.put(0, scale.now)
    assert scale.answer(b"\nZ\r") == b""
    assert len(frames_in(scale.answer(b"\x1b\nA\r"))) == 1
    scale.now += 5
    assert scale.sent() == b""


def _after(scale, command, seconds=0.0):
    sent = scale.answer(command.request)
    scale.now += seconds
    (raw,) = frames_in(sent + scale.sent())
    return command.read(raw)


def test_zeroing_is_told_by_the_weight_that_answers_it():
    zero = SMA.commands.zero
    scale = Scale().carries(100_000)
    assert _after(scale, zero) == AnswerLine("Z", Outcome.DONE)
    assert weights_in(scale.answer(b"\nW\r")) == [weight("0.000", KG)]
    assert _after(scale.carries(5_000_000), zero).outcome is Outcome.NOT_POSSIBLE
    scale.pan.restless = True
    assert _after(scale, zero, 2.0).outcome is Outcome.NOT_POSSIBLE
    assert zero.timeout_seconds > scale.device.stability_timeout


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (frame("Z", field="     0.000"), Outcome.DONE),
        (frame("O"), Outcome.TOO_HIGH),
        (frame("U"), Outcome.TOO_LOW),
        (frame("E", field="----------"), Outcome.NOT_POSSIBLE),
        (frame("Z", motion="M", field="     0.000"), Outcome.NOT_NOW),
        (frame(" ", field="----------"), Outcome.NOT_NOW),
        (frame(" "), Outcome.NOT_POSSIBLE),
    ],
)
def test_the_answer_to_zero(raw, outcome):
    assert SMA.commands.zero.read(raw) == AnswerLine("Z", outcome)


def test_taring_is_done_when_the_weight_is_net():
    tare = SMA.commands.tare
    scale = Scale().carries(500_000)
    assert _after(scale, tare) == AnswerLine("T", Outcome.DONE)
    assert weights_in(scale.carries(0).answer(b"\nW\r")) == [weight("-0.500", KG, kind=NET)]
    assert SMA.decode(scale.answer(b"\nM\r")) == AnswerLine("M", Outcome.DONE, "0.500 kg")
    assert weights_in(scale.answer(b"\nC\r")) == [weight("0.000", KG)]
    assert _after(Scale().carries(-50_000), tare).outcome is Outcome.NOT_POSSIBLE
    for raw in (b"\n?\r", b"", b"\xff" * 20, frame()[:-1]):
        assert tare.read(raw) is None


def test_the_simulated_scale_waits_for_a_stable_weight_to_print():
    scale = Scale()
    scale.pan.put(1_000_000, scale.now)
    assert scale.answer(b"\nP\r") == b""
    scale.now += 1.1
    assert weights_in(scale.sent()) == [weight("1.000", KG)]
    scale.pan.restless = True
    scale.answer(b"\nP\r")
    scale.now += 2
    assert SMA.decode(scale.sent()).reason is NoWeightReason.NOT_READY


def test_the_simulated_scale_tells_about_itself():
    scale = Scale()
    about = [SMA.decode(scale.answer(letter)) for letter in (b"\nA\r", *[b"\nB\r"] * 4)]
    assert [line.command for line in about[:4]] == ["SMA", "MFG", "MOD", "REV"]
    assert about[4].reason is NoWeightReason.COMMAND_REFUSED
    told = [SMA.decode(scale.answer(letter)) for letter in (b"\nI\r", *[b"\nN\r"] * 4)]
    assert [line.command for line in told] == ["SMA", "TYP", "CAP", "CMD", "END"]
    assert told[2].text == "kg :15000:5:3"
    assert SMA.decode(scale.answer(b"\nD\r")) == AnswerLine("D", Outcome.DONE, "")


def test_ranges_and_faults_of_the_simulated_scale():
    def line_of(scale):
        return SMA.decode(scale.answer(b"\nW\r"))

    assert line_of(Scale().carries(20_000_000)).reason is NoWeightReason.OVERLOAD
    assert line_of(Scale().carries(-5_000_000)).reason is NoWeightReason.UNDER_ZERO
    faulty = Scale().carries(500_000)
    faulty.device.hardware_error = "15b"
    assert line_of(faulty).reason is NoWeightReason.DEVICE_ERROR
    with pytest.raises(ValueError, match="larger division"):
        Scale(G, 1, capacity=10_000_000_000)


@given(load=st.integers(-3_000, 3_000), stable=st.booleans(), tared=st.booleans())
def test_every_weight_comes_back_with_its_sign_stability_and_kind(load, stable, tared):
    scale = Scale()
    if tared:
        scale.carries(500_000).pan.set_tare(scale.now)
    scale.device.frozen = Indication(load * 5_000, stable=stable, range=Range.INSIDE)
    (line,) = [SMA.decode(raw) for raw in frames_in(scale.answer(b"\nW\r"))]
    value = (Decimal(load) * 5 / 1000).quantize(Decimal("0.001"))
    assert line == weight(value, KG, stable=stable, kind=NET if tared else GROSS)
    assert line.value.is_signed() == (load < 0)


@given(load=st.integers(-40, 3_000), after=st.floats(0.0, 3.0))
def test_a_load_that_settles_is_never_stable_at_another_value(load, after):
    scale = Scale()
    scale.pan.put(load * 5_000, scale.now)
    scale.now += after
    line = SMA.decode(scale.answer(b"\nW\r"))
    if isinstance(line, WeightLine) and line.stable:
        assert line.value == Decimal(load) * 5 / 1000


PARTS = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(FRAMES),
    st.sampled_from([b"\n", b"\r", FRAMES[0][:9], FRAMES[0][9:], b"kg \r", b"\n 1G  "]),
)


@given(
    parts=st.lists(PARTS, max_size=12),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_whatever_arrives_only_whole_frames_weigh(parts, sizes):
    stream = b"".join(parts)
    framer = SMA.framer()
    frames = []
    for piece in pieces_of(stream, sizes):
        frames += framer.feed(piece)
        assert len(framer._begun) <= 64
    assert frames == frames_in(stream)
    for raw in frames:
        assert raw in stream
        if isinstance(SMA.decode(raw), WeightLine):
            assert is_weight(raw)


@given(st.binary(max_size=80))
def test_any_bytes_are_decoded_without_an_exception(raw):
    assert not isinstance(SMA.decode(raw), WeightLine) or is_weight(raw)
