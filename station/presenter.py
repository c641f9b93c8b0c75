"""From what the bench knows to what the screen shows. Pure but for the clock line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from returnbench.inspect.case import Verdict
from returnbench.inspect.codes import REFUNDING_VERDICTS, EvidenceSlot, RefundState
from returnbench.inspect.gates import needs_full_set
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import propose
from returnbench.station.devices_view import DevicesSeen
from returnbench.station.menu import Choice
from returnbench.station.snapshot import Finished, Snapshot
from returnbench.station.state_panel import StatePanel
from returnbench.station.text import Texts
from returnbench.station.view import (
    BenchView,
    HistoryView,
    KeyView,
    LineView,
    ParcelView,
    PhotoView,
    Tone,
)
from returnbench.station.weight_panel import grams, weight_view

KEY_NAMES = {"enter": "ENTER"}

_VERDICT_TONES = {"REJECT": Tone.REFUSED, "HOLD": Tone.ATTENTION, "ESCALATE": Tone.REFUSED}


@dataclass(frozen=True, slots=True)
class Site:
    """What does not change while the bench runs, and where to look for what does."""

    station: str
    devices: Callable[[], DevicesSeen]
    clock: Callable[[], datetime]
    hint: Callable[[Snapshot], str] = lambda _: ""


class Presenter:
    """Builds the view in one language."""

    def __init__(self, site: Site, texts: Texts) -> None:
        self._site = site
        self._texts = texts
        self._panel = StatePanel(texts)

    def build(self, snapshot: Snapshot, now_ns: int) -> BenchView:
        """The whole screen for ``snapshot`` at monotonic time ``now_ns``."""
        now = snapshot.state.inspection
        devices = self._site.devices()
        pending = (RefundState.WAITING_RELEASE, RefundState.PENDING)
        return BenchView(
            station=self._site.station,
            operator=operator_name(snapshot.state.operator),
            clock=self._site.clock().strftime("%H:%M"),
            state=self._panel.build(snapshot, now_ns),
            parcel=self._parcel(now, snapshot, now_ns) if now else None,
            lines=self._lines(now) if now else (),
            weight=weight_view(snapshot, devices, self._texts),
            photos=self._photos(now, snapshot) if now else (),
            proposal=self._proposal(now, snapshot) if now else (),
            devices=devices.views,
            backlog=devices.backlog,
            refunds_pending=sum(1 for f in snapshot.history if f.refund in pending),
            keys=tuple(self._key(choice) for choice in snapshot.choices),
            history=tuple(self._finished(finished) for finished in snapshot.history),
            hint=self._site.hint(snapshot),
        )

    def _key(self, choice: Choice) -> KeyView:
        label = self._texts(choice.label, **dict(choice.params))
        return KeyView(KEY_NAMES.get(choice.key, choice.key.upper()), label, choice.primary)

    def _parcel(self, now: Inspection, snapshot: Snapshot, now_ns: int) -> ParcelView:
        advice = now.advice
        opened_ns = snapshot.times.opened_ns if snapshot.times else now_ns
        seconds = max(0, (now_ns - opened_ns) // 1_000_000_000)
        return ParcelView(
            waybill=now.waybill or "(erased)",
            carrier=now.carrier,
            rma=advice.rma if advice else "",
            shop=advice.shop if advice else "",
            arrival=self._texts(f"arrival.{now.arrival}"),
            claimed=self._texts(f"claimed.{advice.claimed_reason}") if advice else "",
            instruction=advice.instruction if advice else "",
            elapsed=f"{seconds} s",
        )

    def _lines(self, now: Inspection) -> tuple[LineView, ...]:
        views = []
        for line in now.lines:
            found = [f for f in now.findings if f.line_ref == line.line_ref]
            grades = [g for g in now.graded if g.line_ref == line.line_ref]
            notes = [f"{f.quantity} {self._texts(f'finding.{f.code}').lower()}" for f in found]
            notes += [self._texts(f"grade.{g.grade}").lower() for g in grades]
            seen = now.scanned_of(line.line_ref)
            checked = now.phase in (Phase.GRADING, Phase.VERDICT) or seen >= line.quantity
            mark = "[!]" if found else "[x]" if checked else "[ ]"
            mass = f"{grams(line.unit_mass.mean_mg)} g" if line.unit_mass else "? g"
            views.append(
                LineView(mark, line.title, line.quantity, seen or None, mass, ", ".join(notes))
            )
        return tuple(views)

    def _photos(self, now: Inspection, snapshot: Snapshot) -> tuple[PhotoView, ...]:
        wanted = [EvidenceSlot.LABEL, EvidenceSlot.ALL_ITEMS]
        if needs_full_set(now):
            wanted.append(EvidenceSlot.FULL_SET_ON_SCALE)
        taken = list(dict.fromkeys(photo.slot for photo in now.photos))
        return tuple(
            PhotoView(
                slot=self._texts(f"slot.{slot}"),
                taken=slot in taken,
                required=slot in wanted,
                note="!" if slot is snapshot.waiting_for else "",
            )
            for slot in dict.fromkeys([*wanted, *taken])
        )

    def _proposal(self, now: Inspection, snapshot: Snapshot) -> tuple[str, ...]:
        if now.phase is not Phase.VERDICT:
            return ()
        verdict = propose(now, snapshot.policy)
        return (
            self._texts(f"verdict.{verdict.kind}"),
            *self._verdict_lines(now, verdict),
            self._texts("proposal.liable", party=self._texts(f"party.{verdict.liable_party}")),
            self._texts("proposal.freight", payer=self._texts(f"payer.{verdict.freight_payer}")),
            self._texts("proposal.rules", rules=" ".join(verdict.rules)),
        )

    def _verdict_lines(self, now: Inspection, verdict: Verdict) -> list[str]:
        shown = []
        for line in verdict.lines:
            known = now.line(line.line_ref)
            if line.refund_permille in (0, 1000):
                refund = self._texts(f"proposal.refund_{'all' if line.refund_permille else 'none'}")
            else:
                refund = self._texts(
                    "proposal.refund_part", percent=f"{line.refund_permille / 10:g}"
                )
            shown.append(
                self._texts(
                    "proposal.line",
                    quantity=line.quantity,
                    title=known.title if known else line.line_ref,
                    refund=refund,
                    disposition=self._texts(f"disposition.{line.disposition}"),
                )
            )
        return shown

    def _finished(self, finished: Finished) -> HistoryView:
        tone = Tone.ACCEPTED
        if finished.verdict not in REFUNDING_VERDICTS:
            tone = _VERDICT_TONES.get(finished.verdict, Tone.ATTENTION)
        return HistoryView(
            waybill=finished.waybill[-6:],
            verdict=self._texts(f"verdict.{finished.verdict}"),
            seconds=f"{finished.seconds:.0f} s",
            refund=self._texts(f"refund.{finished.refund}"),
            tone=tone,
        )


def operator_name(badge: str) -> str:
    """The name part of a badge, for the screen."""
    if badge.startswith("XOP") and len(badge) > 13:
        return badge[3:-10]
    return badge
