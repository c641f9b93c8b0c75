"""What the tests of the log share: a clock that is set by hand, a key, logs that get closed."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    ExpectedLine,
    Mass,
    Photo,
    PhotoGate,
    SettledWeight,
    Verdict,
    WeightAssessment,
)
from returnbench.inspect.codec import encode_event, plain
from returnbench.inspect.codes import (
    ArrivalType,
    EvidenceSlot,
    FreightPayer,
    LiableParty,
    VerdictKind,
)
from returnbench.inspect.events import (
    CaseOpened,
)
from returnbench.sync.clock import ClockQuality
from returnbench.sync.files import Files
from returnbench.sync.log import EventLog, Record
from returnbench.sync.note import Ed25519Signer
from returnbench.sync.projection import Projection
from returnbench.sync.store import EvidenceStore
from returnbench.sync.tables import open_database

ORIGIN = "returns.example/bench/station-07"


class SteppingClock:
    """Goes on by 250 ms with each look at the wall clock."""

    boot_id = "8e1c0000-0000-4000-8000-000000000001"

    def __init__(self):
        self._now = datetime(2026, 11, 21, 14, 3, 22, 417_000, tzinfo=UTC)
        self._mono = 918_273_645_546_372

    def utc(self):
        self._now += timedelta(milliseconds=250)
        return self._now

    def mono_ns(self):
        self._mono += 250_000_000
        return self._mono

    def quality(self):
        return ClockQuality(synced=True, max_err_ms=12, source="chrony")


@pytest.fixture(scope="session")
def log_signer():
    return Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def stepping_clock():
    return SteppingClock()


@pytest.fixture
def open_log(tmp_path, log_signer, stepping_clock):
    """Opens the log below a folder (``tmp_path`` unless told); closes all of them at the end."""
    opened = []

    def open_one(root=tmp_path, *, files=None, signer=log_signer, store=None):
        log = EventLog.open(
            root / "log",
            origin=signer.name,
            signer=signer,
            clock=stepping_clock,
            software={"name": "returnbench", "version": "0"},
            store=store or EvidenceStore(root / "evidence", files or Files()),
            files=files,
        )
        opened.append(log)
        return log

    yield open_one
    for log in opened:
        log.close()


class FailingFiles(Files):
    """Files whose operation number ``fail_at`` fails; counts the operations in ``done``.

    A failing write leaves the first half of its bytes, as a full disk does.
    """

    def __init__(self, fail_at=None, error=None):
        self.done = []
        self.fail_at = fail_at
        self.error = error

    def _step(self, name):
        self.done.append(name)
        if len(self.done) - 1 == self.fail_at:
            raise OSError(self.error, "injected")

    def open(self, path, flags, mode=0o644):
        self._step("open")
        return super().open(path, flags, mode)

    def write(self, descriptor, data):
        try:
            self._step("write")
        except OSError:
            super().write(descriptor, data[: len(data) // 2])
            raise
        super().write(descriptor, data)

    def sync(self, descriptor):
        self._step("sync")
        super().sync(descriptor)

    def sync_data(self, descriptor):
        self._step("sync_data")
        super().sync_data(descriptor)

    def set_mode(self, descriptor, mode):
        self._step("set_mode")
        super().set_mode(descriptor, mode)

    def rename(self, source, target):
        self._step("rename")
        super().rename(source, target)

    def truncate(self, descriptor, size):
        self._step("truncate")
        super().truncate(descriptor, size)

    def unlink(self, path):
        self._step("unlink")
        super().unlink(path)

    def make_directory(self, path):
        self._step("make_directory")
        super().make_directory(path)

    def sync_directory(self, path):
        self._step("sync_directory")
        super().sync_directory(path)


@pytest.fixture
def failing_files():
    return FailingFiles


class CaseValues:
    """Values of a return, a case and its evidence."""

    accept = Verdict(
        VerdictKind.ACCEPT_FULL, (), LiableParty.BUYER, FreightPayer.BUYER, ("R1",), "p1", ()
    )
    reject = Verdict(
        VerdictKind.REJECT, (), LiableParty.BUYER, FreightPayer.BUYER, ("R2",), "p1", ()
    )
    assessment = WeightAssessment("CONSISTENT", "OK", "m1", 1000, 1000, 5, 0, 50)

    @staticmethod
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

    @staticmethod
    def photo(number):
        slot = EvidenceSlot.LABEL
        utc = "2026-11-21T14:03:21.983Z"
        name = f"{number:064x}"
        gate = PhotoGate("ok", (), 900, None, 120, 3, 1, 31)
        return Photo(name, slot, 9, 4, 3, "image/jpeg", "camera", "sim", 1, utc, gate)

    @staticmethod
    def weight(purpose):
        return SettledWeight(
            *(purpose, "0.900", "kg", "gross", 900_000, 1000, 1000, "device", 5, "0.000"),
            *(1, 2, "SN 1", "mt-sics"),
        )


@pytest.fixture(scope="session")
def values():
    return CaseValues()


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
        item = CaseValues.advice(number)
        case = CaseId(f"c-{number}")
        arrival = ArrivalType.ANNOUNCED if announced else ArrivalType.NO_INFO
        self.happen(CaseOpened(case, item.waybill, "SF", arrival, item if announced else None, ()))
        return case

    def dump(self):
        with closing(sqlite3.connect(self.database)) as connection:
            named = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            return {
                name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)
                for (name,) in named.fetchall()
            }


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
