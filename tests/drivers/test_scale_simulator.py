"""The simulated scale as any other program sees it, over pyserial."""

import time

import pytest
import serial

from returnbench.drivers.scales.simulator import ScaleSimulator
from returnbench.drivers.scales.simulator_faults import Fault
from returnbench.drivers.scales.simulator_physics import Pan, Range

DEADLINE_SECONDS = 10


class Client:
    """A host that knows nothing of our driver."""

    def __init__(self, port):
        self.serial = serial.Serial(port, timeout=DEADLINE_SECONDS, exclusive=True)

    def ask(self, command):
        self.serial.write(command.encode() + b"\r\n")
        return self.line()

    def line(self):
        line = self.serial.readline()
        assert line.endswith(b"\r\n"), f"no whole line in time: {line!r}"
        return line[:-2].decode()


@pytest.fixture
def simulator():
    scale = ScaleSimulator(settle_seconds=0.05, rate_hz=40, stability_timeout=0.3)
    scale.start()
    yield scale
    scale.stop()


@pytest.fixture
def client(simulator):
    found = Client(simulator.start())
    yield found
    found.serial.close()


def test_identification(client):
    assert client.ask("@") == 'I4 A "B123456789"'
    assert client.ask("I1").startswith('I1 A "01"')
    assert client.ask("I2") == 'I2 A "RB-SIM 15.000 kg"'
    assert client.ask("I3").startswith("I3 A ")
    assert client.ask("I4") == 'I4 A "B123456789"'
    lines = [client.ask("I0")]
    while lines[-1].startswith("I0 B"):
        lines.append(client.line())
    assert lines[-1].startswith("I0 A")
    named = " ".join(line.split('"')[1] for line in lines)
    assert named == "@ I0 I1 I2 I3 I4 S SI SIR Z ZI SR T TA TAC TI"


def test_weight_when_stable_waits_for_the_pan(simulator, client):
    assert client.ask("S") == "S S      0.000 kg"
    simulator.put(1_234_000)
    assert client.ask("S") == "S S      1.235 kg"


def test_weight_at_once_may_be_moving(simulator, client):
    simulator.fault("never-stable")
    assert client.ask("SI").startswith("S D ")
    assert client.ask("S") == "S I"
    assert client.ask("Z") == "Z I"
    assert client.ask("T") == "T I"
    assert client.ask("ZI") == "ZI D"
    assert client.ask("TI")[:4] in ("TI D", "TI -")


def test_the_stream_runs_until_the_next_weight_command(client):
    assert client.ask("SIR") == "S S      0.000 kg"
    assert [client.line() for _ in range(3)] == ["S S      0.000 kg"] * 3
    client.serial.write(b"@\r\n")
    while client.line() != 'I4 A "B123456789"':
        pass
    client.serial.timeout = 0.2
    assert client.serial.read(1) == b""


def test_weights_on_change(simulator, client):
    assert client.ask("SR") == "S S      0.000 kg"
    simulator.put(2_000_000)
    assert client.line().startswith("S D ")
    assert client.line() == "S S      2.000 kg"
    simulator.put(2_010_000)
    client.serial.timeout = 0.3
    assert client.serial.read(1) == b""


def test_zero_and_its_range(simulator, client):
    simulator.put(200_000)
    assert client.ask("Z") == "Z A"
    assert client.ask("S") == "S S      0.000 kg"
    simulator.clear()
    assert client.ask("S") == "S S     -0.200 kg"
    assert client.ask("ZI") == "ZI S"
    simulator.put(5_000_000)
    assert client.ask("Z") == "Z +"
    assert client.ask("ZI") == "ZI +"
    simulator.put(-1_000_000)
    assert client.ask("Z") == "Z -"


def test_tare(simulator, client):
    simulator.put(500_000)
    assert client.ask("T") == "T S      0.500 kg"
    assert client.ask("TA") == "TA A      0.500 kg"
    assert client.ask("S") == "S S      0.000 kg"
    simulator.clear()
    assert client.ask("S") == "S S     -0.500 kg"
    assert client.ask("TAC") == "TAC A"
    assert client.ask("S") == "S S      0.000 kg"
    assert client.ask("TA 0.251 kg") == "TA A      0.250 kg"
    assert client.ask("TA 99 kg") == "TA L"
    assert client.ask("TA 1 g") == "TA L"
    simulator.put(20_000_000)
    assert client.ask("T") == "T +"


