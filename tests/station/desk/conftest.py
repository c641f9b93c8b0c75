"""One bench on a real log, real tables and real files; its scale and camera are made by hand."""

import errno
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from time import monotonic_ns

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.drivers.camera import CameraFault, Frame, grey_of
from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.drivers.quiet_cv import cv2
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scenes import SceneSpec, render
from returnbench.inspect.bench_codes import encode_badge, encode_command
from returnbench.inspect.case import AnnouncedReturn, ExpectedLine, Mass
from returnbench.inspect.codec import decode_event, plain
from returnbench.inspect.events import Event
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    ScaleFrame,
    StabilitySource,
    WeightKind,
    WeightUnit,
)
from returnbench.station.bench_desk import BenchDesk
from returnbench.station.case_desk import BenchParts
from returnbench.station.evidence_desk import EvidenceDesk
from returnbench.station.recorder import Recorder
from returnbench.station.resume import resume
from returnbench.station.scale_desk import ScaleDesk
from returnbench.station.snapshot import Snapshot
from returnbench.station.view import Tone
from returnbench.sync.clock import SystemClock
from returnbench.sync.files import Files
from returnbench.sync.log import Entry, EventLog, Record
from returnbench.sync.note import Ed25519Signer
from returnbench.sync.projection import Projection
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

ORIGIN = "returns.example/bench/station-07"
WAYBILL = "YT8962646785389"
ANA = encode_badge("ANA", "7Q2LK9ZT")
BEN = encode_badge("BEN", "M4XW81PD")
UNDO_SECONDS = 600
SECOND = 1_000_000_000

LINES = (
    ExpectedLine(
        "L1", "TS-BLUE-M", "T-shirt blue M", "apparel", 2, Mass(180_000, 2_000), ("4006381333931",)
    ),
    ExpectedLine("L2", "MUG-RED", "Mug red", "home", 1, Mass(340_000, 3_000), serials=("SN-0001",)),
)
PACKAGING = Mass(90_000, 6_000)
FULL_GRAMS = 790
SHORT_GRAMS = 610
"""One T-shirt less than announced."""


class BrokenDisk(Files):
    """A disk that is full from the moment that ``full`` is set."""

    full = False

    def write(self, descriptor: int, data: bytes) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(descriptor, data)


class SpyLog:
    """A log that writes down when it appends, among the tones."""

    def __init__(self, log: EventLog, acts: list[str]) -> None:
        self._log = log
        self._acts = acts

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    def append(self, records: Sequence[Record]) -> tuple[Entry, ...]:
        entries = self._log.append(records)
        self._acts += [f"disk {record.type}" for record in records]
        return entries


class HandScale:
    """A scale whose frames the test makes."""

    identity = "SN-4711"

    def __init__(self) -> None:
        self.frames: list[ScaleFrame] = []
        self.health = DeviceHealth(DeviceState.READY, "ok", "", 0)

    def recent(self, seconds: float) -> Sequence[ScaleFrame]:
        since = self.frames[-1].received_ns - seconds * SECOND if self.frames else 0
        return [frame for frame in self.frames if frame.received_ns >= since]


def _jpeg(spec: SceneSpec, light: float = 1.0) -> bytes:
    picture = render(spec, 320, 180)
    done, data = cv2.imencode(".jpg", np.asarray(picture * light, np.uint8))
    assert done
    return bytes(data)


class HandCamera:
    """A camera in memory: it shows a rendered bench, a dark one, or nothing at all."""

    def __init__(self, pictures: dict[str, bytes]) -> None:
        self._pictures = pictures
        self._seq = 0
        self.shows = "parcel"
        self.fault: CameraFault | None = None
        self.shots: list[Frame] = []
        self.health = DeviceHealth(DeviceState.READY, "ok", "", 0)

    def latest(self) -> Frame | None:
        return self.shots[-1] if self.shots else None

    def fresh(self, after_ns: int, timeout_s: float) -> Frame | CameraFault:
        if self.fault is not None:
            return self.fault
        self._seq += 1
        # What follows the end of a JPEG is not looked at: no two shots are equal byte for byte.
        jpeg = self._pictures[self.shows] + self._seq.to_bytes(4, "big")
        frame = Frame(
            self._seq, max(after_ns, monotonic_ns()), jpeg, 320, 180, "MJPG", "camera", "top"
        )
        self.shots.append(frame)
        return frame

    def grey(self, frame: Frame, width: int = 960) -> "np.ndarray | None":
        return grey_of(frame.jpeg, width)


