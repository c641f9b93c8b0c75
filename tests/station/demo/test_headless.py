"""The demo without a screen: equal parcels get equal verdicts, and each refund is paid once."""

import json
import os

import pytest

from returnbench.inspect.codec import decode_event
from returnbench.inspect.codes import VerdictKind
from returnbench.inspect.events import CaseOpened, VerdictGiven
from returnbench.station.demo.goods import Trouble, demo_parcels
from returnbench.station.demo.headless import HeadlessRun, run_headless
from returnbench.sync.layout import DataLayout
from returnbench.sync.recovery import read_entries
from returnbench.sync.store import EvidenceStore

PARCELS = 12
SEED = 7
OF_TROUBLE = {
    Trouble.NONE: {VerdictKind.ACCEPT_FULL},
    Trouble.MISSING: {VerdictKind.ACCEPT_PARTIAL},
    Trouble.BROKEN: {VerdictKind.ACCEPT_PARTIAL},
    Trouble.SWAPPED: {VerdictKind.ACCEPT_PARTIAL},
    Trouble.WORN: {VerdictKind.ACCEPT_PARTIAL},
    Trouble.DEFECT: {VerdictKind.ACCEPT_FULL},
    Trouble.FREIGHT_COLLECT: {VerdictKind.REJECT},
    Trouble.REFUNDED: {VerdictKind.NO_ACTION},
    Trouble.UNANNOUNCED: {VerdictKind.HOLD},
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    run = HeadlessRun(folder / "site", PARCELS, SEED, folder / "trace")
    return run, run_headless(run)


def events_of(state_dir):
    layout = DataLayout(state_dir)
    store = EvidenceStore(layout.evidence)
    for entry in read_entries(layout.log):
        named = entry.data.get("pii")
        personal = json.loads(store.read(named["sha256"])) if named else {}
        event = decode_event(entry.type, entry.data, personal)
        if event is not None:
            yield event


def verdicts_of(state_dir):
    """Waybill to kind, lines and rules of the verdict."""
    waybills, verdicts = {}, {}
    for event in events_of(state_dir):
        if isinstance(event, CaseOpened):
            assert event.waybill not in waybills.values()
            waybills[event.case] = event.waybill
        if isinstance(event, VerdictGiven):
            waybill = waybills[event.case]
            assert waybill not in verdicts
            verdicts[waybill] = (event.verdict.kind, event.verdict.lines, event.verdict.rules)
    return verdicts


def test_every_parcel_gets_the_verdict_that_its_trouble_deserves(finished):
    run, summary = finished
    verdicts = verdicts_of(run.state_dir)
    parcels = demo_parcels(PARCELS, SEED)
    assert set(verdicts) == {parcel.waybill for parcel in parcels}
    wrong = {
        parcel.waybill: (parcel.trouble, verdicts[parcel.waybill][0])
        for parcel in parcels
        if verdicts[parcel.waybill][0] not in OF_TROUBLE[parcel.trouble]
    }
    assert wrong == {}
    assert sum(summary["verdicts"].values()) == PARCELS


def test_each_refund_that_is_due_is_booked_once(finished):
    _, summary = finished
    refunds = dict(summary["refunds"])
    due = refunds.pop("due")
    assert due == refunds.pop("booked") > 0
    assert set(refunds.values()) == {0}


def test_trace_grows_up_to_the_size_of_the_log(finished):
    run, summary = finished
    sizes = [int(line) for line in run.trace.read_text().splitlines()]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == summary["events"] == len(list(read_entries(run.state_dir / "log")))


def test_second_call_on_a_finished_folder_adds_no_verdict(finished):
    run, summary = finished
    before = verdicts_of(run.state_dir)
    descriptors = len(os.listdir("/proc/self/fd"))
    again = run_headless(HeadlessRun(run.state_dir, PARCELS, SEED))
    assert verdicts_of(run.state_dir) == before
    assert again["verdicts"] == summary["verdicts"]
    assert again["refunds"] == summary["refunds"]
    assert again["seconds_per_parcel"] == {}
    # Nothing stays open: neither files nor sockets nor the pseudo-terminal of the scale.
    assert len(os.listdir("/proc/self/fd")) <= descriptors


def test_same_seed_in_another_folder_gives_the_same_verdicts(finished, tmp_path):
    run, summary = finished
    other = run_headless(HeadlessRun(tmp_path, PARCELS, SEED))
    assert verdicts_of(tmp_path) == verdicts_of(run.state_dir)
    assert other["refunds"] == summary["refunds"]
