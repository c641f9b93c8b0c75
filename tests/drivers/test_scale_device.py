"""The scale driver against a scale on a real pseudo-terminal."""

import gc
import os
import pty
import socket
import threading
import time
import tty
import warnings
from concurrent.futures import Future
from decimal import Decimal
from itertools import pairwise

import pytest
import serial

from returnbench.drivers.health import DeviceState
from returnbench.drivers.scales.protocols.mt_sics import MT_SICS
from returnbench.drivers.scales.record import header_of, parse_record, readings_jsonl
from returnbench.drivers.scales.scale import CommandDone, CommandRefused, Scale
from returnbench.drivers.scales.session import CommandRequest
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.simulator import ScaleSimulator
from returnbench.inspect.weighing import NoWeight, NoWeightReason, Reading
from returnbench.inspect.weighing_procedure import Pan, WeighingRules, next_parcel, observe, taken

DEADLINE_SECONDS = 15


def eventually(condition):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
    return found


class Station:
    """A driver whose frames are kept."""

    def __init__(self, port, **changes):
        values = {
            "division_mg": 5_000,
            "capacity_mg": 15_000_000,
            "silent_seconds": 0.5,
            "never_stable_seconds": 0.6,
            "reopen_first_seconds": 0.05,
            "reopen_last_seconds": 0.2,
            **changes,
        }
        self.frames = []
        self.settings = ScaleSettings("bench-scale", port, **values)
        self.scale = Scale(self.settings, self.frames.append)

    @property
    def last(self):
        return self.frames[-1] if self.frames else None

    def shows(self, value, *, stable=True):
        last = self.last
        return isinstance(last, Reading) and (last.value, last.stable) == (Decimal(value), stable)

    def tells(self, code):
        return self.scale.health.code == code

    def said(self, reason, since=0):
        return [f for f in self.frames[since:] if isinstance(f, NoWeight) and f.reason is reason]


@pytest.fixture
def simulator():
    scale = ScaleSimulator(settle_seconds=0.1, rate_hz=40, stability_timeout=0.5)
    scale.start()
    yield scale
    scale.stop()


@pytest.fixture
def station(simulator):
    found = Station(simulator.start())
    found.scale.start()
    yield found
    found.scale.stop()


def test_a_load_is_read_with_the_scales_own_decimals_and_serial_number(simulator, station):
    eventually(lambda: station.shows("0.000"))
    simulator.put(1_234_000)
    eventually(lambda: station.shows("1.235"))
    assert station.last.raw == b"S S      1.235 kg\r\n"
    assert station.last.device == station.scale.identity == "B123456789"
    assert station.scale.health.state is DeviceState.READY
    assert any(isinstance(f, Reading) and not f.stable for f in station.frames)


def test_overload_and_underload_are_not_weights(simulator, station):
    eventually(lambda: station.shows("0.000"))
    simulator.put(20_000_000)
    eventually(lambda: station.said(NoWeightReason.OVERLOAD))
    simulator.put(-1_000_000)
    eventually(lambda: station.said(NoWeightReason.UNDER_ZERO))
    simulator.put(-50_000)
    eventually(lambda: station.shows("-0.050"))


def test_zero_and_tare(simulator, station):
    eventually(lambda: station.shows("0.000"))
    simulator.put(100_000)
    eventually(lambda: station.shows("0.100"))
    assert station.scale.zero() == CommandDone()
    eventually(lambda: station.shows("0.000"))
    simulator.put(600_000)
    eventually(lambda: station.shows("0.500"))
    assert station.scale.tare() == CommandDone("0.500 kg")
    eventually(lambda: station.shows("0.000"))
    simulator.clear()
    eventually(lambda: station.shows("-0.600"))


def test_commands_that_the_scale_refuses(simulator, station):
    eventually(lambda: station.shows("0.000"))
    simulator.put(5_000_000)
    eventually(lambda: station.shows("5.000"))
    refused = station.scale.zero()
    assert isinstance(refused, CommandRefused)
    assert refused.reason is NoWeightReason.COMMAND_REFUSED
    simulator.fault("never-stable")
    assert station.scale.tare().reason is NoWeightReason.NOT_READY
    simulator.fault("none")
    eventually(lambda: station.shows("5.000"))


