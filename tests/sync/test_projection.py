"""The tables follow the log, and made again from the start they are the same."""

import json
import random
import sqlite3
import threading

import pytest

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Finding,
    Mass,
    Photo,
    PhotoGate,
    RefundAnswer,
    SettledWeight,
    Verdict,
    WeightAssessment,
)
from returnbench.inspect.codec import encode_event, plain
from returnbench.inspect.codes import (
    ArrivalType,
    EvidenceSlot,
    FindingCode,
    FreightPayer,
    IntakeRefusal,
    LiableParty,
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
from returnbench.sync.erasing import erase_evidence
from returnbench.sync.log import Record
from returnbench.sync.projection import Projection, ProjectionFailed
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import CaseState, journal_mode, open_database

ACCEPT = Verdict(
    VerdictKind.ACCEPT_FULL, (), LiableParty.BUYER, FreightPayer.BUYER, ("R1",), "p1", ()
)
REJECT = Verdict(VerdictKind.REJECT, (), LiableParty.BUYER, FreightPayer.BUYER, ("R2",), "p1", ())
ASSESSMENT = WeightAssessment("CONSISTENT", "OK", "m1", 1000, 1000, 5, 0, 50)
GATE = PhotoGate("ok", (), 900, None, 120, 3, 1, 31)


def advice(number, waybill=None, **more):
    line = ExpectedLine(f"{number}-1", "SKU", "Jacket", "apparel", 1, Mass(900_000, 4000))
    return AnnouncedReturn(
        rma=f"R-{number}",
        shop="demo",
        order_ref=f"O-{number}",
        waybill=f"SF {number:06d}" if waybill is None else waybill,
        carrier="SF",
        lines=(line,),
        return_slip=f"slip-{number}",
        **more,
    )


def photo(number):
    slot = EvidenceSlot.LABEL
    utc = "2026-11-21T14:03:21.983Z"
    name = f"{number:064x}"
    return Photo(name, slot, 9, 4, 3, "image/jpeg", "camera", "sim", 1, utc, GATE)


def weight(purpose):
    return SettledWeight(
        *(purpose, "0.900", "kg", "gross", 900_000, 1000, 1000, "device", 5, "0.000"),
        *(1, 2, "SN 1", "mt-sics"),
    )


class Site:
    """One station's log with its tables."""

    def __init__(self, log, store, database):
        self.log = log
        self.store = store
        self.database = database
        self.engine = open_database(database)
        self.projection = Projection(self.engine, log)

    def happen(self, *events):
        entries = self.log.append([Record(*encode_event(event)) for event in events])
        self.projection.catch_up()
        return entries

    def announce(self, *returns):
        lines = [json.dumps(plain(item), ensure_ascii=False) for item in returns]
        sha256 = self.store.put("\n".join(lines).encode())
        fields = {"kind": "announced", "sha256": sha256, "count": len(returns)}
        self.log.append([Record("import", fields)])
        self.projection.catch_up()
        return sha256

    def opened(self, number, announced=True):
        item = advice(number)
        case = CaseId(f"c-{number}")
        arrival = ArrivalType.ANNOUNCED if announced else ArrivalType.NO_INFO
        self.happen(CaseOpened(case, item.waybill, "SF", arrival, item if announced else None, ()))
        return case

    def dump(self):
        with sqlite3.connect(self.database) as connection:
            tables = [
                name
                for (name,) in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type='table'"
                )
            ]
            rows = {
                name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
                for name in tables
            }
        connection.close()
        return rows


@pytest.fixture
def site(tmp_path, open_log):
    made = []

    def make(log=None, database=tmp_path / "station.db"):
        store = EvidenceStore(tmp_path / "evidence")
        made.append(Site(log or open_log(store=store), store, database))
        return made[-1]

    yield make
    for one in made:
        one.engine.dispose()


def test_an_announced_return_is_found_by_any_of_its_codes(site):
    one = site()
    one.announce(advice(1), advice(2), advice(3, waybill=""))
    for code in ("SF 000001", "sf000001", "SF-000001", " sf-0000-01\t"):
        assert one.projection.find_announced(code) == advice(1)
    assert one.projection.find_announced("r-2") == advice(2)
    assert one.projection.find_announced("SLIP 3") == advice(3, waybill="")
    for code in ("", "  ", "-", "SF 000009", "%"):
        assert one.projection.find_announced(code) is None


def test_the_newest_announcement_counts(site):
    one = site()
    one.announce(advice(1), advice(2))
    one.announce(advice(1, instruction="open with care"))
    assert one.projection.find_announced("R-1").instruction == "open with care"
    one.announce(advice(3, waybill="sf-000002"))
    assert one.projection.find_announced("SF000002").rma == "R-3"
    assert one.projection.find_announced("R-2") is None
    assert one.projection.counts().announced == 2


