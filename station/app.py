"""The Textual app of the bench: sends every key to one router and shows the newest view."""

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen

from returnbench.drivers.quiet_cv import divert_native_output
from returnbench.station.keyboard import Keyboard
from returnbench.station.port import BenchPort
from returnbench.station.preview import Picture
from returnbench.station.preview_feed import PreviewFeed
from returnbench.station.screen_bells import BELLS
from returnbench.station.screen_messages import BurstDue, PictureReady, ToneSounded, ViewChanged
from returnbench.station.screen_words import ENGLISH, ScreenWords
from returnbench.station.screens import BenchScreen
from returnbench.station.themes import PALETTES, PREFIX, bench_theme
from returnbench.station.view import BenchView, Tone
from returnbench.station.wedge import GAP_NS, CutOff, KeyPress, ScanText, WedgeEvent

logger = logging.getLogger(__name__)

EXIT_SOFTWARE = 70
"""Exit status after an error of the program itself (``EX_SOFTWARE`` of sysexits.h)."""

LEAVING_KEYS = frozenset({"ctrl+c", "ctrl+q"})
LEAVE_AGAIN_NS = 3_000_000_000
"""How long after the first the second key press leaves the program."""

SETTLING_NS = 5_000_000
"""A key may be this much older than its handing over (the interpreter's switch interval)."""


