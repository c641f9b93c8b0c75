"""``returnbench doctor``: checks libraries, devices, clock, disk, keys and hub."""

import argparse
import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from returnbench.station.doctor import Check, CheckStatus, diagnose

_SIGNS = {CheckStatus.OK: "[ok]  ", CheckStatus.WARN: "[warn]", CheckStatus.FAIL: "[FAIL]"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command to ``parser``."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="configuration (default: ./config.toml)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print every check; 1 when one of them failed."""
    checks = diagnose(options.config)
    failed = any(check.status is CheckStatus.FAIL for check in checks)
    if options.json:
        body = {"ok": not failed, "checks": [dataclasses.asdict(check) for check in checks]}
        print(json.dumps(body))
    else:
        _print(checks)
    return 1 if failed else 0


def _print(checks: Sequence[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{_SIGNS[check.status]} {check.name:<{width}}  {check.found}")
        if check.remedy:
            print(f"{'':{width + 9}}-> {check.remedy}")
    count = Counter(check.status for check in checks)
    print(
        f"\n{count[CheckStatus.OK]} ok, {count[CheckStatus.WARN]} to know about, "
        f"{count[CheckStatus.FAIL]} to put right"
    )
