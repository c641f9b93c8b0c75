"""A scale as the station uses it: a thread that keeps the connection and delivers every frame."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.drivers.scales.link import Link
from returnbench.drivers.scales.protocol import Command
from returnbench.drivers.scales.registry import protocol_named
from returnbench.drivers.scales.reporter import Reporter
from returnbench.drivers.scales.session import (
    CommandDone,
    CommandRefused,
    CommandRequest,
    CommandResult,
    Session,
)
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.transport import Port, PortError, open_port
from returnbench.drivers.scales.watch import Judgement
from returnbench.inspect.weighing import NoWeightReason, ScaleFrame

__all__ = ["CommandDone", "CommandRefused", "CommandResult", "Scale"]

log = logging.getLogger(__name__)

# Ending and restarting the stream around a command, and a reconnection that may be going on.
_COMMAND_GRACE_SECONDS = 8.0
_DOWN_TICK_SECONDS = 0.25

_STOPPED = Judgement(DeviceState.LOST, "stopped", "the station closed the scale")


class Scale:
    """One scale: opened, watched, lost and reopened by its own thread.

    ``on_frame`` is called in that thread with every frame as it comes, and must not block. While
    the scale cannot be heard it gets a ``NoWeight`` that says why, never an old reading. The port
    is opened by :meth:`start`, not before.

    Raises:
        UnknownProtocolError: the settings name a protocol that is not known.
        ValueError: an option has a value that the protocol does not know.

    """

    def __init__(self, settings: ScaleSettings, on_frame: Callable[[ScaleFrame], None]) -> None:
        self.settings = settings
        self._protocol = protocol_named(settings.protocol, settings.options)
        self._reporter = Reporter(settings, on_frame)
        self._requests: queue.SimpleQueue[CommandRequest] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. A second start does nothing."""
        if self._thread is not None:
            return
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._run, name=f"dev-scale-{self.settings.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the port. Returns when both are done."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        thread.join()

    @property
    def health(self) -> DeviceHealth:
        """How the scale is doing now."""
        return self._reporter.health

    @property
    def identity(self) -> str:
        """The serial number that the scale told, else the configured name."""
        return self._reporter.identity

    def recent(self, seconds: float) -> tuple[ScaleFrame, ...]:
        """Every frame of the last ``seconds`` (at most 30), oldest first, readable or not."""
        return self._reporter.recent(seconds)

    def zero(self) -> CommandResult:
        """Set the empty pan to zero. Blocks until the scale has answered (seconds)."""
        return self._command(self._protocol.commands.zero, "zero")

    def tare(self) -> CommandResult:
        """Take what lies on the pan as tare. Blocks until the scale has answered (seconds)."""
        return self._command(self._protocol.commands.tare, "tare")

    def _command(self, command: Command | None, name: str) -> CommandResult:
        if command is None:
            return CommandRefused(
                NoWeightReason.COMMAND_REFUSED,
                f"{self._protocol.title} has no command to {name}: use the key on the scale",
            )
        health = self.health
        if self._thread is None or health.state is DeviceState.LOST:
            return CommandRefused(NoWeightReason.CONNECTION_LOST, health.detail)
        request = CommandRequest(command, Future())
        self._requests.put(request)
        try:
            return request.result.result(command.timeout_seconds + _COMMAND_GRACE_SECONDS)
        except TimeoutError:
            # It must not be carried out later, when something else lies on the pan.
            request.result.cancel()
            return CommandRefused(NoWeightReason.SILENT, "no answer in time; the state is unknown")

    def _run(self) -> None:
        pause = self.settings.reopen_first_seconds
        while not self._stop.is_set():
            judgement = self._serve()
            if self._reporter.was_ready:
                pause = self.settings.reopen_first_seconds
            if not self._stop.is_set():
                self._wait(judgement, pause)
            pause = min(pause * 2, self.settings.reopen_last_seconds)
        self._reporter.down(_STOPPED)
        self._refuse_waiting(_STOPPED.detail)

    def _serve(self) -> Judgement:
        """Open the port and serve it until it breaks; says what broke it."""
        port: Port | None = None
        try:
            port = open_port(self.settings)
            self._reporter.connected()
            link = Link(port, self._protocol, self._reporter, self._stop.is_set)
            session = Session(
                link, self._protocol, self._reporter, self._requests, self._stop.is_set
            )
            session.run(self.settings)
        except PortError as error:
            return Judgement(DeviceState.LOST, error.code, str(error), error.reason)
        except Exception:
            # The thread of a device must outlive every mistake in it.
            log.exception("scale %s: the driver failed", self.settings.name)
            return Judgement(
                DeviceState.LOST,
                "driver-failed",
                "mistake in the driver: see the log",
                NoWeightReason.DEVICE_ERROR,
            )
        finally:
            if port is not None:
                port.close()
        return _STOPPED

    def _wait(self, judgement: Judgement, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stop.is_set() and (left := deadline - time.monotonic()) > 0:
            self._reporter.down(judgement)
            self._refuse_waiting(judgement.detail)
            self._stop.wait(min(left, _DOWN_TICK_SECONDS))

    def _refuse_waiting(self, detail: str) -> None:
        while True:
            try:
                request = self._requests.get_nowait()
            except queue.Empty:
                return
            if request.result.set_running_or_notify_cancel():
                request.result.set_result(CommandRefused(NoWeightReason.CONNECTION_LOST, detail))
