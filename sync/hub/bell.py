"""Wakes the requests that wait for news, from any thread."""

import asyncio
import contextlib
import threading

# Another hub process on the same database cannot ring here, so waiters look by themselves as well.
_LONGEST_WAIT_SECONDS = 1.0


class Bell:
    """Rung when there may be something new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.rings = 0
        self.closed = False

    def ring(self) -> None:
        """Wake all who wait."""
        with self._lock:
            self.rings += 1
            for loop, event in self._waiting:
                # A loop that has just been closed has nobody left to wake.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

    def open(self) -> None:
        """Let requests wait again after :meth:`close`."""
        self.closed = False

    def close(self) -> None:
        """Let nobody wait any more."""
        self.closed = True
        self.ring()

    async def wait(self, seen: int, longest: float) -> None:
        """Wait until it has rung more than ``seen`` times, at most ``longest`` seconds or one."""
        event = asyncio.Event()
        waiter = (asyncio.get_running_loop(), event)
        with self._lock:
            if self.closed or self.rings != seen:
                return
            self._waiting.add(waiter)
        try:
            async with asyncio.timeout(min(longest, _LONGEST_WAIT_SECONDS)):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(waiter)
