"""The bench is killed in the middle of the work, again and again; nothing confirmed is lost.

``RETURNBENCH_KILLS`` says how often (6); ``RETURNBENCH_KILL_SEED`` chooses other moments.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise

import pytest

from returnbench.inspect.codec import decode_event
from returnbench.inspect.codes import REFUNDING_VERDICTS
from returnbench.inspect.events import CaseOpened, StepUndone, VerdictGiven, VerdictReleased
from returnbench.inspect.evolve import evolve, fold
from returnbench.inspect.inspection import BenchState, Phase
from returnbench.station.demo.goods import demo_parcels
from returnbench.station.resume import resume
from returnbench.sync.auditing import audit_evidence
from returnbench.sync.clock import SystemClock
from returnbench.sync.entry import Entry
from returnbench.sync.keys import load_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog
from returnbench.sync.note import NoteVerifier
from returnbench.sync.projection import Projection
from returnbench.sync.recovery import read_entries, read_head, scan, verify_log
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

KILLS = int(os.environ.get("RETURNBENCH_KILLS", "6"))
KILL_SEED = int(os.environ.get("RETURNBENCH_KILL_SEED", "1"))
# A run of 2.5 seconds finishes two parcels; the work must outlast all runs.
PARCELS = 8 + 2 * KILLS
SEED = 7
LATEST_KILL_S = 2.5
PATIENCE_S = 60.0
PHASES = list(Phase)


@pytest.mark.timeout(180 + 30 * KILLS)
def test_bench_loses_nothing_confirmed_when_killed(tmp_path, capsys):
    site = KilledSite(tmp_path)
    rng = random.Random(KILL_SEED)
    where = Counter()
    for number in range(KILLS):
        site.start()
        site.run_until_a_random_moment(rng, number)
        seen = site.entries_on_disk(site.confirmed())
        site.kill()
        site.check_what_is_left(seen)
        where[site.stopped_at()] += 1
    summary = site.finish()
    with capsys.disabled():
        print(f"\n{KILLS} kills hit: {dict(where)}; {site.taken_over} groups taken over unsigned")
    assert sum(count for place, count in where.items() if place != "idle") >= KILLS // 6
    site.check_the_end(summary)


def test_bench_ends_in_order_when_told_and_goes_on(tmp_path):
    site = KilledSite(tmp_path, parcels=4)
    for growth in (4, 9):
        site.start()
        site.until(lambda wanted=growth: len(site.sizes()) >= wanted, "some work")
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(PATIENCE_S) == 130
        assert "Traceback" not in site.errors()
        assert "Exception" not in site.errors()
        site.check_what_is_left([])
        assert verify_log(site.layout.log, site.vkey) == []
    site.check_the_end(site.finish())
    # Closed in order: there was nothing to recover.
    assert "recover" not in {entry.type for entry in read_entries(site.layout.log)}


@pytest.mark.parametrize("told_after", [0.0, 0.4, 0.8, 1.2, 1.6])
def test_bench_told_to_end_while_it_starts(tmp_path, told_after):
    site = KilledSite(tmp_path, parcels=1)
    site.start()
    wait_until(time.monotonic() + told_after)
    site.process.send_signal(signal.SIGTERM)
    # Before Python has taken over the signal it ends the process itself.
    assert site.process.wait(PATIENCE_S) in (130, -signal.SIGTERM)
    assert "Traceback" not in site.errors()
    site.check_the_end(site.finish())


class KilledSite:
    """The demo without a screen as a process, and what it left on the disk."""

    def __init__(self, folder, parcels=PARCELS):
        self.layout = DataLayout(folder / "site")
        self._folder = folder
        self._trace = folder / "trace"
        self._errors = folder / "errors"
        self._parcels = parcels
        self._known = []
        self._resumed = BenchState()
        self.process = None
        self.taken_over = 0

    @property
    def vkey(self):
        return load_signer(self.layout.log_key, self.layout.read_origin()).vkey

    # -- the process ----------------------------------------------------------------------

    def start(self):
        self._trace.unlink(missing_ok=True)
        command = [sys.executable, "-m", "returnbench.station.cli", "demo", "--headless", "--json"]
        command += ["--parcels", str(self._parcels), "--seed", str(SEED)]
        command += ["--dir", str(self.layout.root), "--trace", str(self._trace)]
        with self._errors.open("wb") as errors, (self._folder / "out").open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors)

    def errors(self):
        return self._errors.read_text(encoding="utf-8")

    def until(self, condition, what):
        ends = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None, f"it ended: {self.errors()}"
            assert time.monotonic() < ends, f"never happened: {what}"
            time.sleep(0.002)

    def run_until_a_random_moment(self, rng, number):
        """Any time of the work, in a parcel, just after a confirmation, or during the start."""
        kind = ("time", "parcel", "write", "parcel", "start")[number % 5]
        if kind == "start":
            wait_until(time.monotonic() + rng.uniform(0.2, 1.6))
        elif kind == "parcel":
            self.until(self.confirmed, "the start of the work")
            self.until(self._parcel_is_open, "an open parcel")
            wait_until(time.monotonic() + rng.uniform(0, 0.4))
        elif kind == "write":
            wanted = rng.randint(2, 20)
            self.until(lambda: len(self.sizes()) >= wanted, "some work")
            wait_until(time.monotonic() + rng.uniform(0, 0.03))
        else:
            self.until(self.confirmed, "the start of the work")
            wait_until(time.monotonic() + rng.uniform(0, LATEST_KILL_S))

    def _parcel_is_open(self):
        newest = [entry.type for entry in read_entries(self.layout.log)][::-1]
        return next((t for t in newest if t in ("case_opened", "verdict")), "") == "case_opened"

    def kill(self):
        assert self.process.poll() is None, f"it ended before the kill: {self.errors()}"
        self.process.kill()
        assert self.process.wait(PATIENCE_S) == -signal.SIGKILL

    def finish(self):
        self.start()
        status = self.process.wait(PATIENCE_S + 10 * self._parcels)
        assert status == 0, self.errors()
        return json.loads((self._folder / "out").read_text(encoding="utf-8"))

    # -- what is on the disk --------------------------------------------------------------

    def confirmed(self):
        """The largest size of the log that the bench has confirmed; 0 before the first."""
        return max(self.sizes(), default=0)

    def sizes(self):
        try:
            return [int(line) for line in self._trace.read_text().splitlines()]
        except FileNotFoundError:
            return []

    def entries_on_disk(self, stop=None):
        return [entry.raw for entry in read_entries(self.layout.log, stop=stop)]

    def check_what_is_left(self, seen):
        """Check the folder as the kill left it; ``seen`` are entries read while it still ran."""
        sizes = self.sizes()
        assert all(before < after for before, after in pairwise(sizes))
        left = self.entries_on_disk()
        if not left:
            assert not self._known
            assert not sizes
            return
        confirmed = max(sizes, default=0)
        assert len(seen) <= len(left)
        assert left[: len(seen)] == seen
        assert left[: len(self._known)] == self._known
        note, signed = read_head(self.layout.log, [NoteVerifier.from_vkey(self.vkey)])
        assert confirmed <= signed.size <= len(left), note
        found = scan(self.layout.log, signed)
        assert found.tree.size == len(left)
        self.taken_over += found.tree.size > signed.size
        assert audit_evidence(self.layout.log, EvidenceStore(self.layout.evidence)).problems == []
        self._check_the_story(left)
        self._check_what_a_start_makes_of_it(left)
        self._known = left

    def events(self, raws, start=0):
        store = EvidenceStore(self.layout.evidence)
        for seq, raw in enumerate(raws[start:], start):
            entry = Entry(seq, raw)
            named = entry.data.get("pii")
            personal = json.loads(store.read(named["sha256"])) if named else {}
            event = decode_event(entry.type, entry.data, personal)
            if event is not None:
                yield event

    def _check_the_story(self, raws):
        """One parcel after the other, none left in the middle, no step back, no second verdict."""
        state = self._resumed
        for event in self.events(raws, len(self._known)):
            before, state = state, evolve(state, event)
            assert not isinstance(event, StepUndone)
            if isinstance(event, CaseOpened):
                assert before.inspection is None, "a parcel was opened on top of another"
            if before.inspection is not None and state.inspection is not None:
                assert state.inspection.case == before.inspection.case
                steps = PHASES.index(before.inspection.phase), PHASES.index(state.inspection.phase)
                assert steps[0] <= steps[1], "the inspection went back"
            if isinstance(event, VerdictGiven):
                assert before.inspection is not None
                assert before.inspection.case == event.case
            if isinstance(event, VerdictReleased):
                assert event.case in {decided.case for decided in before.decided}
        self._resumed = state

    def _check_what_a_start_makes_of_it(self, raws):
        """Open a copy as a start does: the same parcel in the same state is on the bench."""
        copy = DataLayout(self._folder / "copy")
        shutil.rmtree(copy.root, ignore_errors=True)
        shutil.copytree(self.layout.root, copy.root)
        origin = copy.read_origin()
        with EventLog.open(
            copy.log,
            origin=origin,
            signer=load_signer(copy.log_key, origin),
            clock=SystemClock(),
            software={"name": "returnbench"},
            store=EvidenceStore(copy.evidence),
        ) as log:
            engine = open_database(copy.database)
            try:
                taken_up = resume(log, engine, Projection(engine, log))
            finally:
                engine.dispose()
            assert [entry.raw for entry in log.entries(0, len(raws))] == raws
        assert verify_log(copy.log, self.vkey) == []
        expected = fold(tuple(self.events(raws)))
        assert taken_up.inspection == expected.inspection == self._resumed.inspection
        assert taken_up.decided == expected.decided
        assert taken_up.held == expected.held
        assert taken_up.cursor == expected.cursor

    def stopped_at(self):
        """The phase of the parcel that was open, or ``idle``."""
        now = self._resumed.inspection
        return str(now.phase) if now else "idle"

    # -- the end --------------------------------------------------------------------------

    def check_the_end(self, summary):
        parcels = demo_parcels(self._parcels, SEED)
        self.check_what_is_left([])
        assert verify_log(self.layout.log, self.vkey) == []
        assert self._log_verify() == 0
        events = list(self.events(self.entries_on_disk()))
        opened = [event for event in events if isinstance(event, CaseOpened)]
        waybills = Counter(event.waybill for event in opened)
        assert waybills == Counter(parcel.waybill for parcel in parcels)
        cases = Counter(event.case for event in opened)
        assert cases == Counter(e.case for e in events if isinstance(e, VerdictGiven))
        assert cases == Counter(e.case for e in events if isinstance(e, VerdictReleased))
        due = {
            event.rma
            for event in events
            if isinstance(event, VerdictReleased) and event.verdict.kind in REFUNDING_VERDICTS
        }
        assert sum(summary["verdicts"].values()) == len(parcels)
        assert summary["refunds"] == {
            "due": len(due),
            "booked": len(due),
            "doubled": 0,
            "lost": 0,
            "pending": 0,
            "not_due_but_booked": 0,
        }

    def _log_verify(self):
        command = [sys.executable, "-m", "returnbench.station.cli", "log", "verify", "--dir"]
        done = subprocess.run([*command, str(self.layout.root)], check=False, capture_output=True)
        return done.returncode


def wait_until(moment):
    """Let the process run until ``moment``; that is when it is to be stopped."""
    time.sleep(max(0.0, moment - time.monotonic()))
