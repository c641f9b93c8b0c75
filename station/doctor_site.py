"""Checks of what config.toml names: scale, camera, keys, secrets, hub. None of them may raise."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

from returnbench.station.checkup import Check, fail, ok, warn
from returnbench.station.doctor_machine import load
from returnbench.station.secret import SecretError
from returnbench.station.settings import (
    CameraConfig,
    HubServerConfig,
    ScaleConfig,
    Settings,
    ShopConfig,
)

_CONNECT_SECONDS = 3.0
_HUB_SECONDS = 5.0


def check_ports() -> Check:
    """The serial ports that exist."""
    ports = load("returnbench.drivers.scales.transport").existing_ports()
    return ok("serial ports", ", ".join(ports) or "none")


def check_scale(scale: ScaleConfig) -> Check:
    """Whether the port of the scale can be opened. Nothing is sent."""
    if not scale.enabled:
        remedy = "connect a scale and set [scale] in config.toml; until then nothing is weighed"
        return warn("scale", "none is configured", remedy)
    transport = load("returnbench.drivers.scales.transport")
    registry = load("returnbench.drivers.scales.registry")
    if scale.protocol not in registry.PROTOCOLS:
        found = f'the protocol "{scale.protocol}" is not known'
        known = ", ".join(registry.PROTOCOLS)
        return fail("scale", found, f"set [scale] protocol to one of {known}")
    try:
        settings = load("returnbench.drivers.scales.settings").ScaleSettings(
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
        registry.protocol_named(settings.protocol, settings.options)
        transport.open_port(settings).close()
    except ValueError as error:
        return fail("scale", str(error), "correct [scale] in config.toml")
    except transport.PortError as error:
        return _port_problem(scale.url, error.code, str(error), transport.existing_ports())
    return ok("scale", f"{scale.url} can be opened ({scale.protocol}, {scale.baud} baud)")


def check_camera(camera: CameraConfig) -> Check:
    """Whether the source of the camera exists. It is not opened: the bench may be using it."""
    if not camera.enabled:
        remedy = "connect a camera and set [camera] in config.toml; until then cases have no photos"
        return warn("camera", "none is configured", remedy)
    address = urlsplit(camera.source)
    if address.scheme and address.hostname:
        return _network_camera(address.hostname, address.port or _port_of(address.scheme))
    source = f"/dev/video{camera.source}" if camera.source.isdigit() else camera.source
    if Path(source).exists():
        return ok("camera", f"{source} exists")
    present = ", ".join(_present_cameras()) or "none"
    remedy = f"plug the camera in, or set [camera] source; cameras here: {present}"
    return fail("camera", f"{source} does not exist", remedy)


def check_log_key(settings: Settings) -> Check:
    """The key that signs the event log, and whether the log still has the configured name."""
    layout = load("returnbench.sync.layout").DataLayout(settings.station.data_dir)
    keys = load("returnbench.sync.keys")
    if not layout.log_key.exists() and not layout.origin_file.exists():
        return ok("log key", f"is made on first start at {layout.log_key}")
    try:
        origin = layout.read_origin() or settings.station.origin
        keys.load_signer(layout.log_key, origin)
    except keys.KeyFileError as error:
        return fail("log key", str(error), "the log cannot be continued without its key")
    if origin != settings.station.origin:
        found = f'the log is named "{origin}", config.toml says "{settings.station.origin}"'
        return fail("log key", found, "a log keeps its name: correct station.origin")
    return ok("log key", f"{layout.log_key}, only its owner can read it")


def check_shop(shop: ShopConfig) -> Check:
    """Whether the secret of a shop is there and safe."""
    name = f"shop {shop.name}"
    try:
        shop.secret()
    except SecretError as error:
        return fail(name, str(error), "without it no refund order can be signed")
    return ok(name, "its secret can be read")


def check_hub(settings: Settings) -> Check:
    """Whether the hub answers, or the address of the embedded one is free."""
    if settings.hub.mode == "embedded":
        return _embedded_hub(settings.hub_server)
    try:
        settings.hub.token()
    except SecretError as error:
        return fail("hub", str(error), "ask for a token at the hub and store it there")
    calling = load("returnbench.sync.calling")
    url = settings.hub.url.rstrip("/") + "/v1/health"
    caller = calling.Caller(keep_alive=False)
    try:
        answer = caller.call("GET", url, deadline=_HUB_SECONDS)
    except calling.CallError as error:
        remedy = "check the network and hub.url; the bench works on and sends later"
        return fail("hub", f"{url} does not answer: {error}", remedy)
    finally:
        caller.close()
    if answer.status != 200:
        return fail("hub", f"{url} answers with {answer.status}", "look at the hub's own log")
    return ok("hub", f"{settings.hub.url} answers")


def _port_problem(url: str, code: str, detail: str, ports: list[str]) -> Check:
    if code == "port-busy":
        remedy = "a running bench may have it; else find who: fuser " + url
        return warn("scale", f"{url} is in use by another program", remedy)
    if code == "port-denied":
        remedy = "add this user to the group and log in again: usermod -aG dialout USER"
        return fail("scale", f"{url} must not be opened by this user", remedy)
    remedy = f"plug it in, or set [scale] url; ports here: {', '.join(ports) or 'none'}"
    return fail("scale", f"{url} cannot be opened: {detail}", remedy)


def _network_camera(host: str, port: int) -> Check:
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        found = f"{host}:{port} does not answer: {error.strerror or error}"
        return fail("camera", found, "check its power, its network and [camera] source")
    return ok("camera", f"{host}:{port} answers")


def _port_of(scheme: str) -> int:
    return {"https": 443, "rtsp": 554}.get(scheme, 80)


def _present_cameras() -> list[str]:
    lasting = sorted(map(str, Path("/dev/v4l/by-id").glob("*")))
    return lasting + sorted(map(str, Path("/dev").glob("video*")))


def _embedded_hub(server: HubServerConfig) -> Check:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            found = f"{server.host}:{server.port} cannot be used: {error.strerror or error}"
            remedy = "a running bench or hub may have it; else set another hub_server.port"
            return warn("hub", found, remedy)
    return ok("hub", f"embedded, {server.host}:{server.port} is free")