def test_a_frozen_scale_is_found_out_when_it_is_zeroed(simulator, station):
    simulator.put(100_000)
    eventually(lambda: station.shows("0.100"))
    simulator.fault("frozen")
    simulator.clear()
    assert station.scale.zero().reason is NoWeightReason.FROZEN


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        ("half-frames", "garbage", NoWeightReason.UNREADABLE),
        ("headless", "garbage", NoWeightReason.UNREADABLE),
        ("garbage", "garbage", NoWeightReason.UNREADABLE),
        ("parity-even", "wrong-parity", NoWeightReason.WRONG_PARITY),
        ("parity-odd", "wrong-parity", NoWeightReason.WRONG_PARITY),
        ("silent", "silent", NoWeightReason.SILENT),
        ("late", "silent", NoWeightReason.SILENT),
        ("hardware-error", "device-error", NoWeightReason.DEVICE_ERROR),
    ],
)
def test_every_fault_has_its_own_reason_and_ends(simulator, station, fault, code, reason):
    simulator.put(1_235_000)
    eventually(lambda: station.shows("1.235"))
    simulator.fault(fault)
    eventually(lambda: station.tells(code))
    eventually(lambda: station.said(reason))
    assert station.scale.health.state is not DeviceState.READY
    simulator.fault("none")
    eventually(lambda: station.tells("ok") and station.shows("1.235"))
    values = {f.value for f in station.frames if isinstance(f, Reading) and f.stable}
    assert values <= {Decimal("0.000"), Decimal("1.235")}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("garbage", "garbage"),
        ("parity-odd", "wrong-parity"),
        ("silent", "silent"),
    ],
)
def test_a_scale_that_is_faulty_from_the_start(simulator, fault, code):
    simulator.fault(fault)
    station = Station(simulator.start())
    station.scale.start()
    try:
        eventually(lambda: station.tells(code))
        assert not any(isinstance(frame, Reading) for frame in station.frames)
        simulator.fault("none")
        eventually(lambda: station.shows("0.000"))
    finally:
        station.scale.stop()


def test_a_pan_that_never_rests(simulator, station):
    eventually(lambda: station.tells("ok"))
    simulator.fault("never-stable")
    eventually(lambda: station.tells("never-stable"))
    assert not station.last.stable
    simulator.fault("none")
    eventually(lambda: station.tells("ok"))


def test_unplugged_while_streaming_and_back(simulator, station):
    eventually(lambda: station.shows("0.000"))
    for load in (1_000_000, 2_000_000, 3_000_000):
        before = len(station.frames)
        simulator.unplug()
        eventually(lambda: station.tells("port-missing"))
        eventually(lambda before=before: station.said(NoWeightReason.CONNECTION_LOST, before))
        eventually(lambda before=before: station.said(NoWeightReason.PORT_MISSING, before))
        at = len(station.frames)
        simulator.put(load)
        refused = station.scale.zero()
        assert refused.reason is NoWeightReason.CONNECTION_LOST
        assert not any(isinstance(f, Reading) for f in station.frames[at:])
        simulator.replug()
        eventually(lambda load=load: station.shows(Decimal(load) / 1_000_000))


def test_no_weight_is_repeated_slowly_while_the_port_is_missing(tmp_path):
    station = Station(str(tmp_path / "nowhere"))
    station.scale.start()
    try:
        eventually(lambda: len(station.said(NoWeightReason.PORT_MISSING)) >= 2)
    finally:
        station.scale.stop()
    first, second, *_ = station.said(NoWeightReason.PORT_MISSING)
    assert second.received_ns - first.received_ns >= 900_000_000


def test_a_port_that_another_program_has_open(simulator):
    port = simulator.start()
    with serial.Serial(port, exclusive=True):
        station = Station(port)
        station.scale.start()
        eventually(lambda: station.tells("port-busy"))
        eventually(lambda: station.said(NoWeightReason.PORT_BUSY))
    try:
        eventually(lambda: station.shows("0.000"))
    finally:
        station.scale.stop()


