"""The scale as the bench uses it: follows the pan, and takes a weighing with its readings."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic_ns
from typing import Protocol

from returnbench.drivers.health import DeviceHealth
from returnbench.drivers.scales.record import header_of, readings_jsonl
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.uncertainty import budget
from returnbench.inspect import weighing_procedure as procedure
from returnbench.inspect.case import SettledWeight
from returnbench.inspect.codes import WeighingPurpose
from returnbench.inspect.weighing import NoWeight, NoWeightReason, Reading, ScaleFrame
from returnbench.sync.clock import rfc3339

RECORD_SECONDS = 5.0


class ScaleDevice(Protocol):
    """What the desk needs of a scale."""

    @property
    def health(self) -> DeviceHealth:
        """How the scale is doing."""
        ...

    @property
    def identity(self) -> str:
        """Serial number where the scale tells it, else its configured name."""
        ...

    def recent(self, seconds: float) -> Sequence[ScaleFrame]:
        """All frames of the last ``seconds``, also those that gave no weight."""
        ...


class ScaleDesk:
    """One scale and what lies on its pan; without a scale, a desk that says so."""

    def __init__(self, device: ScaleDevice | None, settings: ScaleSettings | None) -> None:
        self._device = device
        self._settings = settings
        self.pan = procedure.Pan()
        self._rules = (
            procedure.WeighingRules(
                division_mg=settings.division_mg,
                minimum_mg=settings.minimum_mg,
                capacity_mg=settings.capacity_mg,
            )
            if settings
            else procedure.WeighingRules(division_mg=1)
        )

    @property
    def settled(self) -> bool:
        """Whether a load lies still on the pan and may be weighed."""
        return self.pan.settled is not None and self.pan.blocked is None

    def observe(self, frame: ScaleFrame) -> None:
        """Follow one frame."""
        self.pan = procedure.observe(self.pan, frame, self._rules)

    def tick(self, now_ns: int) -> None:
        """Notice silence."""
        if self._device is not None:
            self.pan = procedure.tick(self.pan, now_ns, self._rules)

    def next_parcel(self) -> None:
        """Another parcel is meant from now on: what lay there before is not its weight."""
        self.pan = procedure.next_parcel(self.pan)

    def take(self, purpose: WeighingPurpose) -> SettledWeight | NoWeight:
        """The weight of what lies on the pan, or why there is none."""
        if self._settings is None or self._device is None:
            return NoWeight(NoWeightReason.NO_SCALE, "", b"", monotonic_ns(), "")
        live = self.pan.live
        load_mg = live.milligrams if isinstance(live, Reading) else 0
        u_mg = budget(self._settings, load_mg).u_mg
        taken = procedure.settled_weight(
            self.pan,
            purpose,
            u_mg=u_mg,
            division_mg=self._settings.division_mg,
            device=self._device.identity,
            protocol=self._settings.protocol,
        )
        if isinstance(taken, SettledWeight):
            self.pan = procedure.taken(self.pan)
        return taken

    def readings(self) -> bytes:
        """The frames of the last seconds, for the record of the weighing."""
        if self._device is None or self._settings is None:
            return b""
        header = header_of(
            self._settings,
            self._device.identity,
            start_utc=rfc3339(datetime.now(UTC)),
            nonce=secrets.token_hex(16),
        )
        return readings_jsonl(self._device.recent(RECORD_SECONDS), header)

    def why_none(self) -> tuple[NoWeightReason, str]:
        """Why there is no weight now, with the detail for the log."""
        if self._device is None:
            return NoWeightReason.NO_SCALE, ""
        if isinstance(self.pan.live, NoWeight):
            return self.pan.live.reason, self.pan.live.detail
        return self.pan.blocked or NoWeightReason.EMPTY_PAN, ""
