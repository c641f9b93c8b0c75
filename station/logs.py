"""The program's own log: one JSON object per line in a rotating file, nothing on the terminal.

Times are UTC with milliseconds. Records of a parcel carry its case: ``extra={"case": case_id}``.
Customer data never goes into a record. A disk that is full or gone later costs records, never
the program: what could not be written is counted and told by the next record that can.
"""

import io
import json
import logging
import os
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from returnbench.station.settings import LogConfig


class JsonLines(logging.Formatter):
    """A record as one line of JSON: ``utc``, ``level``, ``logger``, ``thread``, ``message``.

    ``case`` and ``traceback`` are added where the record has them.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        fields: dict[str, Any] = {
            "utc": utc_text(record.created),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "message": _message(record),
        }
        case = getattr(record, "case", None)
        if case is not None:
            fields["case"] = str(case)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        # ASCII only: half characters of undecodable input cannot break the file.
        return json.dumps(fields)


def start_logging(settings: LogConfig, data_dir: Path) -> str | None:
    """Write the records of all loggers to the file of ``settings``, from its level on.

    A relative file lies in ``data_dir``. Returns ``None``, or a sentence that says why the file
    cannot be written and what to do; the program then runs on without a log. Calling it again
    replaces what was started before.
    """
    stop_logging()
    path = data_dir / settings.file
    root = logging.getLogger()
    problem = None
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _QuietFile(path, settings)
    except OSError as error:
        reason = error.strerror or error
        problem = (
            f"the log file {path} cannot be written ({reason}): nothing is logged. "
            "Make the folder writable, or give another [log] file in config.toml"
        )
        # Without any handler the logging package would write warnings over the screen.
        handler = logging.NullHandler()
    handler.set_name(_HANDLER_NAME)
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(settings.level)
    logging.captureWarnings(True)
    return problem


def stop_logging() -> None:
    """Close the file that :func:`start_logging` opened. Without one, nothing happens."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == _HANDLER_NAME]:
        root.removeHandler(handler)
        handler.close()
        root.setLevel(logging.WARNING)
        logging.captureWarnings(False)


def utc_text(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 text in UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_HANDLER_NAME = "returnbench-file"


class _QuietFile(RotatingFileHandler):
    """A rotating file that is never in the way: its own failures do not reach the terminal."""

    def __init__(self, path: Path, settings: LogConfig) -> None:
        self._lost = 0
        super().__init__(
            path, maxBytes=settings.max_bytes, backupCount=settings.backups, encoding="utf-8"
        )

    def _open(self) -> io.TextIOWrapper:
        # A new file is for its owner and group: support needs it, others do not. Nothing is
        # buffered, so that a record is either in the file or counted as lost.
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        raw = os.fdopen(number, "wb", buffering=0)
        return io.TextIOWrapper(raw, encoding="utf-8", write_through=True)

    def emit(self, record: logging.LogRecord) -> None:
        lost = self._lost
        super().emit(record)
        if lost and self._lost == lost:
            self._lost = 0
            super().emit(
                logging.LogRecord(
                    __name__, logging.WARNING, __file__, 0, "%d records were lost", (lost,), None
                )
            )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - name of the base
        self._lost += 1


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A wrong format must not cost the record that was to explain a failure.
        return f"{record.msg} {record.args!r}"
