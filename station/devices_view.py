"""The health of devices and connections, as the screen shows it. Pure."""

from dataclasses import dataclass

from returnbench.drivers.health import DeviceHealth, DeviceState
from returnbench.station.text import Texts
from returnbench.station.view import DeviceView
from returnbench.sync.push import SyncStatus


@dataclass(frozen=True, slots=True)
class DevicesSeen:
    """The health strip, and what else the panels need to know of the devices."""

    views: tuple[DeviceView, ...]
    backlog: int
    has_scale: bool


def devices_seen(
    scale: DeviceHealth | None,
    camera: DeviceHealth | None,
    sync: SyncStatus | None,
    texts: Texts,
) -> DevicesSeen:
    """The strip for these healths; ``None`` is a device that is not configured."""
    views = (
        _device("scale", scale, texts),
        _device("camera", camera, texts),
        _hub(sync, texts),
    )
    return DevicesSeen(views, sync.backlog if sync else 0, scale is not None)


def _device(name: str, health: DeviceHealth | None, texts: Texts) -> DeviceView:
    label = texts(f"device.{name}")
    if health is None:
        return DeviceView(label, texts("device.off"), ok=False)
    words = {
        DeviceState.STARTING: "device.starting",
        DeviceState.READY: "device.ok",
        DeviceState.DEGRADED: "device.degraded",
        DeviceState.LOST: "device.lost",
    }
    ok = health.state is DeviceState.READY
    remedy = "" if ok else _remedy(name, health, texts)
    return DeviceView(label, texts(words[health.state]), ok=ok, remedy=remedy)


def _remedy(name: str, health: DeviceHealth, texts: Texts) -> str:
    """What to do about this code; what nobody foresaw is shown as the device said it."""
    known = f"{name}_health.{health.code}"
    if texts.has(known):
        return texts(known)
    return texts(f"remedy.{name}", detail=health.detail or health.code)


def _hub(sync: SyncStatus | None, texts: Texts) -> DeviceView:
    label = texts("device.hub")
    if sync is None:
        return DeviceView(label, texts("device.off"), ok=False)
    if sync.halted:
        remedy = texts("remedy.hub_halted", error=sync.last_error)
        return DeviceView(label, texts("device.halted"), ok=False, remedy=remedy)
    if not sync.connected:
        remedy = texts("remedy.hub_offline")
        return DeviceView(label, texts("device.offline"), ok=False, remedy=remedy)
    return DeviceView(label, texts("device.ok"), ok=True)
