import threading

import pytest

from returnbench.inspect.case import AnnouncedReturn
from returnbench.station.import_inbox import ImportInbox
from returnbench.station.import_writer import write_import
from returnbench.sync.clock import SystemClock
from returnbench.sync.keys import load_or_create_signer
from returnbench.sync.layout import DataLayout
from returnbench.sync.log import EventLog
from returnbench.sync.projection import Projection
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

ORIGIN = "returns.example/bench/inbox"


def announced(number: int) -> AnnouncedReturn:
    return AnnouncedReturn(f"R{number}", "shop", "O", f"YT896264678538{number}", "YTO", ())


@pytest.fixture
def layout(tmp_path):
    return DataLayout(tmp_path)


@pytest.fixture
def working(layout):
    """A bench at work: the log is open, and so are its tables."""
    with EventLog.open(
        layout.log,
        origin=ORIGIN,
        signer=load_or_create_signer(layout.log_key, ORIGIN),
        clock=SystemClock(),
        software={"name": "test"},
        store=EvidenceStore(layout.evidence),
    ) as log:
        engine = open_database(layout.database)
        yield log, Projection(engine, log)
        engine.dispose()


def imports(log):
    return [entry.data["sha256"] for entry in log.entries() if entry.type == "import"]


def hand_over(layout, *returns):
    return write_import(layout, ORIGIN, returns, rejected=0, source_name="a.csv")


def test_a_bench_at_work_takes_an_import_in(layout, working):
    log, projection = working
    imported = hand_over(layout, announced(1))
    assert imported.entry is None
    assert projection.find_announced("YT8962646785381") is None
    inbox = ImportInbox(layout, log, projection)
    assert inbox.take_in() == 1
    assert projection.find_announced("YT8962646785381") == announced(1)
    assert imports(log) == [imported.sha256]
    assert inbox.take_in() == 0
    assert list((layout.root / "inbox").iterdir()) == []


def test_an_order_that_is_left_twice_is_one_order(layout, working):
    log, projection = working
    hand_over(layout, announced(1))
    hand_over(layout, announced(1))
    assert ImportInbox(layout, log, projection).take_in() == 1


def test_a_damaged_order_stays_and_stops_nothing(layout, working):
    log, projection = working
    hand_over(layout, announced(1))
    damaged = layout.root / "inbox" / "0.json"
    damaged.write_text("{")
    assert ImportInbox(layout, log, projection).take_in() == 1
    assert damaged.exists()
    assert projection.find_announced("R1") is not None


def test_the_thread_takes_orders_in(layout, working):
    log, projection = working
    taken_in = threading.Event()
    log.subscribe(lambda _size: taken_in.set())
    inbox = ImportInbox(layout, log, projection)
    inbox.start()
    hand_over(layout, announced(2))
    assert taken_in.wait(10)
    inbox.stop()
    assert projection.find_announced("R2") == announced(2)
