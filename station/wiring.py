"""Puts a station together: the one place that chooses concrete parts."""

import logging
import os
import secrets
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Self

from returnbench.drivers.camera import Camera
from returnbench.drivers.camera_source import CameraSettings
from returnbench.drivers.scales.scale import Scale
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.inspect.case import Mass
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import ScaleFrame
from returnbench.inspect.weight import FALSE_ALARM
from returnbench.station.bench import Bench
from returnbench.station.camera_scanner import CameraScanner
from returnbench.station.case_desk import BenchParts
from returnbench.station.devices_view import DevicesSeen, devices_seen
from returnbench.station.evidence_desk import EvidenceDesk
from returnbench.station.import_inbox import ImportInbox
from returnbench.station.presenter import Presenter, Site
from returnbench.station.recorder import Recorder
from returnbench.station.resume import resume
from returnbench.station.scale_desk import ScaleDesk
from returnbench.station.snapshot import Snapshot
from returnbench.station.text import texts
from returnbench.sync.clock import SystemClock
from returnbench.sync.hub.server import HubServer
from returnbench.sync.hub.service import Hub
from returnbench.sync.hub.settings import HubSettings
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog
from returnbench.sync.projection import Projection
from returnbench.sync.push import SyncWorker
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteHub:
    """A hub elsewhere, and the token that it knows this station by."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class OwnHub:
    """The hub that a lone bench brings along. ``port`` 0 takes a free one."""

    settings: HubSettings
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class StationPlan:
    """What one station is made of."""

    data_dir: Path
    station: str
    origin: str
    hub: RemoteHub | OwnHub
    scale: ScaleSettings | None = None
    camera: CameraSettings | None = None
    policy: Policy = field(default_factory=Policy)
    language: str = "en"
    undo_seconds: float = 10.0
    operator: str = ""
    idle_seconds: float | None = None
    false_alarm: float = FALSE_ALARM
    default_packaging: Mass | None = None
    scan_with_camera: bool = False
    hint: Callable[[Snapshot], str] = lambda _: ""


class Station:
    """A station at work: use it as a context manager.

    Raises (on entering):
        LogBusy: another bench has this data folder.
        LogDamaged: the log lost or changed entries that were confirmed; it must not go on.
        KeyFileError: a key file is damaged or readable by others.

    """

    def __init__(self, plan: StationPlan) -> None:
        self._plan = plan
        self._stack = ExitStack()
        self._scale: Scale | None = None
        self._camera: Camera | None = None
        self.layout = DataLayout(plan.data_dir)

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def preview(self) -> bytes | None:
        """The newest JPEG of the camera, for the preview on screen."""
        frame = self._camera.latest() if self._camera else None
        return frame.jpeg if frame else None

    def _open(self) -> None:
        self._open_records()
        self._make_devices()
        self._make_bench()
        self._make_sync()
        self._start()

    def _open_records(self) -> None:
        plan, layout = self._plan, self.layout
        layout.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store = EvidenceStore(layout.evidence)
        self._signer = load_or_create_signer(layout.log_key, plan.origin)
        self.log = EventLog.open(
            layout.log,
            origin=plan.origin,
            signer=self._signer,
            clock=SystemClock(),
            software=software(),
            store=self.store,
        )
        self._stack.callback(self.log.close)
        self._engine = open_database(layout.database)
        self._stack.callback(self._engine.dispose)
        self.projection = Projection(self._engine, self.log)

    def _make_devices(self) -> None:
        plan = self._plan
        self._scale = Scale(plan.scale, self._on_frame) if plan.scale else None
        self._camera = Camera(plan.camera) if plan.camera else None

    def _on_frame(self, frame: ScaleFrame) -> None:
        self.bench.on_frame(frame)

    def _make_bench(self) -> None:
        plan = self._plan
        secret = read_or_make_secret(self.layout.root / "keys" / "keyed-hash.key")
        parts = BenchParts(
            recorder=Recorder(self.log, self.projection, secret),
            projection=self.projection,
            evidence=EvidenceDesk(self.store, self._camera),
            scale=ScaleDesk(self._scale, plan.scale),
            policy=plan.policy,
            undo_seconds=plan.undo_seconds,
            state=resume(self.log, self._engine, self.projection),
            operator=plan.operator,
            idle_seconds=plan.idle_seconds,
            false_alarm=plan.false_alarm,
            default_packaging=plan.default_packaging,
        )
        site = Site(plan.station, self._devices, lambda: datetime.now().astimezone(), plan.hint)
        self.bench = Bench(parts, Presenter(site, texts(plan.language)))

    def _was_inspected(self, code: str) -> bool:
        return self.projection.case_for_waybill(code) is not None

    def _devices(self) -> DevicesSeen:
        return devices_seen(
            self._scale.health if self._scale else None,
            self._camera.health if self._camera else None,
            self.sync.status(),
            texts(self._plan.language),
        )

    def _make_sync(self) -> None:
        planned = self._plan.hub
        hub = self._start_own(planned) if isinstance(planned, OwnHub) else planned
        self.sync = SyncWorker(
            self.log,
            self.store,
            hub_url=hub.url,
            token=hub.token,
            station=self.log.station,
            on_change=self.bench.on_answer,
            cursor=self.bench.state().cursor,
        )

    def _start_own(self, own: OwnHub) -> RemoteHub:
        """Start the hub that a lone bench brings along."""
        hub = Hub(own.settings)
        self._stack.callback(hub.stop)
        token = read_or_make_secret(self.layout.root / "keys" / "hub-token.key").hex()
        hub.enrol(self.log.station, self._signer.vkey, token)
        server = HubServer(hub, own.host, own.port)
        url = server.start()
        self._stack.callback(server.stop)
        hub.start_dispatcher()
        return RemoteHub(url, token)

    def _start(self) -> None:
        """Start in the order in which they need each other; they stop in the opposite one."""
        inbox = ImportInbox(self.layout, self.log, self.projection)
        inbox.start()
        self._stack.callback(inbox.stop)
        self.bench.start()
        self._stack.callback(self.bench.stop)
        self.sync.start()
        self._stack.callback(self.sync.stop)
        if self._scale:
            self._scale.start()
            self._stack.callback(self._scale.stop)
        if self._camera:
            self._camera.start()
            self._stack.callback(self._camera.stop)
            if self._plan.scan_with_camera:
                scanner = CameraScanner(self._camera, self.bench, self._was_inspected)
                scanner.start()
                self._stack.callback(scanner.stop)


def read_or_make_secret(path: Path) -> bytes:
    """The 32 random bytes in ``path``, made on first use with mode 0600.

    Raises:
        ValueError: the file does not hold 32 bytes in hexadecimal.

    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = secrets.token_bytes(32).hex()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ValueError(f"{path} is damaged: 64 hexadecimal digits are expected. Restore it")
    return secret


def software() -> dict[str, str]:
    """Name and version of the program, for every entry of the log."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return {"name": "returnbench", "version": metadata.version("returnbench"), "py": python}
