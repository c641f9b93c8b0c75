from returnbench.inspect.case import CaseId
from returnbench.inspect.codes import RefundState, VerdictKind
from returnbench.station.finished import FinishedParcels
from returnbench.sync.lookups import CaseSummary
from returnbench.sync.tables import CaseState


def summary(number: int, verdict: VerdictKind | None) -> CaseSummary:
    return CaseSummary(
        case=CaseId(f"c-{number}"),
        rma=f"R{number}",
        shop="demo",
        waybill=f"W{number}",
        carrier="YTO",
        state=CaseState.RELEASED if verdict else CaseState.OPEN,
        verdict=verdict,
        refund=RefundState.BOOKED if verdict else None,
        opened_utc="2026-11-21T12:00:00.000Z",
        verdict_utc="2026-11-21T12:00:17.500Z" if verdict else "",
        closed_utc="",
        hold_reason="",
        owner="",
    )


def test_a_bench_that_was_restarted_shows_what_was_finished_before():
    parcels = FinishedParcels(10)
    full = VerdictKind.ACCEPT_FULL
    parcels.recall((summary(3, None), summary(2, full), summary(1, full)))
    assert [f.case for f in parcels.newest] == ["c-2", "c-1"]
    assert parcels.newest[0].seconds == 17.5
    assert parcels.newest[0].refund is RefundState.BOOKED
    assert parcels.waiting == ()
