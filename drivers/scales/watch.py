"""Judges from the traffic on a line how the scale at its other end is doing."""

from dataclasses import dataclass

from returnbench.drivers.health import DeviceState
from returnbench.drivers.scales.protocol import Decoded, ErrorLine, NoWeightLine, WeightLine
from returnbench.inspect.weighing import NoWeightReason, StabilitySource

_NOT_FROM_A_SCALE = frozenset({NoWeightReason.UNREADABLE, NoWeightReason.WRONG_PARITY})


@dataclass(frozen=True, slots=True)
class Judgement:
    """State, stable code and detail of a device, and why there is no weight (if there is none)."""

    state: DeviceState
    code: str
    detail: str
    reason: NoWeightReason | None = None


class LineWatch:
    """Sees every chunk and every frame of one connection. All times are monotonic nanoseconds."""

    def __init__(self, opened_ns: int, silent_ns: int, never_stable_ns: int) -> None:
        self._silent_ns = silent_ns
        self._never_stable_ns = never_stable_ns
        self._opened_ns = opened_ns
        self._bytes_ns: int | None = None
        self._understood_ns: int | None = None
        self._moving_since_ns: int | None = None
        self._last_status: NoWeightLine | ErrorLine | None = None
        self._last_unreadable: NoWeightLine | ErrorLine | None = None

    def received(self, now_ns: int) -> None:
        """Bytes arrived, whatever they mean."""
        self._bytes_ns = now_ns

    def decoded(self, line: Decoded, now_ns: int) -> None:
        """A frame arrived."""
        if isinstance(line, NoWeightLine | ErrorLine):
            if line.reason in _NOT_FROM_A_SCALE:
                self._last_unreadable = line
                return
            self._last_status = line
            if line.reason is NoWeightReason.IN_MOTION:
                self._moves(now_ns)
        elif isinstance(line, WeightLine):
            self._last_status = None
            if line.stable or line.stability is StabilitySource.UNAVAILABLE:
                self._moving_since_ns = None
            else:
                self._moves(now_ns)
        self._understood_ns = now_ns

    def _moves(self, now_ns: int) -> None:
        if self._moving_since_ns is None:
            self._moving_since_ns = now_ns

    def judge(self, now_ns: int) -> Judgement:
        """How the device is doing now."""
        understood = self._understood_ns
        if understood is None or now_ns - understood >= self._silent_ns:
            return self._without_frames(now_ns)
        status = self._last_status
        if status and status.reason in (
            NoWeightReason.DEVICE_ERROR,
            NoWeightReason.COMMAND_REFUSED,
        ):
            code = status.reason.value.lower().replace("_", "-")
            return Judgement(DeviceState.DEGRADED, code, status.detail)
        moving = self._moving_since_ns
        if moving is not None and now_ns - moving >= self._never_stable_ns:
            seconds = (now_ns - moving) // 1_000_000_000
            return Judgement(
                DeviceState.DEGRADED, "never-stable", f"no stable weight for {seconds} s"
            )
        return Judgement(DeviceState.READY, "ok", "")

    def _without_frames(self, now_ns: int) -> Judgement:
        # A device that has just been opened, or has just gone bad, gets the same time to speak.
        since = self._opened_ns if self._understood_ns is None else self._understood_ns
        if now_ns - since < self._silent_ns:
            return Judgement(DeviceState.STARTING, "starting", "waiting for the scale")
        if self._bytes_ns is None or now_ns - self._bytes_ns >= self._silent_ns:
            return Judgement(
                DeviceState.LOST, "silent", "no answer from the scale", NoWeightReason.SILENT
            )
        bad = self._last_unreadable
        if bad is not None and bad.reason is NoWeightReason.WRONG_PARITY:
            return Judgement(
                DeviceState.DEGRADED, "wrong-parity", bad.detail, NoWeightReason.WRONG_PARITY
            )
        detail = bad.detail if bad is not None else "bytes without an end of line"
        return Judgement(DeviceState.DEGRADED, "garbage", detail, NoWeightReason.UNREADABLE)
