"""Tables made again from the log are the same, whatever happened to them or to the evidence."""

import random

import pytest

from returnbench.inspect.case import (
    Finding,
    RefundAnswer,
)
from returnbench.inspect.codec import encode_event
from returnbench.inspect.codes import (
    FindingCode,
    IntakeRefusal,
    RefundState,
    WeighingPurpose,
)
from returnbench.inspect.events import (
    CaseHeld,
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
)
from returnbench.sync.erasing import erase_evidence
from returnbench.sync.log import Record
from returnbench.sync.projection import Projection, ProjectionFailed
from returnbench.sync.tables import journal_mode, open_database


class History:
    """Cases, imports and erasures in an order that the seed decides."""

    def __init__(self, one, values, seed):
        self.one = one
        self.values = values
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
        verdict = self.chance.choice([self.values.accept, self.values.reject])
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
            [PhotoTaken(case, self.values.photo(self.turn))],
            [
                ParcelWeighed(
                    case, self.values.weight(WeighingPurpose.GROSS), self.values.assessment
                )
            ],
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
        self.one.announce(
            *[self.values.advice(rma, waybill=f"W{waybill}") for rma, waybill in numbers]
        )

    def erase(self):
        names = sorted(self.one.store.names())
        gone = self.chance.sample(names, min(len(names), 3))
        erase_evidence(self.one.log, self.one.store, gone, ground="test")
        self.one.projection.catch_up()


@pytest.mark.parametrize("seed", range(6))
def test_made_again_the_tables_are_the_same(values, site, tmp_path, seed):
    one = site()
    History(one, values, seed).go(50)
    before = one.dump()
    assert sum(len(rows) for rows in before.values()) > 20
    assert one.projection.rebuild() == one.log.size
    assert one.dump() == before
    other = site(one.log, tmp_path / "other.db")
    assert other.dump() == before


def test_erased_codes_leave_the_tables(values, site):
    one = site()
    source = one.announce(values.advice(7))
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


def test_erasing_an_import_brings_back_what_it_had_replaced(values, site):
    one = site()
    one.announce(values.advice(1, instruction="first"))
    second = one.announce(values.advice(1, instruction="second"))
    erase_evidence(one.log, one.store, [second], ground="sent by mistake")
    one.projection.catch_up()
    assert one.projection.find_announced("R-1").instruction == "first"


def test_an_erasure_that_was_cut_off_counts_all_the_same(site, values):
    one = site()
    first = one.announce(values.advice(1, instruction="first"))
    second = one.announce(values.advice(1, instruction="second"))
    one.log.append([Record("erase", {"addenda": [first], "ground": "asked"})])
    assert one.store.has(first)
    erase_evidence(one.log, one.store, [second], ground="asked")
    one.projection.catch_up()
    assert one.projection.find_announced("R-1") is None
    before = one.dump()
    one.projection.rebuild()
    assert one.dump() == before


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
def test_a_damaged_database_is_made_again(values, site, tmp_path, damage, caplog):
    one = site()
    one.announce(*(values.advice(number) for number in range(200)))
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


def test_a_database_that_breaks_under_way_is_made_again(values, site):
    one = site()
    one.announce(*(values.advice(number) for number in range(200)))
    one.engine.dispose()
    one.database.write_bytes(b"no database" * 1000)
    one.opened(1)
    assert one.projection.find_announced("R-7") == values.advice(7)
    assert one.projection.counts().cases == 1


def test_a_database_of_another_log_is_made_again(site, tmp_path, open_log):
    one = site()
    one.opened(1)
    # As long as the first, and of the same name.
    log = open_log(tmp_path / "other")
    log.append([Record("note", {})])
    other = site(log)
    assert other.projection.counts().cases == 0
    assert other.projection.applied == 1


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