def test_broken_lines_of_an_import_are_left_out(site):
    one = site()
    good = json.dumps(plain(advice(1)))
    sha256 = one.store.put(f'{good}\nno json\n[]\n{{"rma":1}}\n\n{{"rma":"x"}}'.encode())
    one.log.append([Record("import", {"kind": "announced", "sha256": sha256, "count": 4})])
    one.log.append([Record("import", {"kind": "announced", "sha256": "0" * 64, "count": 4})])
    one.log.append([Record("import", {"kind": "catalogue", "sha256": sha256, "count": 4})])
    one.projection.catch_up()
    assert one.projection.counts().announced == 1


def test_a_case_from_opening_to_money(site):
    one = site()
    tables = one.projection
    case = one.opened(1)
    summary = tables.case_for_waybill("sf-000001")
    assert (summary.case, summary.rma, summary.state) == (case, "R-1", CaseState.OPEN)
    assert summary.verdict is None
    assert tables.open_cases() == (summary,)
    assert tables.refund_of("R-1") is None

    one.happen(VerdictGiven(case, ACCEPT))
    assert [waiting.case for waiting in tables.verdicts_waiting_release()] == [case]
    assert tables.refund_of("R-1").state is RefundState.WAITING_RELEASE
    assert tables.open_cases() == ()

    one.happen(VerdictReleased(case, "R-1", "demo", "O-1", ACCEPT))
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


def test_a_verdict_taken_back_is_none(site):
    one = site()
    case = one.opened(1)
    one.happen(VerdictGiven(case, ACCEPT), StepUndone(case, "verdict"))
    assert one.projection.refund_of("R-1") is None
    assert one.projection.verdicts_waiting_release() == ()
    (summary,) = one.projection.open_cases()
    assert summary.verdict is None
    one.happen(VerdictGiven(case, REJECT), VerdictReleased(case, "R-1", "demo", "O-1", REJECT))
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


def test_the_newest_case_of_a_waybill_and_the_newest_cases(site):
    one = site()
    for number in (1, 2, 3):
        one.opened(number)
    again = advice(1)
    one.happen(CaseOpened(CaseId("c-9"), again.waybill, "SF", ArrivalType.ANNOUNCED, again, ()))
    assert one.projection.case_for_waybill(again.waybill).case == "c-9"
    assert [case.case for case in one.projection.recent_cases(2)] == ["c-9", "c-3"]
    assert one.projection.case_for_waybill("") is None


