"""The readings behind one weighing as a file: every frame as received, with what it was read as.

JSON lines (``application/jsonl``): a header, then one object per frame. Reading the raw bytes again
with the named protocol must give the same values; :func:`parse_record` does that.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from typing import Any, get_origin

from returnbench.drivers.scales.protocol import frame_of
from returnbench.drivers.scales.protocol_options import options_of, plain_options
from returnbench.drivers.scales.registry import protocol_named
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.inspect.weighing import (
    NoWeight,
    NoWeightReason,
    Reading,
    ScaleFrame,
    StabilitySource,
    WeightKind,
    WeightUnit,
)

MEDIA_TYPE = "application/jsonl"
VERSION = 1


class RecordError(ValueError):
    """The bytes are not a record of readings; the text names the line."""


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """First line of a record. Masses are milligrams; ``nonce`` makes its hash unguessable.

    ``options`` is what the site entered because the frames of the protocol leave it out; records
    of before there were options have none.
    """

    scale: str
    proto: str
    port: str
    baud: int
    start_utc: str
    nonce: str
    division_mg: int
    interval_mg: int
    capacity_mg: int
    accuracy_class: str
    v: int = VERSION
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read back.

    ``differences`` names the frames whose raw bytes do not give the stored values; it is empty for
    an honest record.
    """

    header: RecordHeader
    frames: tuple[ScaleFrame, ...]
    differences: tuple[str, ...]


def header_of(settings: ScaleSettings, identity: str, start_utc: str, nonce: str) -> RecordHeader:
    """The header for a record of this scale. ``start_utc`` is RFC 3339 with ``Z``."""
    return RecordHeader(
        scale=identity,
        proto=settings.protocol,
        port=settings.url,
        baud=settings.baud,
        start_utc=start_utc,
        nonce=nonce,
        division_mg=settings.division_mg,
        interval_mg=settings.interval_mg,
        capacity_mg=settings.capacity_mg,
        accuracy_class=settings.accuracy_class,
        options=plain_options(settings.options),
    )


def readings_jsonl(frames: Sequence[ScaleFrame], header: RecordHeader) -> bytes:
    """The record as bytes: sorted keys, no blanks, one line feed after each line."""
    lines = [asdict(header)] + [_line(number, frame) for number, frame in enumerate(frames, 1)]
    return b"".join(
        json.dumps(line, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
        for line in lines
    )


def parse_record(data: bytes) -> Record:
    """Read a record back and read its raw frames again with the protocol that it names.

    Raises:
        RecordError: a line is not JSON or lacks a field, or the protocol is not known.

    """
    first, *rest = data.splitlines() or [b""]
    try:
        header = _header(_object(first))
        protocol = protocol_named(header.proto, options_of(header.options))
    except (TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"line 1 is not the header of a record of readings: {error}") from error
    frames: list[ScaleFrame] = []
    differences: list[str] = []
    for number, text in enumerate(rest, start=2):
        try:
            stored = _frame(_object(text))
        except (KeyError, TypeError, ValueError, InvalidOperation, RecursionError) as error:
            raise RecordError(f"line {number} is not a frame: {error!r}") from error
        if stored.raw:
            again = frame_of(
                protocol.decode(stored.raw), stored.raw, stored.received_ns, stored.device
            )
            if not _same(again, stored):
                differences.append(f"line {number}: the raw bytes give another value")
        frames.append(stored)
    return Record(header, tuple(frames), tuple(differences))


def _same(again: ScaleFrame | None, stored: ScaleFrame) -> bool:
    if isinstance(again, NoWeight) and isinstance(stored, NoWeight):
        # The wording of the detail may have changed since.
        return again.reason == stored.reason
    return again == stored


def _line(number: int, frame: ScaleFrame) -> dict[str, Any]:
    line: dict[str, Any] = {
        "n": number,
        "rx_ns": frame.received_ns,
        "raw": frame.raw.hex(),
        "device": frame.device,
        "value": None,
        "unit": None,
        "stable": None,
        "err": None,
    }
    if isinstance(frame, Reading):
        return line | {
            "value": format(frame.value, "f"),
            "unit": frame.unit.value,
            "stable": frame.stable,
            "kind": frame.kind.value,
            "stability": frame.stability.value,
        }
    return line | {"err": frame.reason.value, "detail": frame.detail}


def _object(text: bytes) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("not a JSON object")
    return value


def _header(line: dict[str, Any]) -> RecordHeader:
    header = RecordHeader(**line)
    for each in fields(header):
        if type(getattr(header, each.name)) is not (get_origin(each.type) or each.type):
            raise TypeError(f"{each.name} has the wrong type")
    return header


def _text(line: dict[str, Any], key: str) -> str:
    if not isinstance(line[key], str):
        raise TypeError(f"{key} is not text")
    return str(line[key])


def _frame(line: dict[str, Any]) -> ScaleFrame:
    raw, device, received_ns = bytes.fromhex(line["raw"]), _text(line, "device"), line["rx_ns"]
    if type(received_ns) is not int:
        raise TypeError("rx_ns is not a whole number")
    if line["err"] is not None:
        reason = NoWeightReason(_text(line, "err"))
        return NoWeight(reason, _text(line, "detail"), raw, received_ns, device)
    value = Decimal(_text(line, "value"))
    if not value.is_finite() or type(line["stable"]) is not bool:
        raise ValueError("value is not a number, or stable is not true or false")
    return Reading(
        value=value,
        unit=WeightUnit(line["unit"]),
        kind=WeightKind(line["kind"]),
        stable=line["stable"],
        stability=StabilitySource(line["stability"]),
        raw=raw,
        received_ns=received_ns,
        device=device,
    )
