"""``returnbench scale``: read a scale, watch its bytes, or be one on a pseudo-terminal."""

import argparse
import json
import queue
import signal
import sys
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from returnbench.drivers.scales.protocol import Commands, Decoded, WeightLine
from returnbench.drivers.scales.protocol_options import option_of_text, options_of
from returnbench.drivers.scales.registry import PROTOCOLS, protocol_named
from returnbench.drivers.scales.scale import Scale
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.simulator import SIMULATED_PROTOCOLS, ScaleSimulator
from returnbench.drivers.scales.simulator_faults import Fault
from returnbench.drivers.scales.transport import PortError, existing_ports, open_port
from returnbench.inspect.codec import plain
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    ScaleFrame,
    StabilitySource,
)

_WAIT_FOR_BETTER = frozenset({NoWeightReason.NOT_READY, NoWeightReason.UNREADABLE})
"""A single such frame happens in good health; the next one may be a weight."""

_HEAVIEST_MG = 10**12

_SIMULATOR_HELP = (
    "commands on standard input: put GRAMS, clear, drift GRAMS, unplug, replug, fault KIND "
    f"({', '.join(Fault)})"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    read = actions.add_parser("read", help="print one reading, or the reason why there is none")
    _add_line_options(read)
    read.add_argument("--stable", action="store_true", help="wait for a stable reading")
    read.add_argument("--json", action="store_true", help="print the reading as JSON")
    read.add_argument("--timeout", type=_seconds, default=10.0, metavar="SECONDS")
    read.set_defaults(act=_read)

    listen = actions.add_parser("listen", help="show the bytes that a scale sends, and their sense")
    _add_line_options(listen)
    listen.add_argument(
        "--stream", action="store_true", help="ask the scale to send weights (else only listen)"
    )
    listen.add_argument("--seconds", type=_seconds, help="stop after this time (else: Ctrl-C)")
    listen.set_defaults(act=_listen)

    simulate = actions.add_parser(
        "simulate", help="be a scale on a pseudo-terminal", epilog=_SIMULATOR_HELP
    )
    _add_simulator_options(simulate)
    simulate.set_defaults(act=_simulate)


def run(options: argparse.Namespace) -> int:
    """Do what the subcommand says; 0 done, 1 no weight or no port."""
    act: Callable[[argparse.Namespace], int] = options.act
    return act(options)


def _add_line_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        required=True,
        metavar="URL",
        help="port name, socket://HOST:PORT, or hidraw:///dev/hidraw0",
    )
    parser.add_argument("--protocol", choices=tuple(PROTOCOLS), default="mt-sics")
    parser.add_argument(
        "--option",
        type=_option,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="what the protocol leaves out, as in config.toml: unit=kg, decimals=3, address=1",
    )
    parser.add_argument("--baud", type=_baud, default=9600)
    parser.add_argument("--bytesize", type=int, choices=(7, 8), default=8)
    parser.add_argument("--parity", choices=("N", "E", "O"), default="N")
    parser.add_argument("--stopbits", type=int, choices=(1, 2), default=1)


def _add_simulator_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--protocol", choices=SIMULATED_PROTOCOLS, default="mt-sics")
    parser.add_argument("--capacity", type=_grams, default=15_000_000, metavar="GRAMS")
    parser.add_argument("--division", type=_grams, default=5_000, metavar="GRAMS")
    parser.add_argument("--unit", choices=("g", "kg", "lb", "oz"), default="kg")
    parser.add_argument("--load-g", type=_grams, default=0, metavar="GRAMS", help="load at start")
    parser.add_argument("--seed", type=int, default=0, help="of the noise while a load settles")
    parser.add_argument("--settle", type=_seconds, default=0.4, metavar="SECONDS")
    parser.add_argument("--rate", type=_seconds, default=10.0, metavar="HZ", help="of the stream")
    parser.add_argument("--serial-number", default="B123456789", metavar="TEXT")
    parser.add_argument("--no-stream", action="store_true", help="a scale without SIR and SR")


def _grams(text: str) -> int:
    """Grams as the operator writes them, in whole milligrams."""
    try:
        milligrams = Decimal(text) * 1000
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a mass in grams") from None
    if not milligrams.is_finite() or abs(milligrams) > _HEAVIEST_MG:
        raise argparse.ArgumentTypeError(f"{text!r} is not a mass in grams that a scale can carry")
    if milligrams != milligrams.to_integral_value():
        raise argparse.ArgumentTypeError(f"{text}: at most three decimals of a gram")
    return int(milligrams)