def test_evidence_of_a_case_is_listed_and_an_undone_finding_is_gone(site):
    one = site()
    case = one.opened(1)
    finding = Finding(FindingCode.SHORT_QTY, "1-1", 1)
    one.happen(
        PhotoTaken(case, photo(5)),
        ParcelWeighed(case, weight(WeighingPurpose.GROSS), ASSESSMENT),
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


def test_entries_of_no_table_and_of_another_version_are_passed_over(site):
    one = site()
    one.log.append([Record("start", {}), Record("case_opened", {"case": "c"})])
    one.log.append([Record(*encode_event(CaseHeld(CaseId("never"), "x", "y")))])
    one.happen(VerdictReleased(CaseId("never"), "R", "s", "o", ACCEPT))
    assert one.projection.applied == one.log.size == 4
    assert one.projection.counts().cases == 0


class History:
    """Cases, imports and erasures in an order that the seed decides."""

    def __init__(self, one, seed):
        self.one = one
        self.chance = random.Random(seed)
        self.cases = [one.opened(1000)]
        self.cursor = 0
        self.turn = 0

    def go(self, turns):
        steps = [self.open, self.case_step, self.case_step, self.answer, self.announce, self.erase]
        for self.turn in range(turns):
            self.chance.choices(steps, [2, 6, 6, 1, 2, 1])[0]()

    def open(self):
        self.cases.append(self.one.opened(self.turn, announced=self.chance.random() < 0.7))

    def case_step(self):
        case = self.chance.choice(self.cases)
        verdict = self.chance.choice([ACCEPT, REJECT])
        undone = self.chance.choice(["verdict", "finding", "refuse", "unit"])
        finding = FindingRecorded(case, Finding(FindingCode.SOILED, None, 1))
        choices = [
            [ScanRecorded(f"code {self.turn}", "UNKNOWN", "", "wedge", case)],
            [VerdictGiven(case, verdict)],
            [VerdictReleased(case, "R-1", "demo", "O", verdict)],
            [StepUndone(case, undone)],
            [CaseHeld(case, "reason", "owner")],
            [CaseHeld(case, "reason", "owner"), CaseResumed(case)],
            [finding] * self.chance.randint(1, 3),
            [PhotoTaken(case, photo(self.turn))],
            [ParcelWeighed(case, weight(WeighingPurpose.GROSS), ASSESSMENT)],
            [ParcelRefused(case, IntakeRefusal.HAZARD)],
        ]
        self.one.happen(*self.chance.choice(choices))

    def answer(self):
        self.cursor += self.chance.randint(-1, 3)
        case = self.chance.choice(self.cases)
        answer = RefundAnswer(case, "R", RefundState.BOOKED, "x", 1, "EUR")
        self.one.happen(RefundAnswered(answer, self.cursor))

    def announce(self):
        numbers = [(self.chance.randint(0, 9), self.chance.randint(0, 9)) for _ in range(3)]
        self.one.announce(*[advice(rma, waybill=f"W{waybill}") for rma, waybill in numbers])

    def erase(self):
        names = sorted(self.one.store.names())
        gone = self.chance.sample(names, min(len(names), 3))
        erase_evidence(self.one.log, self.one.store, gone, ground="test")
        self.one.projection.catch_up()


@pytest.mark.parametrize("seed", range(6))
def test_made_again_the_tables_are_the_same(site, tmp_path, seed):
    one = site()
    History(one, seed).go(50)
    before = one.dump()
    assert sum(len(rows) for rows in before.values()) > 20
    assert one.projection.rebuild() == one.log.size
    assert one.dump() == before
    other = site(one.log, tmp_path / "other.db")
    assert other.dump() == before


def test_erased_codes_leave_the_tables(site):
    one = site()
    source = one.announce(advice(7))
    case = one.opened(1)
    (scan,) = one.happen(ScanRecorded("secret-code", "UNKNOWN", "", "wedge", case))
    opened = next(entry for entry in one.log.entries() if entry.type == "case_opened")
    gone = [entry.data["pii"]["sha256"] for entry in (scan, opened)] + [source]
    erase_evidence(one.log, one.store, gone, ground="asked by the customer", actor="ab")
    one.projection.catch_up()
    assert one.projection.find_announced("R-7") is None
    assert one.projection.case_for_waybill("SF 000001") is None
    assert one.projection.recent_cases(1)[0].waybill == ""
    assert "secret-code" not in repr(one.dump())
    assert all(not one.store.has(sha256) for sha256 in gone)


def test_erasing_an_import_brings_back_what_it_had_replaced(site):
    one = site()
    one.announce(advice(1, instruction="first"))
    second = one.announce(advice(1, instruction="second"))
    erase_evidence(one.log, one.store, [second], ground="sent by mistake")
    one.projection.catch_up()
    assert one.projection.find_announced("R-1").instruction == "first"


def test_damaged_personal_data_does_not_stop_the_bench(site, caplog):
    one = site()
    (record,) = [Record(*encode_event(ScanRecorded("raw", "UNKNOWN", "", "wedge")))]
    (entry,) = one.log.append([record])
    path = one.store.path(entry.data["pii"]["sha256"])
    path.chmod(0o644)
    path.write_bytes(b"other")
    one.projection.catch_up()
    assert one.dump()["scans"][0][2] == ""
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("damage", ["garbage", "page", "version", "truncated"])
def test_a_damaged_database_is_made_again(site, tmp_path, damage, caplog):
    one = site()
    one.announce(*(advice(number) for number in range(200)))
    one.opened(1)
    before = one.dump()
    one.engine.dispose()
    content = bytearray(one.database.read_bytes())
    if damage == "garbage":
        content[:] = b"this is no database" * 100
    elif damage == "page":
        content[4096:20480] = bytes(range(256)) * 64
    elif damage == "version":
        content[60:64] = (99).to_bytes(4)
    else:
        del content[8192:]
    one.database.write_bytes(content)
    again = site(one.log)
    assert again.dump() == before
    assert "made again" in caplog.text


def test_a_database_that_breaks_under_way_is_made_again(site):
    one = site()
    one.announce(*(advice(number) for number in range(200)))
    one.engine.dispose()
    one.database.write_bytes(b"no database" * 1000)
    one.opened(1)
    assert one.projection.find_announced("R-7") == advice(7)
    assert one.projection.counts().cases == 1


def test_a_database_of_another_log_is_made_again(site, tmp_path, open_log):
    one = site()
    one.opened(1)
    other = site(open_log(tmp_path / "other"))
    assert other.projection.counts().cases == 0
    assert other.projection.applied == 0


def test_a_database_ahead_of_the_log_is_made_again(site, tmp_path, open_log, log_signer):
    one = site()
    one.opened(1)
    one.opened(2)
    shorter = open_log(tmp_path / "shorter")
    shorter.append([Record("note", {})])
    assert site(shorter).projection.counts().cases == 0


def test_a_database_that_cannot_be_made_is_an_error(open_log, tmp_path):
    engine = open_database(tmp_path / "station.db")
    (tmp_path / "station.db").mkdir()
    with pytest.raises(ProjectionFailed, match="everything"):
        Projection(engine, open_log())
    engine.dispose()


def test_other_threads_read_while_one_writes(site):
    one = site()
    one.announce(advice(1))
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
            if found != advice(1) or counts.cases < 0:
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


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "DELETE"),
        ((3, 53, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_the_journal_mode_is_safe_with_the_library(version, mode):
    assert journal_mode(version) == mode


def test_the_database_is_opened_as_configured(site):
    with site().engine.connect() as connection:

        def ask(pragma):
            return connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()

        assert ask("journal_mode") == journal_mode().lower()
        assert (ask("synchronous"), ask("foreign_keys"), ask("busy_timeout")) == (2, 1, 5000)
