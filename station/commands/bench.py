"""``returnbench bench``: the bench with the devices of config.toml."""

import argparse
import sys
from pathlib import Path

from returnbench.drivers.camera_source import CameraSettings
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.inspect.case import Mass
from returnbench.station.commands.stopping import stop_on_sigterm
from returnbench.station.config import ConfigError, load_settings
from returnbench.station.logs import start_logging
from returnbench.station.secret import SecretError
from returnbench.station.settings import Settings
from returnbench.station.wiring import OwnHub, RemoteHub, Station, StationPlan
from returnbench.sync.hub.service import HubBusyError
from returnbench.sync.hub.settings import HubSettings, HubSettingsError, ShopSettings
from returnbench.sync.keys import KeyFileError
from returnbench.sync.log import LogBusy, LogDamaged, LogWriteFailed
from returnbench.sync.projection import ProjectionFailed
from returnbench.sync.serving import ServerError

_TROUBLE = (
    ConfigError,
    SecretError,
    HubSettingsError,
    HubBusyError,
    KeyFileError,
    LogBusy,
    LogDamaged,
    LogWriteFailed,
    ProjectionFailed,
    ServerError,
    ValueError,
    OSError,
)
"""What may keep a bench from starting; each says itself what to do."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default ./config.toml)"
    )
    parser.add_argument("--theme", default="dark", help="dark, light, high-contrast, monochrome")


def run(options: argparse.Namespace) -> int:
    """Run the bench on this terminal; 1 when it cannot be started."""
    stop_on_sigterm()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("returnbench bench: it needs a terminal of its own", file=sys.stderr)
        return 2
    try:
        settings = load_settings(options.config)
        plan = plan_of(settings)
        problem = start_logging(settings.log, settings.station.data_dir)
        if problem:
            print(f"returnbench bench: {problem}", file=sys.stderr)
        return _run(options, settings, plan)
    except _TROUBLE as error:
        print(f"returnbench bench: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, settings: Settings, plan: StationPlan) -> int:
    # Textual takes its time to import; a wrong configuration is told before.
    from returnbench.station.app import BenchApp, run_bench  # noqa: PLC0415

    with Station(plan) as station:
        app = BenchApp(
            station.bench,
            theme=options.theme,
            preview=station.preview,
            gap_ns=settings.scanner.gap_ms * 1_000_000,
            prefix=settings.scanner.prefix,
            log_file=settings.station.data_dir / settings.log.file,
        )
        return run_bench(app)


def plan_of(settings: Settings) -> StationPlan:
    """The station that ``settings`` describe.

    Raises:
        SecretError: a secret that is named is not there, or others can read it.
        HubSettingsError: a shop or the hub cannot be set up so.
        ValueError: a value of the scale is impossible.

    """
    station, weight = settings.station, settings.weight
    return StationPlan(
        data_dir=station.data_dir,
        station=station.id,
        origin=station.origin,
        hub=_hub(settings),
        scale=_scale(settings),
        camera=_camera(settings),
        policy=settings.policy.as_policy(),
        language=station.language,
        undo_seconds=float(station.undo_seconds),
        idle_seconds=station.operator_idle_minutes * 60.0,
        false_alarm=float(weight.max_false_accusation),
        default_packaging=Mass(weight.default_packaging_mg, weight.default_packaging_sd_mg),
        scan_with_camera=settings.camera.enabled,
    )


def _scale(settings: Settings) -> ScaleSettings | None:
    scale = settings.scale
    if not scale.enabled:
        return None
    return ScaleSettings(
        scale.name,
        scale.url,
        protocol=scale.protocol,
        options=scale.options(),
        baud=scale.baud,
        bytesize=scale.bytesize,
        parity=scale.parity,
        stopbits=scale.stopbits,
        division_mg=scale.division_mg,
        capacity_mg=scale.capacity_mg,
        accuracy_class=scale.accuracy_class,
    )


def _camera(settings: Settings) -> CameraSettings | None:
    camera = settings.camera
    if not camera.enabled:
        return None
    return CameraSettings(
        camera.role, camera.source, camera.width, camera.height, camera.fps, camera.role
    )


def _hub(settings: Settings) -> RemoteHub | OwnHub:
    if settings.hub.mode == "remote":
        return RemoteHub(settings.hub.url, settings.hub.token().reveal())
    server = settings.hub_server
    shops = tuple(
        ShopSettings(shop.name, shop.webhook_url, shop.secret().reveal(), shop.read_url)
        for shop in settings.shops
    )
    return OwnHub(
        HubSettings(
            data_dir=server.data_dir,
            shops=shops,
            database_url=server.database_url,
            retry_base_seconds=float(server.retry_base_seconds),
        ),
        server.host,
        server.port,
    )
