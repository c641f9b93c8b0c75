"""The tables follow the log: what each kind of entry changes, and what is found by it."""

import json
import threading

from returnbench.inspect.case import (
    CaseId,
    Finding,
    RefundAnswer,
)
from returnbench.inspect.codec import encode_event, plain
from returnbench.inspect.codes import (
    ArrivalType,
    FindingCode,
    IntakeRefusal,
    RefundState,
    VerdictKind,
    WeighingPurpose,
)
from returnbench.inspect.events import (
    CaseHeld,
    CaseOpened,
    CaseResumed,
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
from returnbench.inspect.weighing import NoWeightReason
from returnbench.sync.log import Record
from returnbench.sync.tables import CaseState


def test_an_announced_return_is_found_by_any_of_its_codes(values, site):
    one = site()
    one.announce(values.advice(1), values.advice(2), values.advice(3, waybill=""))
    for code in ("SF 000001", "sf000001", "SF-000001", " sf-0000-01\t"):
        assert one.projection.find_announced(code) == values.advice(1)
    assert one.projection.find_announced("r-2") == values.advice(2)
    assert one.projection.find_announced("SLIP 3") == values.advice(3, waybill="")
    for code in ("", "  ", "-", "SF 000009", "%"):
        assert one.projection.find_announced(code) is None


def test_the_newest_announcement_counts(values, site):
    one = site()
    one.announce(values.advice(1), values.advice(2))
    one.announce(values.advice(1, instruction="open with care"))
    assert one.projection.find_announced("R-1").instruction == "open with care"
    one.announce(values.advice(3, waybill="sf-000002"))
    assert one.projection.find_announced("SF000002").rma == "R-3"
    assert one.projection.find_announced("R-2") is None
    assert one.projection.counts().announced == 2


def test_broken_lines_of_an_import_are_left_out(values, site):
    one = site()
    good = json.dumps(plain(values.advice(1)))
    sha256 = one.store.put(
        f'{good}\nno json\n[]\n{{"rma":1}}\n\n{{"rma":"x"}}\n{{"rma":"y","waybill":"",'
        '"shop":[]}\n{"rma":"z","waybill":"","shop":"s"}'.encode()
    )
    one.log.append([Record("import", {"kind": "announced", "sha256": sha256, "count": 4})])
    one.log.append([Record("import", {"kind": "announced", "sha256": "0" * 64, "count": 4})])
    one.log.append([Record("import", {"kind": "catalogue", "sha256": sha256, "count": 4})])
    one.projection.catch_up()
    assert one.projection.counts().announced == 2
    assert one.projection.find_announced("R-1") == values.advice(1)
    assert one.projection.find_announced("z") is None


def test_a_case_from_opening_to_money(values, site):
    one = site()
    tables = one.projection
    case = one.opened(1)
    summary = tables.case_for_waybill("sf-000001")
    assert (summary.case, summary.rma, summary.state) == (case, "R-1", CaseState.OPEN)
    assert summary.verdict is None
    assert tables.open_cases() == (summary,)
    assert tables.refund_of("R-1") is None

    one.happen(VerdictGiven(case, values.accept))
    assert [waiting.case for waiting in tables.verdicts_waiting_release()] == [case]
    assert tables.refund_of("R-1").state is RefundState.WAITING_RELEASE
    assert tables.open_cases() == ()

    one.happen(VerdictReleased(case, "R-1", "demo", "O-1", values.accept))
    assert tables.verdicts_waiting_release() == ()
    assert tables.refund_of("R-1").state is RefundState.PENDING
    assert tables.counts().refunds_pending == 1

    answer = RefundAnswer(case, "R-1", RefundState.BOOKED, "shop-9", 4999, "EUR")
    one.happen(RefundAnswered(answer, 7))
    assert tables.refund_of("R-1") == answer
    late = RefundAnswer(case, "R-1", RefundState.NEEDS_PERSON, "", None, "")
    one.happen(RefundAnswered(late, 6))
    assert tables.refund_of("R-1") == answer
    assert tables.last_cursor() == 7
    (recent,) = tables.recent_cases(5)
    assert (recent.state, recent.refund) == (CaseState.RELEASED, RefundState.BOOKED)
    assert recent.verdict is VerdictKind.ACCEPT_FULL
    assert recent.closed_utc > recent.verdict_utc > recent.opened_utc


def test_a_verdict_taken_back_is_none(values, site):
    one = site()
    case = one.opened(1)
    one.happen(VerdictGiven(case, values.accept), StepUndone(case, "verdict"))
    assert one.projection.refund_of("R-1") is None
    assert one.projection.verdicts_waiting_release() == ()
    assert one.dump()["verdicts"] == []
    (summary,) = one.projection.open_cases()
    assert summary.verdict is None
    one.happen(
        VerdictGiven(case, values.reject),
        VerdictReleased(case, "R-1", "demo", "O-1", values.reject),
    )
    assert one.projection.refund_of("R-1").state is RefundState.NONE_DUE


def test_a_case_set_aside_has_a_reason_and_an_owner(site):
    one = site()
    case = one.opened(1)
    one.happen(CaseHeld(case, "no slip", "lead"))
    (held,) = one.projection.open_cases()
    assert (held.state, held.hold_reason, held.owner) == (CaseState.HELD, "no slip", "lead")
    assert one.projection.counts().held == 1
    one.happen(CaseResumed(case))
    (back,) = one.projection.open_cases()
    assert (back.state, back.hold_reason) == (CaseState.OPEN, "")


def test_the_newest_case_of_a_waybill_and_the_newest_cases(values, site):
    one = site()
    for number in (1, 2, 3):
        one.opened(number)
    again = values.advice(1)
    one.happen(CaseOpened(CaseId("c-9"), again.waybill, "SF", ArrivalType.ANNOUNCED, again, ()))
    assert one.projection.case_for_waybill(again.waybill).case == "c-9"
    assert [case.case for case in one.projection.recent_cases(2)] == ["c-9", "c-3"]
    assert one.projection.case_for_waybill("") is None


def test_evidence_of_a_case_is_listed_and_an_undone_finding_is_gone(values, site):
    one = site()
    case = one.opened(1)
    finding = Finding(FindingCode.SHORT_QTY, "1-1", 1)
    one.happen(
        PhotoTaken(case, values.photo(5)),
        ParcelWeighed(case, values.weight(WeighingPurpose.GROSS), values.assessment),
        WeighingFailed(case, WeighingPurpose.FULL_SET, NoWeightReason.FROZEN),
        FindingRecorded(case, finding),
        FindingRecorded(case, Finding(FindingCode.SOILED, "1-1", 1)),
        StepUndone(case, "finding"),
        ScanRecorded("4006381333931", "UNIT_CODE", "EAN13", "wedge", case),
    )
    rows = one.dump()
    assert [row[3] for row in rows["photos"]] == [f"{5:064x}"]
    masses = [(row[2], row[3], row[7]) for row in rows["weighings"]]
    assert masses == [("GROSS", 900_000, "OK"), ("FULL_SET", None, "FROZEN")]
    assert [row[2] for row in rows["findings"]] == ["SHORT_QTY"]
    assert rows["scans"][0][2] == "4006381333931"


def test_a_refused_parcel(site):
    one = site()
    case = one.opened(1)
    one.happen(ParcelRefused(case, IntakeRefusal.FREIGHT_COLLECT))
    assert "FREIGHT_COLLECT" in one.dump()["cases"][0]
    one.happen(StepUndone(case, "refuse"))
    assert "FREIGHT_COLLECT" not in one.dump()["cases"][0]


def test_catching_up_twice_changes_nothing(site):
    one = site()
    one.opened(1)
    before = one.dump()
    assert one.projection.catch_up() == one.log.size
    assert one.dump() == before


def test_entries_of_no_table_and_of_another_version_are_passed_over(values, site):
    one = site()
    one.log.append([Record("start", {}), Record("case_opened", {"case": "c"})])
    one.log.append([Record(*encode_event(CaseHeld(CaseId("never"), "x", "y")))])
    one.happen(VerdictReleased(CaseId("never"), "R", "s", "o", values.accept))
    assert one.projection.applied == one.log.size == 4
    assert one.projection.counts().cases == 0


def test_other_threads_read_while_one_writes(values, site):
    one = site()
    one.announce(values.advice(1))
    stop = threading.Event()
    failures = []

    def read():
        while not stop.is_set():
            try:
                found = one.projection.find_announced("R-1")
                counts = one.projection.counts()
            except Exception as error:
                failures.append(error)
                return
            if found != values.advice(1) or counts.cases < 0:
                failures.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(20):
        one.opened(number)
    stop.set()
    for reader in readers:
        reader.join(timeout=30)
    assert not failures
    assert one.projection.counts().cases == 20
