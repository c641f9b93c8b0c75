"""Takes the evidence of a step: a picture that passes the gate, and the readings of a weighing."""

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic_ns
from typing import Protocol

from numpy import uint8
from numpy.typing import NDArray

from returnbench.drivers.camera import CameraFault, Frame
from returnbench.drivers.health import DeviceHealth
from returnbench.inspect.case import Photo, PhotoGate
from returnbench.inspect.codes import EvidenceSlot
from returnbench.inspect.photo_gate import baseline_of, judge
from returnbench.sync.clock import rfc3339
from returnbench.sync.store import EvidenceStore

TRIES = 3
FRESH_TIMEOUT_S = 1.5
BASELINE_SHOTS = 50


class CameraDevice(Protocol):
    """What the desk needs of a camera."""

    @property
    def health(self) -> DeviceHealth:
        """How the camera is doing."""
        ...

    def latest(self) -> Frame | None:
        """The newest frame, however old."""
        ...

    def fresh(self, after_ns: int, timeout_s: float) -> Frame | CameraFault:
        """The first frame that was taken after ``after_ns``."""
        ...

    def grey(self, frame: Frame, width: int = 960) -> NDArray[uint8] | None:
        """The frame in grey, ``width`` pixels wide."""
        ...


@dataclass(frozen=True, slots=True)
class PhotoRejected:
    """Every try was refused by the gate; ``best`` is kept in case the operator takes it anyway."""

    slot: EvidenceSlot
    gate: PhotoGate
    best: Frame
    tries: int


@dataclass(frozen=True, slots=True)
class PhotoImpossible:
    """There is no picture at all; ``reason`` is the code of the cause."""

    slot: EvidenceSlot
    reason: str
    detail: str


class EvidenceDesk:
    """One camera, one store, and the memory of how sharp good pictures of each slot are."""

    def __init__(self, store: EvidenceStore, camera: CameraDevice | None) -> None:
        self._store = store
        self._camera = camera
        self._sharpness: defaultdict[EvidenceSlot, deque[int]] = defaultdict(
            lambda: deque(maxlen=BASELINE_SHOTS)
        )

    def take(self, slot: EvidenceSlot) -> Photo | PhotoRejected | PhotoImpossible:
        """Take the picture of ``slot``, with up to three tries; stored durably when it is a Photo.

        Raises:
            StoreError: the disk did not take it.

        """
        if self._camera is None:
            return PhotoImpossible(slot, "camera-off", "no camera is configured")
        rejected: PhotoRejected | None = None
        for number in range(1, TRIES + 1):
            frame = self._camera.fresh(monotonic_ns(), FRESH_TIMEOUT_S)
            if isinstance(frame, CameraFault):
                return rejected or PhotoImpossible(slot, frame.reason, frame.detail)
            gate = self._gate(slot, frame)
            if gate is None:
                return rejected or PhotoImpossible(
                    slot, "camera-garbage", "no picture in the frame"
                )
            if gate.verdict in ("ok", "warn"):
                self._sharpness[slot].append(gate.sharpness)
                return self._stored(slot, frame, gate)
            if rejected is None or gate.sharpness > rejected.gate.sharpness:
                rejected = PhotoRejected(slot, gate, frame, number)
        assert rejected is not None
        return replace(rejected, tries=TRIES)

    def take_anyway(self, rejected: PhotoRejected) -> Photo:
        """Store the best of the refused shots; the record says that the operator overrode the gate.

        Raises:
            StoreError: the disk did not take it.

        """
        gate = replace(rejected.gate, verdict="override")
        return self._stored(rejected.slot, rejected.best, gate)

    def keep(self, data: bytes) -> str:
        """Store ``data`` and return its SHA-256.

        Raises:
            StoreError: the disk did not take it.

        """
        return self._store.put(data)

    def _gate(self, slot: EvidenceSlot, frame: Frame) -> PhotoGate | None:
        assert self._camera is not None
        grey = self._camera.grey(frame)
        if grey is None:
            return None
        age_ms = max(0, (monotonic_ns() - frame.frame_ns) // 1_000_000)
        return judge(
            grey,
            baseline=baseline_of(tuple(self._sharpness[slot])),
            age_ms=age_ms,
            identical_frames=frame.identical_frames,
        )

    def _stored(self, slot: EvidenceSlot, frame: Frame, gate: PhotoGate) -> Photo:
        return Photo(
            sha256=self._store.put(frame.jpeg),
            slot=slot,
            size=len(frame.jpeg),
            width=frame.width,
            height=frame.height,
            media="image/jpeg",
            source=frame.source,
            camera=frame.camera,
            frame_ns=frame.frame_ns,
            utc=rfc3339(datetime.now(UTC)),
            gate=gate,
        )
