"""The bench screen on the terminal that it was started on, with a port that writes down its acts.

Run as a program: ``python bench_on_a_terminal.py ACTS LOG [STALL_S]``. With a stall, the loop of
the screen stands still for that long, again and again, as under a handler that takes too long.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from returnbench.station.app import BenchApp, run_bench
from returnbench.station.view import BenchView, KeyView, StateView, Tone, WeightView

VIEW = BenchView(
    station="BENCH 07",
    operator="Ana",
    clock="14:03",
    state=StateView(Tone.READY, "SCAN THE NEXT PARCEL"),
    parcel=None,
    lines=(),
    weight=WeightView("0", "g", "stable", True, "", "", "", Tone.READY),
    photos=(),
    proposal=(),
    devices=(),
    backlog=0,
    refunds_pending=0,
    keys=(KeyView("1", "complete"),),
    history=(),
)


class WritingPort:
    """Appends each act to a file, one JSON value in a line."""

    def __init__(self, acts: Path) -> None:
        self._acts = acts.open("a", encoding="utf-8", buffering=1)
        self._listener: Callable[[BenchView], None] | None = None
        self._count = 0

    def scan(self, text: str, device: str, at_ns: int) -> None:
        self._write(["scan", text, device])
        self._count += 1
        if self._listener is not None:
            state = StateView(Tone.ACCEPTED, f"PARCEL {self._count}", (text,))
            self._listener(VIEW.__class__(**{**_fields(VIEW), "state": state}))

    def cut_off(self, text: str, at_ns: int) -> None:
        """Keep nothing: the screen itself says so."""

    def key(self, key: str, at_ns: int) -> None:
        if key == "f12":
            secret = "4111111111111111"  # noqa: F841 - must not reach the terminal
            raise LookupError("the bench failed")
        self._write(["key", key])

    def subscribe(self, listener: Callable[[BenchView], None]) -> Callable[[], None]:
        self._listener = listener
        return lambda: None

    def view(self) -> BenchView:
        return VIEW

    def on_tone(self, callback: Callable[[Tone], None]) -> None:
        pass

    def leave(self) -> bool:
        return True

    def _write(self, act: list[str]) -> None:
        self._acts.write(json.dumps(act) + "\n")


class StallingApp(BenchApp):
    """Stands still regularly, and says when it is ready for keys."""

    stall_s = 0.0

    def on_ready(self) -> None:
        self._port.key("ready", 0)
        if self.stall_s:
            self.set_interval(self.stall_s * 1.5, lambda: time.sleep(self.stall_s))


def _fields(view: BenchView) -> dict[str, object]:
    return {name: getattr(view, name) for name in view.__dataclass_fields__}


def main() -> int:
    acts, log = Path(sys.argv[1]), Path(sys.argv[2])
    logging.basicConfig(filename=log, level=logging.INFO)
    app = StallingApp(WritingPort(acts), log_file=log)
    app.stall_s = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    return run_bench(app)


if __name__ == "__main__":
    sys.exit(main())
