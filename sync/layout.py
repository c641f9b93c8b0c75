"""Where the files of a station lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataLayout:
    """The paths below the data folder of one station."""

    root: Path

    @property
    def log(self) -> Path:
        """Folder of the event log: entries, checkpoint, lock."""
        return self.root / "log"

    @property
    def origin_file(self) -> Path:
        """The name of the log, one line; the last part of its path is the station."""
        return self.log / "origin"

    @property
    def evidence(self) -> Path:
        """Folder of the evidence store."""
        return self.root / "evidence"

    @property
    def database(self) -> Path:
        """The tables made from the log; may be deleted, they are made again."""
        return self.root / "station.db"

    @property
    def log_key(self) -> Path:
        """Private key that signs the heads of the log."""
        return self.root / "keys" / "log.key"

    def read_origin(self) -> str | None:
        """The origin of the log that is here; ``None`` when there is none yet."""
        try:
            return self.origin_file.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