def test_range_and_errors(simulator, client):
    simulator.put(15_045_000)
    assert client.ask("S") == "S S     15.045 kg"
    simulator.put(15_050_000)
    assert client.ask("S") == "S +"
    simulator.put(-200_000)
    assert client.ask("S") == "S -"
    simulator.fault(Fault.HARDWARE_ERROR)
    assert client.ask("SI") == "S S Error 15b"


@pytest.mark.parametrize("line", ["s", "XYZ", "S ", "SI 5", ""])
def test_what_it_does_not_know(client, line):
    assert client.ask(line) == "ES"


def test_lines_that_are_no_lines(client):
    client.serial.write(b"S\n")
    assert client.line() == "ES"
    client.serial.write(b"x" * 200 + b"\r\n")
    assert client.line() == "ES"
    client.serial.write(b"\xd3\x8d\r\n")
    while (answer := client.line()) == "ES":
        pass
    assert answer == "ET"


def test_grams_show_no_decimals_where_the_division_has_none():
    simulator = ScaleSimulator(division_mg=1_000, unit="g", capacity_mg=6_000_000)
    client = Client(simulator.start())
    try:
        simulator.put(1_234_400)
        assert client.ask("S") == "S S       1234 g"
    finally:
        client.serial.close()
        simulator.stop()


def test_drift_of_zero_shows(simulator, client):
    simulator.drift(-10_000)
    assert client.ask("S") == "S S     -0.010 kg"
    assert client.ask("Z") == "Z A"
    assert client.ask("S") == "S S      0.000 kg"


def test_unplug_and_replug_keep_the_name_and_the_load(simulator):
    port = simulator.start()
    simulator.put(1_000_000)
    client = Client(port)
    simulator.unplug()
    simulator.unplug()
    with pytest.raises(serial.SerialException):
        client.serial.read(1)
    client.serial.close()
    with pytest.raises(serial.SerialException):
        serial.Serial(port)
    simulator.replug()
    simulator.replug()
    assert simulator.start() == port
    again = Client(port)
    assert again.ask("S") == "S S      1.000 kg"
    again.serial.close()


def test_a_stream_that_nobody_reads_does_no_harm(simulator):
    client = Client(simulator.start())
    client.serial.write(b"SIR\r\n")
    client.line()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while client.serial.in_waiting < 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    client.serial.close()
    simulator.put(500_000)
    again = Client(simulator.start())
    again.serial.write(b"@\r\n")
    while again.line() != 'I4 A "B123456789"':
        pass
    assert again.ask("S") == "S S      0.500 kg"
    again.serial.close()


def test_unknown_kinds_list_the_known_ones(simulator):
    with pytest.raises(ValueError, match="Known: none, half-frames"):
        simulator.fault("fire")
    with pytest.raises(ValueError, match="Known: mt-sics"):
        ScaleSimulator(protocol="morse")
    with pytest.raises(ValueError, match="division"):
        ScaleSimulator(division_mg=0)


def test_what_is_shown_at_rest_depends_on_the_load_alone():
    shown = set()
    for seed in range(5):
        pan = Pan(15_000_000, 5_000, seed, 0.4)
        pan.put(3_000_000, 10.0)
        for tick in range(seed * 3):
            pan.indication(10.0 + tick / 50)
        pan.put(1_232_499, 10.2)
        assert not pan.indication(10.3).stable
        shown.add(pan.indication(10.7))
    assert {(found.milligrams, found.stable, found.range) for found in shown} == {
        (1_230_000, True, Range.INSIDE)
    }


def test_a_settling_load_approaches_its_value():
    pan = Pan(15_000_000, 5_000, 1, 0.4)
    pan.put(1_000_000, 0.0)
    far = [abs(pan.gross_mg(at / 100) - 1_000_000) for at in (1, 10, 39, 40)]
    assert far[0] > far[1] > far[2]
    assert far[3] == 0
