"""System parts that some tests need: programs and libraries that Python cannot install.

``@pytest.mark.needs("tmux")`` names them. Where one is missing the test is skipped and says what to
install; in CI (``CI`` set in the environment) it fails, because there nothing may be left out.
"""

import os
import shutil
from collections.abc import Callable
from ctypes.util import find_library

import pytest
from hypothesis import settings

# In CI the same examples every time: what failed there fails here, too. Everywhere else new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")

PARTS: dict[str, tuple[str, Callable[[], bool]]] = {
    "tmux": ("apt-get install tmux", lambda: shutil.which("tmux") is not None),
    "cc": ("apt-get install gcc libc6-dev", lambda: shutil.which("cc") is not None),
    "chromium": ("apt-get install chromium", lambda: shutil.which("chromium") is not None),
    "openssl": ("apt-get install openssl", lambda: shutil.which("openssl") is not None),
    "zbar": (
        "apt-get install --no-install-recommends libzbar0",
        lambda: find_library("zbar") is not None,
    ),
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*parts): system parts without which it cannot run")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for part in mark.args:
            remedy, is_there = PARTS[part]
            if is_there():
                continue
            message = f"{part} is missing on this machine: {remedy}"
            if os.environ.get("CI"):
                pytest.fail(message, pytrace=False)
            pytest.skip(message)