@pytest.mark.parametrize("name", ["nonsense://x", "socket://127.0.0.1:1"])
def test_a_port_that_cannot_be_opened(name):
    station = Station(name)
    station.scale.start()
    try:
        eventually(lambda: station.tells("port-missing"))
        assert station.scale.health.detail
    finally:
        station.scale.stop()


def test_a_file_that_is_no_port(tmp_path):
    (tmp_path / "file").write_bytes(b"S S      1.235 kg\r\n")
    station = Station(str(tmp_path / "file"))
    station.scale.start()
    try:
        eventually(lambda: station.tells("port-missing"))
        assert not any(isinstance(frame, Reading) for frame in station.frames)
    finally:
        station.scale.stop()


def test_a_scale_that_does_not_stream_is_asked_for_each_weight():
    simulator = ScaleSimulator(settle_seconds=0.1, streams=False)
    station = Station(simulator.start())
    station.scale.start()
    try:
        eventually(lambda: station.shows("0.000"))
        simulator.put(500_000)
        eventually(lambda: station.shows("0.500"))
        assert station.scale.tare() == CommandDone("0.500 kg")
        eventually(lambda: station.shows("0.000"))
        polls = [frame for frame in station.frames if isinstance(frame, Reading)]
        gaps = [b.received_ns - a.received_ns for a, b in pairwise(polls)]
        assert min(gaps) >= 100_000_000
    finally:
        station.scale.stop()
        simulator.stop()


def test_polling_by_configuration(simulator):
    station = Station(simulator.start(), polling=True)
    station.scale.start()
    try:
        eventually(lambda: len(station.frames) >= 3)
        assert station.shows("0.000")
    finally:
        station.scale.stop()


