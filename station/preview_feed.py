"""The thread that turns the camera's newest JPEG into a picture for the screen."""

import logging
import threading
from collections.abc import Callable

from returnbench.station.preview import FRAMES_PER_SECOND, Picture, render_preview

logger = logging.getLogger(__name__)


class PreviewFeed:
    """Makes a few pictures in a second, always of the newest frame; the others are dropped.

    ``source`` gives the newest JPEG or nothing, ``size`` the cells to fill (0, 0 while there is no
    place), ``show`` takes each picture, or nothing when the camera has none. All three are called
    in this thread. It knows nothing of the screen.
    """

    def __init__(
        self,
        source: Callable[[], bytes | None],
        size: Callable[[], tuple[int, int]],
        show: Callable[[Picture | None], None],
        *,
        grey: bool = False,
    ) -> None:
        self._source = source
        self._size = size
        self._show = show
        self._grey = grey
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._done: tuple[bytes, tuple[int, int]] | None = None
        self._is_empty = False
        self._failed = False

    def start(self) -> None:
        """Begin to make pictures."""
        self._thread.start()

    def stop(self) -> None:
        """End after the picture that is being made; returns at once."""
        self._stop.set()

    def join(self, timeout_s: float) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.wait(1 / FRAMES_PER_SECOND):
            try:
                self._make()
            except Exception:
                # A sick camera must not end the preview for good. Said once, not five times a
                # second.
                if not self._failed:
                    logger.exception("the camera preview failed")
                self._failed = True
                self._nothing()
            else:
                self._failed = False

    def _make(self) -> None:
        size = self._size()
        if size == (0, 0):
            return
        jpeg = self._source()
        if jpeg is None:
            self._nothing()
            return
        if self._done == (jpeg, size) and not self._is_empty:
            return
        picture = render_preview(jpeg, *size, grey=self._grey)
        if picture is None:
            self._nothing()
            return
        self._done = (jpeg, size)
        self._is_empty = False
        self._show(picture)

    def _nothing(self) -> None:
        if not self._is_empty:
            self._is_empty = True
            self._show(None)
