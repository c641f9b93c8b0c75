"""The doctor: looks at everything a bench needs and says what to do about what it finds."""

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from returnbench.station import doctor_machine as machine
from returnbench.station import doctor_site as site
from returnbench.station.checkup import Check, CheckStatus, fail, ok, warn
from returnbench.station.config import CONFIG_NAME, ConfigError, load_settings
from returnbench.station.settings import Settings

__all__ = ["Check", "CheckStatus", "diagnose"]

_REINSTALL = "install returnbench again: its libraries come with it"


def diagnose(config: Path | None) -> tuple[Check, ...]:
    """All checks with the configuration in ``config`` (or where the program looks for it).

    A configuration that cannot be used is a failed check; the others then use the defaults.
    """
    settings = Settings()
    first: list[Check] = []
    try:
        settings = load_settings(config)
    except ConfigError as error:
        remedy = "correct the lines named above; the shipped config.toml explains every key"
        first += [fail("config", line, remedy) for line in str(error).splitlines()]
    else:
        first.append(_config_found(config))
    return (*first, *(_guarded(name, check) for name, check in _checks(settings)))


def _config_found(config: Path | None) -> Check:
    path = config or Path(CONFIG_NAME)
    if path.exists():
        return ok("config", f"{path.absolute()} is valid")
    remedy = "copy the shipped config.toml here and fill it in, or name it by --config"
    return warn("config", f"there is no ./{CONFIG_NAME}: the built-in defaults hold", remedy)


def _checks(settings: Settings) -> Iterator[tuple[str, Callable[[], Check]]]:
    data_dir = settings.station.data_dir
    yield "python", machine.check_python
    yield "sqlite", machine.check_sqlite
    for name, module in (("opencv", "cv2"), ("zxing-cpp", "zxingcpp"), ("pyserial", "serial")):
        yield name, partial(machine.check_library, name, module, _REINSTALL)
    yield "zbar", machine.check_zbar
    yield "serial ports", site.check_ports
    yield "scale", lambda: site.check_scale(settings.scale)
    yield "camera", lambda: site.check_camera(settings.camera)
    yield "clock", machine.check_clock
    yield "disk", lambda: machine.check_disk(data_dir)
    yield "data folder", lambda: machine.check_data_folder(data_dir)
    yield "log key", lambda: site.check_log_key(settings)
    yield "hub", lambda: site.check_hub(settings)
    for shop in settings.shops:
        yield f"shop {shop.name}", partial(site.check_shop, shop)
    yield "terminal", lambda: machine.check_terminal(sys.stdout, os.environ)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """The outcome of ``check``; a library or a file that is not there is an outcome, too."""
    try:
        return check()
    except ImportError as error:
        return fail(name, f"a library cannot be loaded: {error}", _REINSTALL)
    except (OSError, ValueError, RuntimeError) as error:
        return fail(name, f"cannot be checked: {error}", "send this line to support")
