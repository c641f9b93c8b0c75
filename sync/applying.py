"""What each entry of the log changes in the station's tables."""

import json
import logging
from collections.abc import Callable
from typing import Any

from returnbench.inspect.codec import CodecError, Json, decode_event, plain
from returnbench.inspect.codes import REFUNDING_VERDICTS, RefundState
from returnbench.inspect.events import (
    CaseHeld,
    CaseOpened,
    CaseResumed,
    Event,
    FindingRecorded,
    ParcelRefused,
    ParcelWeighed,
    PhotoTaken,
    RefundAnswered,
    ScanRecorded,
    StepUndone,
    VerdictGiven,
    VerdictReleased,
    WeighingFailed,
)
from returnbench.sync.announcing import lookup_key
from returnbench.sync.batch import Batch
from returnbench.sync.entry import Entry
from returnbench.sync.tables import CaseState, FindingRow, PhotoRow, ScanRow, WeighingRow

_log = logging.getLogger(__name__)


def apply_event(batch: Batch, entry: Entry, personal: Json) -> None:
    """Take in one entry; entries that change no table are passed over."""
    try:
        event = decode_event(entry.type, entry.data, personal)
    except CodecError:
        # Written by another version. The log has it; the tables do without it.
        _log.exception("entry %d cannot be read and is left out of the tables", entry.seq)
        return
    change = _CHANGES.get(type(event))
    if event is not None and change is not None:
        change(batch, entry, event)


def _opened(batch: Batch, entry: Entry, event: CaseOpened) -> None:
    advice = event.advice
    batch.cases.put(
        {
            "case_id": event.case,
            "rma": advice.rma if advice else "",
            "shop": advice.shop if advice else "",
            "waybill": event.waybill,
            "waybill_key": lookup_key(event.waybill),
            "carrier": event.carrier,
            "arrival": str(event.arrival),
            "state": str(CaseState.OPEN),
            "refusal": "",
            "hold_reason": "",
            "owner": "",
            "verdict": "",
            "verdict_utc": "",
            "opened_seq": entry.seq,
            "opened_utc": entry.data["utc"],
            "closed_utc": "",
            "last_seq": entry.seq,
            "pii": entry.data.get("pii", {}).get("sha256", ""),
        }
    )


def _refused(batch: Batch, entry: Entry, event: ParcelRefused) -> None:
    row = batch.case(entry, event.case)
    if row:
        row["refusal"] = str(event.reason)


def _held(batch: Batch, entry: Entry, event: CaseHeld) -> None:
    row = batch.case(entry, event.case)
    if row:
        row |= {"hold_reason": event.reason, "owner": event.owner}
        row["state"] = str(CaseState.HELD)


def _resumed(batch: Batch, entry: Entry, event: CaseResumed) -> None:
    row = batch.case(entry, event.case)
    if row:
        row |= {"hold_reason": "", "owner": "", "state": str(CaseState.OPEN)}


def _decided(batch: Batch, entry: Entry, event: VerdictGiven) -> None:
    row = batch.case(entry, event.case)
    if row is None:
        return
    kind = event.verdict.kind
    row["state"] = str(CaseState.DECIDED)
    row |= {"verdict": str(kind), "verdict_utc": entry.data["utc"]}
    batch.verdicts.put(
        {
            "case_id": event.case,
            "seq": entry.seq,
            "rma": row["rma"],
            "kind": str(kind),
            "liable_party": str(event.verdict.liable_party),
            "released": 0,
            "utc": entry.data["utc"],
            "document": json.dumps(plain(event.verdict), sort_keys=True),
        }
    )
    due = kind in REFUNDING_VERDICTS
    state = RefundState.WAITING_RELEASE if due else RefundState.NONE_DUE
    _set_refund(batch, event.case, row["rma"], state)


def _released(batch: Batch, entry: Entry, event: VerdictReleased) -> None:
    row = batch.case(entry, event.case)
    verdict = batch.verdicts.get(event.case)
    if row is None or verdict is None:
        return
    row |= {"state": str(CaseState.RELEASED), "closed_utc": entry.data["utc"]}
    verdict["released"] = 1
    if event.verdict.kind in REFUNDING_VERDICTS:
        _set_refund(batch, event.case, event.rma, RefundState.PENDING)


def _set_refund(batch: Batch, case: str, rma: str, state: RefundState) -> None:
    known = batch.refunds.get(case)
    if known is not None and known["cursor"] > 0:
        return
    batch.refunds.put(
        {
            "case_id": case,
            "rma": rma,
            "state": str(state),
            "shop_ref": "",
            "amount_minor": None,
            "currency": "",
            "detail": "",
            "cursor": 0,
        }
    )


def _answered(batch: Batch, _entry: Entry, event: RefundAnswered) -> None:
    answer = event.answer
    known = batch.refunds.get(answer.case)
    if known is not None and known["cursor"] >= event.cursor:
        return
    row = plain(answer)
    row["case_id"] = row.pop("case")
    batch.refunds.put({**row, "cursor": event.cursor})


def _undone(batch: Batch, entry: Entry, event: StepUndone) -> None:
    row = batch.case(entry, event.case)
    if row is None:
        return
    match event.step:
        case "verdict":
            row |= {"state": str(CaseState.OPEN), "verdict": "", "verdict_utc": ""}
            batch.verdicts.drop(event.case)
            batch.refunds.drop(event.case)
        case "refuse":
            row["refusal"] = ""
        case "finding":
            batch.drop_newest_finding(event.case)


def _photo(batch: Batch, entry: Entry, event: PhotoTaken) -> None:
    photo = event.photo
    batch.add(
        PhotoRow,
        entry,
        case_id=event.case,
        slot=str(photo.slot),
        sha256=photo.sha256,
        media=photo.media,
        gate=photo.gate.verdict,
        utc=photo.utc,
    )


def _weighed(batch: Batch, entry: Entry, event: ParcelWeighed) -> None:
    batch.add(
        WeighingRow,
        entry,
        case_id=event.case,
        purpose=str(event.weight.purpose),
        mass_mg=event.weight.mass_mg,
        value=event.weight.value,
        unit=event.weight.unit,
        outcome=event.assessment.outcome,
        reason=event.assessment.reason,
    )


def _not_weighed(batch: Batch, entry: Entry, event: WeighingFailed) -> None:
    batch.add(
        WeighingRow,
        entry,
        case_id=event.case,
        purpose=str(event.purpose),
        mass_mg=None,
        value="",
        unit="",
        outcome="",
        reason=str(event.reason),
    )


def _found(batch: Batch, entry: Entry, event: FindingRecorded) -> None:
    finding = plain(event.finding)
    batch.add(FindingRow, entry, case_id=event.case, **finding)


def _scanned(batch: Batch, entry: Entry, event: ScanRecorded) -> None:
    batch.add(
        ScanRow,
        entry,
        case_id=event.case,
        raw=event.raw,
        meaning=event.meaning,
        symbology=event.symbology,
        device=event.device,
        utc=entry.data["utc"],
        pii=entry.data.get("pii", {}).get("sha256", ""),
    )


_CHANGES: dict[type[Event] | type[None], Callable[[Batch, Entry, Any], None]] = {
    CaseOpened: _opened,
    ParcelRefused: _refused,
    CaseHeld: _held,
    CaseResumed: _resumed,
    VerdictGiven: _decided,
    VerdictReleased: _released,
    RefundAnswered: _answered,
    StepUndone: _undone,
    PhotoTaken: _photo,
    ParcelWeighed: _weighed,
    WeighingFailed: _not_weighed,
    FindingRecorded: _found,
    ScanRecorded: _scanned,
}
