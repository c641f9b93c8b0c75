"""Command engine on an open port: one command in flight, late answers drained."""

import logging
import time
from collections.abc import Callable

from returnbench.drivers.scales.dialogue import ReadCommand, TwoStepCommands
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Command,
    Decoded,
    ErrorLine,
    NoWeightLine,
    Outcome,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.reporter import Reporter
from returnbench.drivers.scales.transport import Port

log = logging.getLogger(__name__)

# A scale that streams sends at least every 200 ms: this long without a weight, it has stopped.
_QUIET_NS = 250_000_000
_QUIET_LIMIT_NS = 1_000_000_000


class Link:
    """Speaks one protocol over one open port.

    Weights that arrive between a command and its answer are delivered; answers that belong to no
    command in flight are dropped. All methods raise ``PortError`` when the device goes away, and
    return early once ``stopped()`` says so.
    """

    def __init__(
        self, port: Port, protocol: ScaleProtocol, reporter: Reporter, stopped: Callable[[], bool]
    ) -> None:
        self._port = port
        self._protocol = protocol
        self._framer = protocol.framer()
        self._reporter = reporter
        self._stopped = stopped

    def send(self, request: bytes) -> None:
        """Send a request that is answered by weights, not by an answer of its own."""
        self._port.write(request)

    def receive(self) -> list[Decoded]:
        """Read once, deliver the weights and return everything that was decoded."""
        lines = self._read()
        for decoded, raw, at in lines:
            self._hand_on(decoded, raw, at)
        return [decoded for decoded, _, _ in lines]

    def exchange(self, command: Command) -> AnswerLine | ErrorLine | None:
        """Send a command and wait for its answer; ``None`` when none came in time.

        After a time-out the late answer is still to come: call :meth:`resync` before the next one.
        """
        self._port.write(command.request)
        answer: AnswerLine | ErrorLine | None = None
        deadline = _after(command.timeout_seconds)
        while answer is None and time.monotonic_ns() < deadline and not self._stopped():
            for decoded, raw, at in self._read():
                fits = None if answer else _answer_to(command, decoded, raw)
                if fits is None:
                    self._hand_on(decoded, raw, at)
                else:
                    answer = fits
        return answer

    def ask_weight(self, request: bytes, timeout_seconds: float) -> list[Decoded]:
        """Send a request for one weight and deliver what comes; empty when nothing came in time."""
        self._port.write(request)
        commands = self._protocol.commands
        deadline = _after(timeout_seconds)
        while time.monotonic_ns() < deadline and not self._stopped():
            lines = self.receive()
            if any(not isinstance(line, AnswerLine) for line in lines):
                return lines
            if isinstance(commands, TwoStepCommands) and _ready(lines):
                self._port.write(commands.proceed)
        return []

    def resync(self) -> AnswerLine | None:
        """Cancel whatever the scale is at, and drop everything up to the answer to that.

        ``None`` when the scale does not answer it: then everything has been dropped until the line
        fell quiet.
        """
        command = self._protocol.commands.resync
        self._framer.reset()
        if command is not None:
            self._port.write(command.request)
            deadline = _after(command.timeout_seconds)
            while time.monotonic_ns() < deadline and not self._stopped():
                for decoded in self._read_and_drop():
                    if isinstance(decoded, AnswerLine) and decoded.command in command.answers:
                        return decoded
        self._until_quiet(self._read_and_drop)
        return None

    def end_stream(self, request: bytes) -> bool:
        """Send the request that ends a stream and deliver its last weights.

        False when the scale goes on streaming.
        """
        self._port.write(request)
        return self._until_quiet(self.receive)

    def _until_quiet(self, read: Callable[[], list[Decoded]]) -> bool:
        now = time.monotonic_ns()
        deadline, last = now + _QUIET_LIMIT_NS, now
        while (now := time.monotonic_ns()) < deadline and not self._stopped():
            if any(isinstance(line, WeightLine | NoWeightLine) for line in read()):
                last = now
            elif now - last >= _QUIET_NS:
                return True
        return False

    def _read(self) -> list[tuple[Decoded, bytes, int]]:
        data, at = self._port.read()
        lines = [(self._protocol.decode(raw), raw, at) for raw in self._framer.feed(data)]
        if data:
            self._reporter.received(at)
        for decoded, _, _ in lines:
            self._reporter.decoded(decoded, at)
        self._reporter.tick(at)
        return lines

    def _read_and_drop(self) -> list[Decoded]:
        """Read answers that come too late; they do not count as a sign of life."""
        data, at = self._port.read()
        lines = [self._protocol.decode(raw) for raw in self._framer.feed(data)]
        for decoded in lines:
            if isinstance(decoded, NoWeightLine | ErrorLine):
                self._reporter.received(at)
                self._reporter.decoded(decoded, at)
        self._reporter.tick(at)
        return lines

    def _hand_on(self, decoded: Decoded, raw: bytes, at: int) -> None:
        if isinstance(decoded, AnswerLine):
            log.debug("answer to %s without a question: %s", decoded.command, decoded.outcome)
        else:
            self._reporter.deliver(decoded, raw, at)


def _ready(lines: list[Decoded]) -> bool:
    return any(isinstance(line, AnswerLine) and line.outcome is Outcome.MORE for line in lines)


def _after(seconds: float) -> int:
    return time.monotonic_ns() + round(seconds * 1e9)


def _answer_to(command: Command, decoded: Decoded, raw: bytes) -> AnswerLine | ErrorLine | None:
    if isinstance(decoded, ErrorLine):
        return decoded
    if isinstance(command, ReadCommand):
        return command.read(raw)
    if isinstance(decoded, AnswerLine) and decoded.command in command.answers:
        return decoded
    return None
