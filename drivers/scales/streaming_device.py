"""A simulated scale that sends its weight by itself and listens to nothing."""

from collections.abc import Callable

from returnbench.drivers.scales.display import Display
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication

WeightFrame = Callable[[Display, Indication, str], bytes]
"""The frame for what is shown; the text is the fault of the device, empty if there is none. An
empty frame: the device says nothing."""


class StreamingDevice:
    """Sends one frame in each period, whatever the host says. Times are monotonic seconds."""

    def __init__(self, setup: DeviceSetup, frame: WeightFrame) -> None:
        self._display = Display(setup)
        self._frame = frame
        self._period = 1 / setup.rate_hz
        self._next_at = 0.0
        self.stability_timeout = 0.0
        """Not used: no command waits for a stable weight."""
        self.hardware_error = ""
        """When not empty: the device has a fault, and says so if its protocol can."""
        self.frozen: Indication | None = None
        """Shown whatever lies on the pan."""

    def receive(self, data: bytes, now: float) -> None:
        """Ignore what the host sends: there are no commands."""

    def due(self, now: float) -> list[bytes]:
        """The frame to send now, if its time has come."""
        if now < self._next_at:
            return []
        self._next_at = max(self._next_at + self._period, now)
        shown = self._display.shown(now, self.frozen)
        frame = self._frame(self._display, shown, self.hardware_error)
        return [frame] if frame else []

    def misread(self, data: bytes) -> bytes:
        """Nothing: what is not listened to cannot be misheard."""
        return b""
