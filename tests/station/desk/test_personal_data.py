"""Waybills and badges stand beside the log, never in it."""

from returnbench.inspect.codec import decode_event
from returnbench.inspect.events import CaseOpened, OperatorSignedOn, VerdictGiven

SLIP = "HR4711AB"


def everything(rig, ben):
    """A day that scans everything that may be scanned, at every moment."""
    waybill = "YT8962646785389"
    rig.announce(rig.advice(return_slip=SLIP, rma="SHOP-RMA-1"))
    personal = [waybill, "YT 8962-6467 85389", SLIP, ben, ben[:-1] + "0", "1Z999AA10123456785"]
    rig.sign_on().clear().scan(SLIP)
    for code in personal:
        rig.scan(code)
    rig.lay(790).press("1")
    for code in personal:
        rig.scan(code)
    rig.press("9").scan(waybill).scan("5901234123457").press("3", "1", "enter", "enter")
    rig.scan(ben)
    assert rig.idle
    rig.scan("YT0000000000001").press("1", "8", "8", "1", "1", "enter").tick(700)
    return [*personal, "8962646785389", "YT0000000000001", "0000000000001"]


def test_no_waybill_and_no_badge_stands_in_the_log(rig, ana, ben):
    secrets = [*everything(rig, ben), ana, ana[3:-2], ben[3:-2]]
    stored = (rig.root / "log" / "entries.log").read_bytes()
    assert b"SHOP-RMA-1" in stored
    found = [secret for secret in secrets if secret.encode() in stored]
    assert found == []


def test_they_are_found_again_by_their_keyed_hash(rig, ana, ben):
    everything(rig, ben)
    opened = [entry for entry in rig.log.entries() if entry.type == "case_opened"]
    keyed = rig.parts.recorder.keyed("YT8962646785389")
    assert opened[0].data["waybill_h"] == f"hmac-sha256:{keyed}"
    assert opened[0].data["actor"] == rig.parts.recorder.keyed(ana)
    assert keyed != rig.parts.recorder.keyed("YT0000000000001")


def test_the_log_folds_without_what_was_erased(rig, ben):
    everything(rig, ben)
    for entry in rig.log.entries():
        if "pii" in entry.data:
            rig.store.erase(entry.data["pii"]["sha256"])
    events = [
        decode_event(entry.type, entry.data, rig.log.personal_of(entry))
        for entry in rig.log.entries()
    ]
    assert {e.waybill for e in events if isinstance(e, CaseOpened)} == {""}
    assert {e.operator for e in events if isinstance(e, OperatorSignedOn)} == {""}
    assert {e.second_person for e in events if isinstance(e, VerdictGiven)} == {""}