class ScriptedScale:
    """A device that answers each line with a fixed text."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.port = os.ttyname(self.slave)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        begun = b""
        while True:
            begun += os.read(self.master, 100)
            *lines, begun = begun.split(b"\r\n")
            for line in lines:
                if line == b"end":
                    return
                self.asked.append(line)
                os.write(self.master, self.answers.get(line, b"ES\r\n"))

    def close(self):
        os.write(self.slave, b"end\r\n")
        self._thread.join()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def scripted():
    opened = []

    def make(answers):
        device = ScriptedScale(answers)
        station = Station(device.port)
        opened.append((device, station))
        station.scale.start()
        return device, station

    yield make
    for device, station in opened:
        station.scale.stop()
        os.write(device.master, b"end\r\n")
        device.close()


def test_a_scale_that_takes_sir_for_si(scripted):
    weight = b"S S     100.00 g\r\n"
    _, station = scripted({b"@": b'I4 A "X7"\r\n', b"SIR": weight, b"SI": weight})
    eventually(lambda: len(station.frames) >= 5)
    assert station.shows("100.00")
    assert station.scale.identity == "X7"


def test_a_scale_that_tells_no_serial_number_goes_by_its_configured_name(scripted):
    _, station = scripted({b"SI": b"S S     100.00 g\r\n"})
    eventually(lambda: station.shows("100.00"))
    assert station.last.device == station.scale.identity == "bench-scale"


def test_a_scale_that_knows_no_weight_command(scripted):
    _, station = scripted({b"@": b'I4 A "X7"\r\n'})
    eventually(lambda: station.tells("command-refused"))
    assert station.said(NoWeightReason.COMMAND_REFUSED)


def test_a_command_that_nobody_waits_for_any_more_is_not_carried_out(scripted):
    device, station = scripted({b"@": b'I4 A "X7"\r\n', b"SI": b"S S     100.00 g\r\n"})
    eventually(lambda: station.shows("100.00"))
    request = CommandRequest(MT_SICS.commands.zero, Future())
    request.result.cancel()
    station.scale._requests.put(request)
    eventually(station.scale._requests.empty)
    asked = len(device.asked)
    eventually(lambda: len(device.asked) > asked + 1)
    assert b"Z" not in device.asked


def test_a_scale_behind_a_network_adapter():
    listener = socket.create_server(("127.0.0.1", 0))
    station = Station(f"socket://127.0.0.1:{listener.getsockname()[1]}")
    station.scale.start()
    try:
        host, _ = listener.accept()
        with host:
            host.sendall(b"S S     100.00 g\r\n" * 3)
            eventually(lambda: host.recv(100) == b"SIR\r\n")
            host.sendall(b"S S     200.00 g\r\n")
            eventually(lambda: station.shows("200.00"))
        eventually(lambda: station.said(NoWeightReason.CONNECTION_LOST))
    finally:
        station.scale.stop()
        listener.close()


def test_a_late_answer_is_never_taken_for_the_next_one(scripted):
    device, station = scripted({b"@": b'I4 A "X7"\r\n', b"SI": b"S S     100.00 g\r\n"})
    eventually(lambda: station.shows("100.00"))
    device.answers[b"SI"] = b""
    eventually(lambda: station.tells("silent"))
    device.answers[b"@"] = b'S S     999.00 g\r\nI4 A "X7"\r\n'
    device.answers[b"SI"] = b"S S     200.00 g\r\n"
    eventually(lambda: station.shows("200.00"))
    assert Decimal("999.00") not in {f.value for f in station.frames if isinstance(f, Reading)}


def test_the_last_seconds_make_a_record_that_reads_back(simulator, station):
    eventually(lambda: station.shows("0.000"))
    simulator.put(1_235_000)
    eventually(lambda: station.shows("1.235"))
    simulator.fault("garbage")
    eventually(lambda: station.said(NoWeightReason.UNREADABLE))
    frames = station.scale.recent(10)
    header = header_of(
        station.settings, station.scale.identity, "2026-11-21T14:03:09.002Z", "ab" * 16
    )
    record = parse_record(readings_jsonl(frames, header))
    assert record.frames == frames
    assert record.differences == ()
    assert any(isinstance(f, Reading) and not f.stable for f in frames)
    assert any(isinstance(f, NoWeight) for f in frames)
    assert station.scale.recent(0) == ()


def test_the_second_parcel_never_gets_the_weight_of_the_first(simulator):
    rules = WeighingRules(division_mg=5_000, minimum_mg=100_000)
    pans = [Pan()]
    one_at_a_time = threading.Lock()

    def on_frame(frame):
        with one_at_a_time:
            pans.append(observe(pans[-1], frame, rules))

    scale = Scale(Station(simulator.start()).settings, on_frame)
    scale.start()
    try:
        eventually(lambda: pans[-1].blocked is NoWeightReason.EMPTY_PAN)
        simulator.put(1_000_000)
        first = eventually(lambda: pans[-1].settled)
        assert first.reading.value == Decimal("1.000")
        with one_at_a_time:
            pans.append(next_parcel(taken(pans[-1])))
            ended = len(pans)
        simulator.put(2_000_000)
        eventually(lambda: pans[-1].live.milligrams == 2_000_000)
        eventually(lambda: pans[-1].blocked is NoWeightReason.ZERO_NOT_SEEN)
        assert not any(pan.settled for pan in pans[ended:])
        simulator.clear()
        eventually(lambda: pans[-1].blocked is NoWeightReason.EMPTY_PAN)
        simulator.put(2_000_000)
        assert eventually(lambda: pans[-1].settled).reading.value == Decimal("2.000")
    finally:
        scale.stop()


def test_starting_and_stopping_leaves_nothing_behind(simulator):
    port = simulator.start()

    def used():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        before = used()
        for _ in range(3):
            station = Station(port)
            station.scale.start()
            station.scale.start()
            eventually(lambda station=station: station.shows("0.000"))
            simulator.unplug()
            eventually(lambda station=station: station.tells("port-missing"))
            simulator.replug()
            eventually(lambda station=station: station.shows("0.000"))
            station.scale.stop()
            station.scale.stop()
            assert station.tells("stopped")
            assert station.scale.zero().reason is NoWeightReason.CONNECTION_LOST
        assert used() == before


def test_a_driver_mistake_is_shown_and_survived(simulator):
    failed = threading.Event()

    def on_frame(frame):
        if isinstance(frame, Reading) and not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        frames.append(frame)

    frames = []
    settings = Station(simulator.start()).settings
    scale = Scale(settings, on_frame)
    scale.start()
    try:
        eventually(lambda: any(isinstance(frame, Reading) for frame in list(frames)))
        assert failed.is_set()
    finally:
        scale.stop()
