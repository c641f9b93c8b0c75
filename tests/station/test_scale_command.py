"""``returnbench scale`` as a person calls it."""

import json
import signal
import subprocess
import sys
import time

import pytest
import serial

from returnbench.drivers.scales.simulator import ScaleSimulator
from returnbench.station.cli import main


def put(scale, milligrams):
    scale.put(milligrams)
    deadline = time.monotonic() + 10
    while not scale.indication().stable:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def simulator():
    scale = ScaleSimulator(settle_seconds=0.05)
    put(scale, 1_234_000)
    scale.start()
    yield scale
    scale.stop()


def test_read_prints_one_reading(simulator, capsys):
    assert main(["scale", "read", "--port", simulator.start(), "--stable"]) == 0
    assert capsys.readouterr().out == "1.235 kg stable\n"


def test_read_as_json_keeps_the_scales_own_text(simulator, capsys):
    assert main(["scale", "read", "--port", simulator.start(), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["value"], found["unit"], found["stable"]) == ("1.235", "kg", True)
    assert bytes.fromhex(found["raw"]) == b"S S      1.235 kg\r\n"
    assert found["device"] == "B123456789"


def test_read_takes_what_the_protocol_leaves_out(capsys):
    scale = ScaleSimulator(protocol="yaohua-tf0", settle_seconds=0.05)
    put(scale, 1_234_000)
    call = ["scale", "read", "--port", scale.start(), "--protocol", "yaohua-tf0", "--timeout", "3"]
    try:
        assert main(call) == 1
        assert "unit" in capsys.readouterr().err
        assert main([*call, "--option", "unit=kg", "--option", "decimals=3"]) == 0
        assert (
            capsys.readouterr().out == "1.235 kg (the scale does not tell whether it is stable)\n"
        )
    finally:
        scale.stop()


def test_an_option_that_the_protocol_does_not_know_is_refused(capsys):
    call = ["--port", "x", "--protocol", "radwag", "--option", "frame_bytes=5"]
    for action in ("read", "listen"):
        assert main(["scale", action, *call]) == 2
        assert "frame_bytes = 5" in capsys.readouterr().err


def test_read_waits_for_a_stable_reading_only_so_long(simulator, capsys):
    simulator.fault("never-stable")
    port = simulator.start()
    assert main(["scale", "read", "--port", port]) == 0
    assert capsys.readouterr().out.endswith("kg moving\n")
    assert main(["scale", "read", "--port", port, "--stable", "--timeout", "0.6"]) == 1
    assert "NEVER_STABLE: no stable weight in 0.6 s" in capsys.readouterr().err


def test_read_says_why_there_is_no_weight(simulator, capsys):
    put(simulator, 20_000_000)
    assert main(["scale", "read", "--port", simulator.start(), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["reason"] == "OVERLOAD"
    assert "OVERLOAD" in err


def test_read_of_a_scale_that_says_nothing(simulator, capsys):
    simulator.fault("silent")
    assert main(["scale", "read", "--port", simulator.start(), "--timeout", "0.3"]) == 1
    assert "Is the scale on" in capsys.readouterr().err


def test_a_missing_port_lists_those_that_exist(capsys):
    assert main(["scale", "read", "--port", "/dev/no-such-port"]) == 1
    err = capsys.readouterr().err
    assert "PORT_MISSING" in err
    assert "/dev/no-such-port" in err
    assert "Ports of this machine" in err or "no serial port" in err


def test_a_busy_port_says_so(simulator, capsys):
    port = simulator.start()
    with serial.Serial(port, exclusive=True):
        assert main(["scale", "read", "--port", port]) == 1
        assert "Another program" in capsys.readouterr().err
        assert main(["scale", "listen", "--port", port]) == 1
        assert "Another program" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["read", "--port", "x", "--protocol", "morse"], "mt-sics"),
        (["simulate", "--protocol", "morse"], "mt-sics"),
        (["simulate", "--load-g", "heavy"], "'heavy' is not a mass in grams"),
        (["simulate", "--load-g", "0.0001"], "three decimals"),
        (["simulate", "--load-g", "nan"], "not a mass"),
        (["simulate", "--load-g", "inf"], "not a mass"),
        (["read", "--port", "x", "--timeout", "-1"], "above 0"),
        (["read", "--port", "x", "--option", "colour=red"], "Known: unit, decimals"),
        (["read", "--port", "x", "--option", "decimals=many"], "a whole number"),
        (["read", "--port", "x", "--option", "unit=stone"], "'stone'"),
        (["read", "--port", "x", "--baud", "fast"], "baud rate"),
        ([], "ACTION"),
    ],
)
def test_wrong_calls_say_what_is_accepted(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["scale", *arguments])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_a_division_above_the_capacity_is_no_scale(capsys):
    assert main(["scale", "simulate", "--capacity", "1", "--division", "5"]) == 2
    assert "make no scale" in capsys.readouterr().err


def test_listen_shows_bytes_and_their_meaning(simulator, capsys):
    port = simulator.start()
    assert main(["scale", "listen", "--port", port, "--stream", "--seconds", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "53 20 53 20 20 20 20 20 20 31 2e 32 33 35 20 6b 67 0d 0a" in out
    assert "= 1.235 kg stable" in out


def test_listen_sends_nothing_unasked(simulator, capsys):
    port = simulator.start()
    assert main(["scale", "listen", "--port", port, "--seconds", "0.2"]) == 0
    assert capsys.readouterr().out == ""


class Process:
    """``returnbench scale simulate`` with its standard input and output."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "returnbench.station.cli", "scale", "simulate", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = self.process.stdout.readline().strip()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def done(self, line):
        self.tell(line)
        assert self.process.stdout.readline() == f"done: {line}\n"

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


def weight(port):
    with serial.Serial(port, timeout=10) as host:
        host.write(b"S\r\n")
        return host.readline()


def test_simulate_is_a_scale_for_any_program():
    scale = Process("--load-g", "500", "--unit", "g", "--division", "1")
    assert weight(scale.port) == b"S S        500 g\r\n"
    scale.done("put 1234.4")
    assert weight(scale.port) == b"S S       1234 g\r\n"
    scale.done("clear")
    scale.done("fault hardware-error")
    assert weight(scale.port) == b"S S Error 15b\r\n"
    scale.done("unplug")
    with pytest.raises(serial.SerialException):
        serial.Serial(scale.port)
    scale.done("fault none")
    scale.done("replug")
    assert weight(scale.port) == b"S S          0 g\r\n"
    scale.tell("jump")
    scale.tell("put lead")
    scale.tell("fault fire")
    scale.done("drift 2")
    status, _, err = scale.end()
    assert status == 0
    assert "not understood: 'jump'" in err
    assert "'lead' is not a mass in grams" in err
    assert "no fault 'fire'. Known: none" in err
    with pytest.raises(serial.SerialException):
        serial.Serial(scale.port)


def test_simulate_stays_without_standard_input_until_it_is_told_to_end():
    scale = Process()
    scale.process.stdin.close()
    assert weight(scale.port) == b"S S      0.000 kg\r\n"
    scale.process.stdin = None
    assert scale.end(signal.SIGINT)[0] == 0
