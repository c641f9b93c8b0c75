"""The clocks of this machine, and what is said about them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from returnbench.sync.clock import SystemClock, rfc3339


def test_the_system_clock_says_what_it_knows():
    clock = SystemClock()
    quality = clock.quality()
    assert quality.source in ("os", "unknown")
    # A bound exists only where somebody keeps the clock.
    assert (quality.max_err_ms is not None) == (quality.synced is True)
    assert clock.boot_id == SystemClock().boot_id
    before = clock.mono_ns()
    assert clock.mono_ns() >= before
    assert abs(clock.utc() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.utc().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 21, 14, 3, 22, 417_999, UTC), "2026-11-21T14:03:22.417Z"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00.000Z"),
        (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=8))), "2026-01-01T16:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(moment, text):
    assert rfc3339(moment) == text