def _option(text: str) -> tuple[str, Any]:
    try:
        return option_of_text(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is expected")
    return number


def _baud(text: str) -> int:
    if not text.isdecimal() or not 50 <= int(text) <= 4_000_000:
        raise argparse.ArgumentTypeError(f"{text!r}: a baud rate such as 9600 is expected")
    return int(text)


def _settings(options: argparse.Namespace) -> ScaleSettings:
    return ScaleSettings(
        "scale",
        options.port,
        protocol=options.protocol,
        options=options_of(dict(options.option)),
        baud=options.baud,
        bytesize=options.bytesize,
        parity=options.parity,
        stopbits=options.stopbits,
        # Not known here, and not needed: nothing is computed from this reading.
        division_mg=1,
        capacity_mg=1,
    )


def _read(options: argparse.Namespace) -> int:
    frames: queue.SimpleQueue[ScaleFrame] = queue.SimpleQueue()
    try:
        scale = Scale(_settings(options), frames.put)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    scale.start()
    try:
        frame = _one_frame(frames, options.timeout, stable=options.stable)
    finally:
        scale.stop()
    if options.json:
        print(json.dumps(plain(frame), sort_keys=True))
    elif isinstance(frame, Reading):
        print(_shown(frame))
    if isinstance(frame, Reading):
        return 0
    print(_explained(frame, options.port), file=sys.stderr)
    return 1


def _one_frame(
    frames: "queue.SimpleQueue[ScaleFrame]", timeout: float, *, stable: bool
) -> ScaleFrame:
    deadline = time.monotonic() + timeout
    last: ScaleFrame = NoWeight(
        NoWeightReason.SILENT, "no answer in time", b"", time.monotonic_ns(), "scale"
    )
    while (left := deadline - time.monotonic()) > 0:
        try:
            last = frames.get(timeout=left)
        except queue.Empty:
            break
        if isinstance(last, Reading):
            if last.stable or not stable:
                return last
        elif last.reason not in _WAIT_FOR_BETTER or not last.raw:
            return last
    if isinstance(last, Reading):
        return NoWeight(
            NoWeightReason.NEVER_STABLE,
            f"no stable weight in {timeout:g} s",
            last.raw,
            last.received_ns,
            last.device,
        )
    return last


def _explained(frame: NoWeight, port: str) -> str:
    text = f"No weight: {frame.reason}: {frame.detail}"
    if frame.reason is NoWeightReason.PORT_BUSY:
        return f"{text}\nAnother program has {port} open: close it and try again."
    if frame.reason is NoWeightReason.SILENT:
        return f"{text}\nIs the scale on, the cable right, the baud rate and protocol as set there?"
    if frame.reason is NoWeightReason.PORT_MISSING:
        return f"{text}\n{_ports_of_this_machine()}"
    return text


def _ports_of_this_machine() -> str:
    ports = existing_ports()
    if not ports:
        return "This machine has no serial port: is the cable plugged in?"
    return "Ports of this machine: " + ", ".join(ports)


def _listen(options: argparse.Namespace) -> int:
    settings = _settings(options)
    try:
        protocol = protocol_named(settings.protocol, settings.options)
        port = open_port(settings)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except PortError as error:
        frame = NoWeight(error.reason, str(error), b"", 0, "scale")
        print(_explained(frame, options.port), file=sys.stderr)
        return 1
    framer = protocol.framer()
    began = time.monotonic_ns()
    limit_ns = round(options.seconds * 1e9) if options.seconds else None
    try:
        if options.stream:
            port.write(_stream_request(protocol.commands))
        while limit_ns is None or time.monotonic_ns() - began < limit_ns:
            data, at = port.read()
            if data:
                print(f"{(at - began) / 1e9:9.3f}  {data.hex(' ')}", flush=True)
            for raw in framer.feed(data):
                print(f"{'':9}  = {_meaning(protocol.decode(raw))}", flush=True)
    except PortError as error:
        print(f"The scale is gone: {error}", file=sys.stderr)
        return 1
    finally:
        port.close()
    return 0


def _stream_request(commands: Commands) -> bytes:
    return commands.stream or commands.poll or b""


def _shown(weight: Reading | WeightLine) -> str:
    rest = "stable" if weight.stable else "moving"
    if weight.stability is StabilitySource.UNAVAILABLE:
        rest = "(the scale does not tell whether it is stable)"
    return f"{weight.value} {weight.unit} {rest}"


def _meaning(line: Decoded) -> str:
    if isinstance(line, WeightLine):
        return _shown(line)
    fields = [str(value) for value in plain(line).values() if value != ""]
    return ": ".join(fields)


def _simulate(options: argparse.Namespace) -> int:
    try:
        simulator = ScaleSimulator(
            protocol=options.protocol,
            capacity_mg=options.capacity,
            division_mg=options.division,
            unit=options.unit,
            seed=options.seed,
            settle_seconds=options.settle,
            rate_hz=options.rate,
            serial_number=options.serial_number,
            streams=not options.no_stream,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    simulator.put(options.load_g)
    try:
        print(simulator.start(), flush=True)
        for line in sys.stdin:
            _obey(simulator, line)
        # Without standard input (a service, a script) the scale stays until it is told to end.
        signal.pause()
    except KeyboardInterrupt:
        return 0
    finally:
        simulator.stop()
    return 0


def _obey(simulator: ScaleSimulator, line: str) -> None:
    words = line.split()
    try:
        match words:
            case ["put", grams]:
                simulator.put(_grams(grams))
            case ["drift", grams]:
                simulator.drift(_grams(grams))
            case ["clear"]:
                simulator.clear()
            case ["unplug"]:
                simulator.unplug()
            case ["replug"]:
                simulator.replug()
            case ["fault", kind]:
                simulator.fault(kind)
            case []:
                return
            case _:
                raise ValueError(f"not understood: {line.strip()!r}; {_SIMULATOR_HELP}")
    except (ValueError, argparse.ArgumentTypeError) as error:
        print(error, file=sys.stderr, flush=True)
    else:
        print("done:", *words, flush=True)
