"""One connection to a scale: who it is, its weights, and the commands in between."""

import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from returnbench.drivers.scales.dialogue import ReadCommand
from returnbench.drivers.scales.link import Link
from returnbench.drivers.scales.protocol import (
    AnswerLine,
    Command,
    Decoded,
    ErrorLine,
    Outcome,
    ScaleProtocol,
    WeightLine,
)
from returnbench.drivers.scales.reporter import Reporter
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.inspect.weighing import NoWeightReason, to_milligrams

# Parts of the time after which a scale counts as silent: asking again comes before that.
_STREAM_STALLED = 0.75
_POLL_ANSWER = 0.5
_AFTER_ZERO_SECONDS = 2.0
_UNANSWERED_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class CommandDone:
    """The scale has done it. ``detail`` is what it answered (the new tare, for instance)."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The scale has not done it, or nobody knows whether it has."""

    reason: NoWeightReason
    detail: str


CommandResult = CommandDone | CommandRefused


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command from another thread and the place for its result."""

    command: Command
    result: "Future[CommandResult]"


class Session:
    """Keeps weights coming from an open link until it breaks or somebody stops it.

    Streaming is tried first; a scale that does not stream is asked for each weight.
    """

    def __init__(
        self,
        link: Link,
        protocol: ScaleProtocol,
        reporter: Reporter,
        requests: "queue.SimpleQueue[CommandRequest]",
        stopped: Callable[[], bool],
    ) -> None:
        self._link = link
        self._commands = protocol.commands
        self._reporter = reporter
        self._requests = requests
        self._stopped = stopped
        self._streams = self._commands.stream is not None
        self._stalled_ns = 0
        self._answer_seconds = 0.0
        self._asked_ns = 0
        self._weights = 0
        self._latest: WeightLine | None = None
        self._refusal: ErrorLine | None = None
        self._division_mg = 0
        self._answers_resync = False

    def run(self, settings: ScaleSettings) -> None:
        """Serve the link until ``stopped()``, with the times that the settings give.

        Raises:
            PortError: the device went away.

        """
        self._stalled_ns = round(settings.silent_seconds * _STREAM_STALLED * 1e9)
        self._answer_seconds = settings.silent_seconds * _POLL_ANSWER
        self._division_mg = settings.division_mg
        if settings.polling and self._commands.poll is not None:
            self._streams = False
        self._identify()
        self._start()
        while not self._stopped():
            self._perform_requests()
            self._weights_once()
        if self._streams and self._commands.quiet:
            self._link.send(self._commands.quiet)

    def _identify(self) -> None:
        answer: AnswerLine | ErrorLine | None = self._link.resync()
        self._answers_resync = answer is not None
        identify = self._commands.identify
        if answer is None and identify is not None:
            answer = self._link.exchange(identify)
        if isinstance(answer, AnswerLine) and answer.outcome is Outcome.DONE:
            serial_number = answer.text.strip('"').strip()
            if serial_number:
                self._reporter.identity = serial_number

    def _start(self) -> None:
        self._weights = 0
        self._asked_ns = time.monotonic_ns()
        if self._streams and self._commands.stream:
            self._link.send(self._commands.stream)

    def _resync(self) -> None:
        """After a time-out nothing counts before the scale has answered the request to cancel.

        A scale that never answered it gets one try: then the line is drained until quiet.
        """
        while self._link.resync() is None and self._answers_resync and not self._stopped():
            self._latest = None

    def _weights_once(self) -> None:
        if self._streams:
            self._follow_stream()
        else:
            self._poll()

    def _follow_stream(self) -> None:
        lines = self._link.receive()
        self._note(lines)
        now = time.monotonic_ns()
        if any(isinstance(line, ErrorLine) for line in lines) and self._weights == 0:
            self._streams = self._commands.poll is None
        elif any(not isinstance(line, AnswerLine) for line in lines):
            self._asked_ns = now
        elif now - self._asked_ns >= self._stalled_ns:
            # One weight and then nothing is the answer of a scale that takes SIR for SI.
            if self._weights < 2 and self._commands.poll is not None:
                self._streams = False
            self._resync()
            self._start()

    def _poll(self) -> None:
        poll = self._commands.poll
        if poll is None:
            self._note(self._link.receive())
            return
        began = time.monotonic_ns()
        lines = self._link.ask_weight(poll, self._answer_seconds)
        self._note(lines)
        if not lines:
            self._resync()
            self._streams = self._commands.stream is not None and self._weights == 0
            self._start()
            return
        pause_ns = round(self._commands.poll_seconds * 1e9)
        while time.monotonic_ns() - began < pause_ns and not self._stopped():
            self._note(self._link.receive())

    def _note(self, lines: list[Decoded]) -> None:
        for line in lines:
            if isinstance(line, WeightLine):
                self._weights += 1
                self._latest = line
            elif isinstance(line, ErrorLine):
                self._refusal = line

    def _perform_requests(self) -> None:
        while True:
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return
            if not request.result.set_running_or_notify_cancel():
                continue
            result: CommandResult = CommandRefused(
                NoWeightReason.CONNECTION_LOST, "lost during the command"
            )
            try:
                result = self._perform(request.command)
            finally:
                request.result.set_result(result)

    def _perform(self, command: Command) -> CommandResult:
        before = self._latest
        quiet = self._commands.quiet
        if self._streams and quiet and not self._link.end_stream(quiet):
            self._resync()
        if not command.answers and not isinstance(command, ReadCommand):
            return self._perform_unanswered(command)
        answer = self._link.exchange(command)
        if answer is None:
            self._resync()
        self._start()
        result = _result_of(answer)
        if isinstance(result, CommandDone) and command is self._commands.zero:
            return self._confirm_zero(before, result)
        return result

    def _perform_unanswered(self, command: Command) -> CommandResult:
        """The protocol does not answer: zero and tare are done when the scale shows zero."""
        self._link.send(command.request)
        self._start()
        self._refusal = None
        deadline = time.monotonic_ns() + round(_UNANSWERED_SECONDS * 1e9)
        while time.monotonic_ns() < deadline and not self._stopped():
            self._latest = None
            self._weights_once()
            if self._refusal is not None:
                return _result_of(self._refusal)
            if self._latest is not None and self._at_zero(self._latest):
                return CommandDone()
        return CommandRefused(
            NoWeightReason.COMMAND_REFUSED,
            f"the scale has not shown a stable zero within {_UNANSWERED_SECONDS:g} s",
        )

    def _at_zero(self, weight: WeightLine) -> bool:
        shown = abs(to_milligrams(weight.value, weight.unit))
        return weight.stable and shown <= self._division_mg

    def _confirm_zero(self, before: WeightLine | None, done: CommandDone) -> CommandResult:
        """A scale that says it is at zero and still shows the same weight does not measure."""
        self._latest = None
        deadline = time.monotonic_ns() + round(_AFTER_ZERO_SECONDS * 1e9)
        while self._latest is None and time.monotonic_ns() < deadline and not self._stopped():
            self._weights_once()
        if before and before.stable and before.value != 0 and self._latest == before:
            return CommandRefused(
                NoWeightReason.FROZEN,
                f"the scale says it is at zero and still shows {before.value} {before.unit}",
            )
        return done


def _result_of(answer: AnswerLine | ErrorLine | None) -> CommandResult:
    if answer is None:
        return CommandRefused(NoWeightReason.SILENT, "no answer in time; the state is not known")
    if isinstance(answer, ErrorLine):
        return CommandRefused(answer.reason, answer.detail)
    if answer.outcome in (Outcome.DONE, Outcome.DONE_MOVING):
        return CommandDone(answer.text)
    if answer.outcome is Outcome.NOT_NOW:
        return CommandRefused(NoWeightReason.NOT_READY, answer.outcome.value)
    return CommandRefused(NoWeightReason.COMMAND_REFUSED, answer.outcome.value)