class BenchApp(App[None], inherit_bindings=False):
    """Routes keys to the bench, shows its views, sounds its tones. It decides nothing.

    ``preview`` gives the camera's newest JPEG. ``gap_ns`` and ``prefix`` belong to a wedge scanner
    (see ``Wedge``). ``log_file`` is named to the person when the program fails.
    Raises ``ValueError`` for an unknown ``theme``.
    """

    CSS_PATH = Path(__file__).with_name("bench.tcss")
    TITLE = "returnbench"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    BINDINGS = []  # noqa: RUF012 - Textual declares it

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        port: BenchPort,
        *,
        theme: str = "dark",
        preview: Callable[[], bytes | None] | None = None,
        words: ScreenWords = ENGLISH,
        gap_ns: int = GAP_NS,
        prefix: str = "",
        log_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._port = port
        self._words = words
        self._log_file = log_file
        self._notice = ""
        self._leave_asked_ns: int | None = None
        self._burst_timer_set = False
        self._unsubscribe: Callable[[], None] | None = None
        self._keyboard = Keyboard(gap_ns=gap_ns, prefix=prefix)
        self._bench = BenchScreen(words)
        self.animation_level = "none"
        for name in PALETTES:
            self.register_theme(bench_theme(name))
        # Without colours the greys of the other themes would lie too close together.
        chosen = "monochrome" if self.no_color else theme
        bench_theme(chosen)
        self.theme = PREFIX + chosen
        self._feed: PreviewFeed | None = None
        if preview is not None:
            self._feed = PreviewFeed(
                preview, self._picture_size, self._picture_made, grey=chosen == "monochrome"
            )

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Values of the style sheet's colours under Textual's own themes."""
        return PALETTES["dark"].variables()

    def get_default_screen(self) -> Screen[None]:
        """The one permanent screen."""
        return self._bench

    def on_mount(self) -> None:
        """Show the bench as it is, then follow it."""
        self._keyboard.start()
        self._unsubscribe = self._port.subscribe(lambda view: self._post(ViewChanged(view)))
        self._port.on_tone(lambda tone: self._post(ToneSounded(tone)))
        self._show(self._port.view())
        if self._feed is not None:
            self._feed.start()
        if os.name == "posix" and not self.is_headless:
            # A service manager ends the bench with SIGTERM; the terminal must be left in order.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)

    def on_unmount(self) -> None:
        """Stop following the bench."""
        self._keyboard.stop()
        if self._feed is not None:
            self._feed.stop()
        if self._unsubscribe is not None:
            self._unsubscribe()

    async def on_event(self, event: events.Event) -> None:
        """Take every key and paste before any widget could."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._route(event)
            return
        await super().on_event(event)

    def _route(self, event: events.Key | events.Paste) -> None:
        # The time at which the terminal was read, not the time at which this handler got round.
        at_ns = int(event.time * 1e9)
        if isinstance(event, events.Key):
            self._deliver(self._keyboard.key(event.key, event.character, at_ns))
        else:
            self._deliver(self._keyboard.paste(event.text, at_ns))
        self._await_gap()

    def _await_gap(self) -> None:
        due_in_s = self._keyboard.due_in_s
        if due_in_s is None or self._burst_timer_set:
            return
        self._burst_timer_set = True
        self.set_timer(due_in_s + SETTLING_NS / 1e9, self._gap_over)

    async def _gap_over(self) -> None:
        # Not decided here: keys that were read before this moment may still be on their way. The
        # thread of the terminal hands a key over in two turns of the loop; then it is queued.
        at_ns = time.monotonic_ns() - SETTLING_NS
        for _ in range(3):
            await asyncio.sleep(0)
        self.post_message(BurstDue(at_ns))

    def on_burst_due(self, message: BurstDue) -> None:
        """End the open burst, now that every key before that moment has been seen."""
        self._burst_timer_set = False
        self._deliver(self._keyboard.settle(message.at_ns))
        self._await_gap()

    def _deliver(self, wedge_events: list[WedgeEvent]) -> None:
        for wedge_event in wedge_events:
            match wedge_event:
                case ScanText(text, at_ns, device):
                    self._notice = ""
                    self._port.scan(text, device, at_ns)
                case KeyPress(key, at_ns) if key in LEAVING_KEYS:
                    self._leave(at_ns)
                case KeyPress(key, at_ns):
                    self._notice = ""
                    self._port.key(key, at_ns)
                case CutOff(text, at_ns):
                    self._port.cut_off(text, at_ns)
                    logger.warning("%d characters came without an end and were not used", len(text))
                    self._notice = self._words.cut_off
                    self._ring(Tone.ATTENTION)
        self._bench.show_prompt(self._keyboard.typed, self._notice)

    def _leave(self, at_ns: int) -> None:
        asked_ns = self._leave_asked_ns
        if asked_ns is None or at_ns - asked_ns > LEAVE_AGAIN_NS:
            self._leave_asked_ns = at_ns
            self._notice = self._words.leave
        elif self._port.leave():
            self.exit()
        else:
            self._leave_asked_ns = None
            self._notice = self._words.cannot_leave

    def on_view_changed(self, message: ViewChanged) -> None:
        """Show the newest view."""
        self._show(message.view)

    def on_picture_ready(self, message: PictureReady) -> None:
        """Show the newest picture."""
        self._bench.show_picture(message.picture)

    def on_tone_sounded(self, message: ToneSounded) -> None:
        """Sound the tone."""
        self._ring(message.tone)

    def _show(self, view: BenchView) -> None:
        self._bench.show(view)
        self._bench.show_prompt(self._keyboard.typed, self._notice)

    def _ring(self, tone: Tone) -> None:
        for after_s in BELLS[tone]:
            if after_s:
                self.set_timer(after_s, self.bell)
            else:
                self.bell()

    def _picture_size(self) -> tuple[int, int]:
        return self._bench.preview.picture_size

    def _picture_made(self, picture: Picture | None) -> None:
        self._post(PictureReady(picture))

    def _post(self, message: Message) -> None:
        try:
            self.post_message(message)
        except RuntimeError:
            # The loop has ended between the check in ``post_message`` and its call.
            logger.debug("a message came after the screen was closed")

    def _handle_exception(self, error: Exception) -> None:
        """Log an error that nobody caught, and end with a plain message.

        Textual would print the traceback with the values of local variables on the terminal.
        """
        logger.critical("the bench screen stopped because of an error", exc_info=error)
        self._return_code = EXIT_SOFTWARE
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._stop_plainly()

    def panic(self, *renderables: RenderableType) -> None:
        """End with a plain message; Textual calls this when the thread of the keyboard fails."""
        logger.critical("the bench screen stopped: %s", " ".join(map(str, renderables)))
        self._return_code = EXIT_SOFTWARE
        self._stop_plainly()

    def _stop_plainly(self) -> None:
        if not self._exit_renderables:
            log = f"\nThe log: {self._log_file}" if self._log_file else ""
            self._exit_renderables.append(f"\n{self._words.stopped}{log}\n")
        self._close_messages_no_wait()


def run_bench(app: BenchApp) -> int:
    """Run the bench on the terminal and return the exit status: 0, or 70 after an error."""
    flush_terminal()
    # All that was imported and read stays for good: without this, the collector walks it again and
    # again, and a scan then waits 150 ms for its parcel.
    gc.collect()
    gc.freeze()
    # A damaged camera picture must not let a C library write across the screen.
    with divert_native_output():
        app.run(mouse=False)
    return app.return_code or 0


def flush_terminal() -> None:
    """Throw away what was struck before the start: it would be glued to the first scan."""
    stdin = sys.__stdin__
    if os.name == "posix" and stdin is not None and stdin.isatty():
        import termios  # noqa: PLC0415 - does not exist on Windows

        termios.tcflush(stdin.fileno(), termios.TCIFLUSH)