@pytest.fixture(scope="session")
def bench_pictures() -> dict[str, bytes]:
    parcel = SceneSpec("parcel", WAYBILL, "YTO", weight_text="790 g", seed=3)
    return {
        "parcel": _jpeg(parcel),
        "dark": _jpeg(parcel, 0.2),
        "garbage": b"\xff\xd8 no picture",
        "empty": _jpeg(SceneSpec(seed=3)),
    }


@pytest.fixture(scope="session")
def bench_signer() -> Ed25519Signer:
    return Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


class Rig:
    """A bench without its thread: scans, keys and frames go in, what it did comes out."""

    def __init__(self, root: Path, signer: Ed25519Signer, camera: HandCamera) -> None:
        self.root = root
        self.camera: HandCamera | None = camera
        self.scale: HandScale | None = HandScale()
        self.disk = BrokenDisk()
        self.policy = Policy()
        self.operator = ""
        self.packaging: Mass | None = None
        self.idle_seconds: float | None = None
        self.acts: list[str] = []
        self.tones: list[Tone] = []
        self.now_ns = monotonic_ns()
        self._signer = signer
        self._stack = ExitStack()

    # -- on and off -----------------------------------------------------------------------

    def switch_on(self) -> None:
        self.store = EvidenceStore(self.root / "evidence", self.disk)
        self.log = self._stack.enter_context(
            EventLog.open(
                self.root / "log",
                origin=ORIGIN,
                signer=self._signer,
                clock=SystemClock(),
                software={"name": "returnbench", "version": "0"},
                store=self.store,
                files=self.disk,
            )
        )
        self.engine = open_database(self.root / "station.db")
        self._stack.callback(self.engine.dispose)
        self.projection = Projection(self.engine, self.log)
        self.spy = SpyLog(self.log, self.acts)
        settings = ScaleSettings("top", "/dev/null", division_mg=1_000, capacity_mg=15_000_000)
        scale = ScaleDesk(self.scale, settings) if self.scale else ScaleDesk(None, None)
        self.parts = BenchParts(
            recorder=Recorder(self.spy, self.projection, b"k" * 32),  # type: ignore[arg-type]
            projection=self.projection,
            evidence=EvidenceDesk(self.store, self.camera),
            scale=scale,
            policy=self.policy,
            undo_seconds=UNDO_SECONDS,
            state=resume(self.log, self.engine, self.projection),
            operator=self.operator,
            default_packaging=self.packaging,
            idle_seconds=self.idle_seconds,
        )
        self.desk = BenchDesk(self.parts, self._sounded)
        self.desk.begin(self.now_ns)

    def switch_off(self) -> None:
        self._stack.close()

    def restart(self) -> None:
        self.switch_off()
        self.disk.full = False
        self.switch_on()

    def _sounded(self, tone: Tone) -> None:
        self.tones.append(tone)
        self.acts.append(f"tone {tone}")

    # -- what is known --------------------------------------------------------------------

    @staticmethod
    def advice(**changes: object) -> AnnouncedReturn:
        values: dict[str, object] = {
            "rma": "RMA-1", "shop": "demo", "order_ref": "O-1", "waybill": WAYBILL,
            "carrier": "YTO", "lines": LINES, "packaging_mass": PACKAGING,
        }  # fmt: skip
        return AnnouncedReturn(**(values | changes))  # type: ignore[arg-type]

    def announce(self, *returns: AnnouncedReturn) -> None:
        lines = [json.dumps(plain(item), ensure_ascii=False) for item in returns]
        sha256 = self.store.put("\n".join(lines).encode())
        fields = {"kind": "announced", "sha256": sha256, "count": len(returns)}
        self.log.append([Record("import", fields)])
        self.projection.catch_up()

    @property
    def snapshot(self) -> Snapshot:
        return self.desk.snapshot()

    @property
    def now(self) -> Inspection:
        inspection = self.snapshot.state.inspection
        assert inspection is not None
        return inspection

    @property
    def idle(self) -> bool:
        return self.snapshot.state.inspection is None

    @property
    def notice(self) -> str:
        return self.snapshot.notice.code if self.snapshot.notice else ""

    @property
    def keys(self) -> dict[str, str]:
        return {choice.key: choice.label for choice in self.snapshot.choices}

    def events(self) -> list[Event]:
        decoded = (
            decode_event(entry.type, entry.data, self.log.personal_of(entry))
            for entry in self.log.entries()
        )
        return [event for event in decoded if event is not None]

    def of(self, kind: type) -> list:
        return [event for event in self.events() if isinstance(event, kind)]

    # -- what hands do --------------------------------------------------------------------

    def wait(self, seconds: float) -> "Rig":
        self.now_ns += round(seconds * SECOND)
        return self

    def scan(self, text: str, symbology: str = "", *, after: float = 2.0) -> "Rig":
        self._pass(after).desk.scanned(text, "wedge", symbology, self.now_ns)
        self.desk.follow()
        return self

    def _pass(self, seconds: float) -> "Rig":
        """Let time go by while the scale repeats what it showed last."""
        if self.scale is None or not self.scale.frames:
            return self.wait(seconds)
        step = round(seconds * SECOND) // 2
        self.now_ns += step
        self._show(replace(self.scale.frames[-1], received_ns=self.now_ns))
        self.now_ns += step
        return self

    def label(self, word: str) -> "Rig":
        return self.scan(encode_command(word))

    def press(self, *keys: str) -> "Rig":
        for key in keys:
            self._pass(0.3).desk.pressed(key, self.now_ns)
            self.desk.follow()
        return self

    def tick(self, after: float = 0.1) -> "Rig":
        self.wait(after).desk.tick(self.now_ns)
        self.desk.follow()
        return self

    def frame(self, grams: str | None, reason: NoWeightReason | None = None) -> "Rig":
        """One frame, 100 ms after the last: a stable weight, or why there is none."""
        assert self.scale is not None
        self.wait(0.1)
        made: ScaleFrame
        if grams is None:
            assert reason is not None
            made = NoWeight(reason, "", b"", self.now_ns, self.scale.identity)
        else:
            made = Reading(
                Decimal(grams), WeightUnit.G, WeightKind.UNKNOWN, True, StabilitySource.DEVICE,
                f"S S {grams:>10} g\r\n".encode(), self.now_ns, self.scale.identity,
            )  # fmt: skip
        return self._show(made)

    def _show(self, frame: ScaleFrame) -> "Rig":
        assert self.scale is not None
        self.scale.frames.append(frame)
        self.desk.weighed(frame)
        self.desk.tick(self.now_ns)
        return self

    def lay(self, grams: int) -> "Rig":
        """Put something on the scale that stays there until it lies still."""
        for _ in range(4):
            self.frame(str(grams))
        return self

    def clear(self) -> "Rig":
        return self.frame("0").frame("0")

    # -- whole stretches ------------------------------------------------------------------

    def sign_on(self, badge: str = ANA) -> "Rig":
        return self.scan(badge)

    def opened(self, *, grams: int = FULL_GRAMS, **changes: object) -> "Rig":
        """An announced parcel, weighed and with its label photographed."""
        self.announce(self.advice(**changes))
        self.sign_on().clear().scan(WAYBILL).lay(grams)
        assert self.now.phase in (Phase.OUTSIDE, Phase.DOOR)
        return self

    def judged(self, key: str = "1", **changes: object) -> "Rig":
        """An announced parcel whose outside was judged."""
        self.opened(**changes).press(key)
        assert self.now.phase is Phase.CONTENTS
        return self

    def decided(self, **changes: object) -> "Rig":
        """An announced parcel in order, up to its verdict."""
        self.opened(**changes).press("enter")
        assert self.idle
        return self


@pytest.fixture
def make_rig(
    tmp_path: Path, bench_signer: Ed25519Signer, bench_pictures: dict[str, bytes]
) -> Iterator[Callable[..., Rig]]:
    made: list[Rig] = []

    def make(**settings: object) -> Rig:
        rig = Rig(tmp_path / f"station{len(made)}", bench_signer, HandCamera(bench_pictures))
        for name, value in settings.items():
            setattr(rig, name, value)
        rig.switch_on()
        made.append(rig)
        return rig

    yield make
    for rig in made:
        rig.switch_off()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()


@pytest.fixture
def ana() -> str:
    return ANA


@pytest.fixture
def ben() -> str:
    return BEN
