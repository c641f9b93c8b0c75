"""A scale on a pseudo-terminal: any program that opens a serial port can talk to it."""

import logging
import os
import pty
import random
import select
import shutil
import tempfile
import threading
import time
import tty
from pathlib import Path

from returnbench.drivers.scales.devices_registry import DEVICES
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_faults import LATE_SECONDS, Fault, damaged, garbage
from returnbench.drivers.scales.simulator_physics import Indication, Pan
from returnbench.inspect.weighing import WeightUnit

log = logging.getLogger(__name__)

SIMULATED_PROTOCOLS = tuple(DEVICES)
"""Names of the protocols that the simulator speaks."""

_TICK_SECONDS = 0.02
_HARDWARE_ERROR = "15b"


class ScaleSimulator:
    """A weighing scale behind a pseudo-terminal, with its own thread.

    Loads are milligrams. The port keeps its name over :meth:`unplug` and :meth:`replug`. What is
    shown at rest depends on loads and seed alone, never on timing.

    Raises:
        ValueError: the protocol is not one of ``SIMULATED_PROTOCOLS``, or the division does not
            fit the capacity.

    """

    def __init__(  # noqa: PLR0913 - every argument is a property of the simulated device
        self,
        *,
        protocol: str = "mt-sics",
        capacity_mg: int = 15_000_000,
        division_mg: int = 5_000,
        unit: str = "kg",
        seed: int = 0,
        settle_seconds: float = 0.4,
        rate_hz: float = 10,
        serial_number: str = "B123456789",
        streams: bool = True,
        stability_timeout: float = 5.0,
    ) -> None:
        if protocol not in SIMULATED_PROTOCOLS:
            known = ", ".join(SIMULATED_PROTOCOLS)
            raise ValueError(f"no scale of protocol {protocol!r} can be simulated. Known: {known}")
        if not 0 < division_mg <= capacity_mg:
            raise ValueError(
                f"a division of {division_mg} mg and a capacity of {capacity_mg} mg make no scale: "
                "the division is above 0 and not larger than the capacity"
            )
        self._pan = Pan(capacity_mg, division_mg, seed, settle_seconds)
        self._device = DEVICES[protocol](
            DeviceSetup(self._pan, WeightUnit(unit), serial_number, rate_hz, streams)
        )
        self._device.stability_timeout = stability_timeout
        self._period = 1 / rate_hz
        self._rng = random.Random(seed + 1)
        self._fault = Fault.NONE
        self._late: list[tuple[float, bytes]] = []
        self._noise_at = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._folder: Path | None = None
        self._master = -1
        self._slave = -1

    def start(self) -> str:
        """Open the pseudo-terminal and give the name of its port."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="returnbench-scale-"))
            self._plug_in()
        return str(self._port)

    def stop(self) -> None:
        """Close everything and remove the port."""
        self.unplug()
        if self._folder is not None:
            shutil.rmtree(self._folder)
            self._folder = None

    def put(self, milligrams: int) -> None:
        """The pan carries this mass from now on."""
        with self._lock:
            self._pan.put(milligrams, time.monotonic())

    def clear(self) -> None:
        """Nothing lies on the pan from now on."""
        self.put(0)

    def drift(self, milligrams: int) -> None:
        """Zero has moved by so much."""
        with self._lock:
            self._pan.drift(milligrams)

    def indication(self) -> Indication:
        """What the display shows now."""
        with self._lock:
            return self._pan.indication(time.monotonic())

    def fault(self, kind: Fault | str) -> None:
        """Have this trouble from now on; ``none`` ends it.

        Raises:
            ValueError: there is no such fault; the text lists those there are.

        """
        try:
            fault = Fault(kind)
        except ValueError:
            known = ", ".join(Fault)
            raise ValueError(f"no fault {kind!r}. Known: {known}") from None
        with self._lock:
            now = time.monotonic()
            self._fault = fault
            self._late.clear()
            self._pan.restless = fault is Fault.NEVER_STABLE
            self._device.hardware_error = _HARDWARE_ERROR if fault is Fault.HARDWARE_ERROR else ""
            self._device.frozen = self._pan.indication(now) if fault is Fault.FROZEN else None

    def unplug(self) -> None:
        """Pull the cable: the port disappears."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        thread.join()
        self._port.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)

    def replug(self) -> None:
        """Put the cable back: the port is there again under the same name."""
        if self._folder is not None and self._thread is None:
            self._plug_in()

    @property
    def _port(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the simulated scale was not started")
        return self._folder / "scale"

    def _plug_in(self) -> None:
        # We keep the slave side open: without any holder, reading the master fails.
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        fresh = self._port.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self._port)
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sim-scale", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            readable, _, _ = select.select([self._master], [], [], _TICK_SECONDS)
            data = os.read(self._master, 4096) if readable else b""
            with self._lock:
                sent = self._step(data, time.monotonic())
            if sent:
                self._send(sent)

    def _step(self, data: bytes, now: float) -> bytes:
        deaf = self._fault in (Fault.PARITY_EVEN, Fault.PARITY_ODD)
        if not deaf:
            self._device.receive(data, now)
        lines = self._device.due(now)
        if deaf:
            lines.append(self._device.misread(data))
        if self._fault is Fault.LATE:
            self._late += [(now + LATE_SECONDS, line) for line in lines]
            lines = [line for at, line in self._late if at <= now]
            self._late = [(at, line) for at, line in self._late if at > now]
        if self._fault is Fault.GARBAGE and now >= self._noise_at:
            self._noise_at = now + self._period
            return garbage(self._rng)
        return b"".join(damaged(self._fault, line, self._rng) for line in lines)

    def _send(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            # Nobody reads: a serial line loses these bytes, too.
            log.debug("nobody reads the simulated scale")
