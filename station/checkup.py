"""The outcome of one check of the doctor."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """The bench works, with less than it could have."""
    FAIL = "fail"
    """The bench does not work, or not as config.toml says."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do about it."""

    name: str
    status: CheckStatus
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    """Nothing to do."""
    return Check(name, CheckStatus.OK, found)


def warn(name: str, found: str, remedy: str) -> Check:
    """It works without, but a person should know."""
    return Check(name, CheckStatus.WARN, found, remedy)


def fail(name: str, found: str, remedy: str) -> Check:
    """It has to be put right."""
    return Check(name, CheckStatus.FAIL, found, remedy)
