"""Wall-clock time of the hub, for due times that must outlive a restart."""

from datetime import UTC, datetime


def now_ms() -> int:
    """Unix time in milliseconds, UTC."""
    return int(datetime.now(UTC).timestamp() * 1000)


def utc_text() -> str:
    """RFC 3339 with milliseconds and ``Z``."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
