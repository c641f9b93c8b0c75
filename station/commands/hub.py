"""``returnbench hub``: receive the logs of the benches and trigger the refunds."""

import argparse
import json
import logging
import os
import re
import signal
import sys
import threading
from pathlib import Path

from returnbench.station.config import ConfigError, load_settings
from returnbench.station.secret import SecretError, read_secret
from returnbench.station.settings import HubServerConfig, ShopConfig
from returnbench.sync.hub.server import HubServer
from returnbench.sync.hub.service import Hub, HubBusyError
from returnbench.sync.hub.settings import HubSettings, HubSettingsError, ShopSettings
from returnbench.sync.hub.stations import EnrolmentError
from returnbench.sync.keys import KeyFileError
from returnbench.sync.serving import ServerError

_TROUBLE = (
    ConfigError,
    SecretError,
    HubSettingsError,
    HubBusyError,
    EnrolmentError,
    KeyFileError,
    ServerError,
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command. They win over the configuration file."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default ./config.toml)"
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the hub's data")
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")
    parser.add_argument("--retry-base", type=float, metavar="S", help="seconds to the first retry")
    parser.add_argument(
        "--shop",
        action="append",
        default=[],
        metavar="NAME=URL",
        type=_pair,
        help="where refund orders of this shop go; its secret is in the environment variable "
        "RETURNBENCH_SHOP_SECRET_NAME unless --shop-secret names a file",
    )
    parser.add_argument(
        "--shop-read",
        action="append",
        default=[],
        metavar="NAME=URL",
        type=_pair,
        help="where the shop tells what became of an order; without it an unclear answer waits "
        "for a person",
    )
    parser.add_argument(
        "--shop-secret", action="append", default=[], metavar="NAME=FILE", type=_pair
    )
    parser.add_argument(
        "--enrol",
        action="append",
        default=[],
        nargs=3,
        metavar=("STATION", "VKEY", "TOKENFILE"),
        help="let a station in: its name, the verifier key of its log, a file with its token",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON when ready")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 1 when the hub cannot be started."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # One line for each request would hide what matters.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        _serve(options, ended)
    except _TROUBLE as error:
        print(f"returnbench hub: {error}", file=sys.stderr)
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _serve(options: argparse.Namespace, ended: threading.Event) -> None:
    configured = load_settings(options.config)
    server_config = configured.hub_server
    hub = Hub(_hub_settings(options, server_config, configured.shops))
    try:
        for station, vkey, token_file in options.enrol:
            token = read_secret("", token_file, f"token of station {station}")
            hub.enrol(station, vkey, token.reveal())
        port = server_config.port if options.port is None else options.port
        server = HubServer(hub, options.host or server_config.host, port)
        url = server.start()
        try:
            hub.start_dispatcher()
            _say_ready(options, hub, url)
            ended.wait()
        finally:
            server.stop()
    finally:
        hub.stop()


def _say_ready(options: argparse.Namespace, hub: Hub, url: str) -> None:
    if options.json:
        print(json.dumps({"ready": True, "url": url, "vkey": hub.vkey}), flush=True)
    else:
        shops = ", ".join(shop.shop for shop in hub.settings.shops) or "none"
        print(f"hub ready at {url}\ndata in {hub.settings.data_dir}, shops: {shops}", flush=True)


def _hub_settings(
    options: argparse.Namespace, configured: HubServerConfig, shops: tuple[ShopConfig, ...]
) -> HubSettings:
    base = options.retry_base
    return HubSettings(
        data_dir=options.data or configured.data_dir,
        shops=_shops(options, shops),
        database_url=configured.database_url,
        retry_base_seconds=float(configured.retry_base_seconds if base is None else base),
    )


def _shops(
    options: argparse.Namespace, configured: tuple[ShopConfig, ...]
) -> tuple[ShopSettings, ...]:
    found = {
        shop.name: ShopSettings(shop.name, shop.webhook_url, shop.secret().reveal(), shop.read_url)
        for shop in configured
    }
    read_urls, secret_files = dict(options.shop_read), dict(options.shop_secret)
    for name, url in options.shop:
        variable = "RETURNBENCH_SHOP_SECRET_" + re.sub(r"\W", "_", name).upper()
        file = secret_files.get(name, "")
        if not file and variable not in os.environ:
            raise SecretError(
                f"shop {name}: no secret; set {variable} or give --shop-secret {name}=FILE"
            )
        secret = read_secret("" if file else variable, file, f"shop {name}")
        found[name] = ShopSettings(name, url, secret.reveal(), read_urls.get(name, ""))
    unknown = sorted((read_urls.keys() | secret_files.keys()) - found.keys())
    if unknown:
        raise HubSettingsError(f"--shop-read or --shop-secret names {unknown[0]}, --shop does not")
    return tuple(found.values())
