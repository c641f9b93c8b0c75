"""The one big statement of the screen: what it is, and what to do next. Pure."""

from returnbench.inspect.case import WeightAssessment
from returnbench.inspect.codes import DoorFlag, WeighingPurpose
from returnbench.inspect.gates import needs_full_set
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import propose
from returnbench.inspect.weighing import NoWeight, NoWeightReason
from returnbench.inspect.weighing_procedure import NOT_CONNECTED
from returnbench.inspect.weight import smallest_detectable_mg
from returnbench.station.snapshot import Notice, Snapshot, TextId
from returnbench.station.text import Texts
from returnbench.station.view import StateView, Tone
from returnbench.station.weight_panel import grams

MAX_MESSAGES = 4

_SUBMENU_QUESTIONS = {
    "refuse": "message.which_refusal",
    "outside": "message.which_outside",
    "extra": "message.which_extra",
}


class StatePanel:
    """Builds the state panel in one language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def build(self, snapshot: Snapshot, now_ns: int) -> StateView:
        """What to show for ``snapshot``: the state, with the notice of the last act on top."""
        now = snapshot.state.inspection
        state = self._idle(snapshot, now_ns) if now is None else self._parcel(now, snapshot)
        if snapshot.notice is None:
            return state
        message = (self._notice(snapshot.notice), *state.message)
        tone = snapshot.notice.tone if snapshot.notice.tone is not Tone.READY else state.tone
        return StateView(tone, state.title, message[:MAX_MESSAGES], snapshot.notice.code)

    def _notice(self, notice: Notice) -> str:
        params = {
            name: self._texts(value) if isinstance(value, TextId) else value
            for name, value in notice.params
        }
        return self._texts(f"notice.{notice.code}", **params)

    def _idle(self, snapshot: Snapshot, now_ns: int) -> StateView:
        if not snapshot.state.operator:
            return StateView(Tone.READY, self._texts("title.sign_on"))
        if snapshot.release_at_ns and snapshot.history:
            _, at_ns = snapshot.release_at_ns[-1]
            seconds = max(0, (at_ns - now_ns) // 1_000_000_000 + 1)
            done = self._texts(f"verdict.{snapshot.history[0].verdict}")
            undo = self._texts("message.undo_window", seconds=seconds)
            messages = (undo, self._texts("message.idle"))
            return StateView(Tone.ACCEPTED, self._texts("title.done", verdict=done), messages)
        return StateView(Tone.READY, self._texts("title.idle"), (self._texts("message.idle"),))

    def _parcel(self, now: Inspection, snapshot: Snapshot) -> StateView:
        if snapshot.place.submenu is not None:
            return self._submenu(now, snapshot)
        match now.phase:
            case Phase.DOOR:
                return self._door(now)
            case Phase.OUTSIDE:
                return self._outside(now, snapshot)
            case Phase.CONTENTS:
                return self._contents(now)
            case Phase.GRADING:
                return self._grading(now)
            case _:
                return self._verdict(now, snapshot)

    def _submenu(self, now: Inspection, snapshot: Snapshot) -> StateView:
        submenu = snapshot.place.submenu
        assert submenu is not None
        title = self._texts("title.contents")
        if submenu.name == "split":
            siblings = now.advice.sibling_parcels if now.advice else 0
            question = self._texts("message.split_question", siblings=siblings)
        elif submenu.line_ref is not None:
            question = self._texts("message.which_cause")
        else:
            question = self._texts(_SUBMENU_QUESTIONS.get(submenu.name, "message.which_line"))
        if submenu.name in ("refuse", "outside"):
            title = self._texts("title.outside")
        return StateView(Tone.READY, title, (question,))

    def _door(self, now: Inspection) -> StateView:
        instruction = now.advice.instruction if now.advice else ""
        said = tuple(self._texts(f"flag.{flag}", instruction=instruction) for flag in now.flags)
        stop = {DoorFlag.FREIGHT_COLLECT, DoorFlag.CARRIER_NOT_ACCEPTED} & set(now.flags)
        if stop:
            return StateView(Tone.REFUSED, self._texts("title.door"), said)
        return StateView(Tone.ATTENTION, self._texts("title.door_flagged"), said)

    def _outside(self, now: Inspection, snapshot: Snapshot) -> StateView:
        given_up = WeighingPurpose.GROSS in now.without_weight
        if now.weighing(WeighingPurpose.GROSS) is None and not given_up:
            return self._to_be_weighed(now, snapshot)
        if now.weight_contradicts and now.assessment:
            messages = (*self._explanations(now, now.assessment),)
            outside = self._texts("message.judge_outside")
            title = self._texts("title.outside_contradicts")
            return StateView(Tone.ATTENTION, title, (*messages, outside))
        message = self._texts("message.open_and_compare" if now.advice else "message.judge_outside")
        return StateView(Tone.READY, self._texts("title.outside"), (message, *self._limits(now)))

    def _to_be_weighed(self, now: Inspection, snapshot: Snapshot) -> StateView:
        live = snapshot.pan.live
        if live is None or (isinstance(live, NoWeight) and live.reason in NOT_CONNECTED):
            reason = live.reason if isinstance(live, NoWeight) else NoWeightReason.NO_SCALE
            said = self._texts("message.no_weight", reason=self._texts(f"no_weight.{reason}"))
            way_on = self._texts("message.no_weight_way_on")
            return StateView(Tone.TROUBLE, self._texts("title.outside_no_weight"), (said, way_on))
        messages = [self._texts("message.weigh")]
        if snapshot.pan.blocked is NoWeightReason.ZERO_NOT_SEEN:
            messages.insert(0, self._texts("message.weigh_empty_first"))
        packaging = now.advice.packaging_mass if now.advice else None
        smallest = smallest_detectable_mg(now.lines, packaging, 0, WeighingPurpose.GROSS)
        if smallest is not None:
            messages.append(self._texts("message.smallest", grams=grams(smallest)))
        return StateView(Tone.READY, self._texts("title.outside_weigh"), tuple(messages))

    def _limits(self, now: Inspection) -> tuple[str, ...]:
        assessment = now.assessment
        if assessment is None or not assessment.undetectable_lines:
            return ()
        titles = [
            line.title for line in now.lines if line.line_ref in assessment.undetectable_lines
        ]
        return (self._texts("message.light_lines", titles=", ".join(titles)),)

    def _explanations(self, now: Inspection, assessment: WeightAssessment) -> tuple[str, ...]:
        difference = assessment.difference_mg or 0
        direction = self._texts("message.too_light" if difference > 0 else "message.too_heavy")
        mass = grams(abs(difference))
        if not assessment.explanations:
            return (self._texts("message.unexplained", grams=mass, direction=direction),)
        said = []
        for number, explanation in enumerate(assessment.explanations[:2]):
            line = now.line(explanation.line_ref)
            said.append(
                self._texts(
                    "message.explained_more" if number else "message.explained",
                    grams=mass,
                    direction=direction,
                    quantity=abs(explanation.quantity),
                    title=line.title if line else explanation.line_ref,
                )
            )
        return tuple(said)

    def _contents(self, now: Inspection) -> StateView:
        if needs_full_set(now) and now.weighing(WeighingPurpose.FULL_SET) is None:
            message = self._texts("message.full_set")
            return StateView(Tone.ATTENTION, self._texts("title.full_set"), (message,))
        tick = self._texts("message.tick_lines")
        if now.weight_contradicts and not now.findings and now.assessment:
            counted = self._texts("message.counted_question")
            said = (*self._explanations(now, now.assessment), counted)
            return StateView(Tone.ATTENTION, self._texts("title.contents_contradicts"), said)
        return StateView(Tone.READY, self._texts("title.contents"), (tick, *self._limits(now)))

    def _grading(self, now: Inspection) -> StateView:
        line = now.ungraded[0]
        message = self._texts("message.grade_line", quantity=now.ungraded_of(line))
        title = self._texts("title.grading", title=line.title)
        return StateView(Tone.READY, title, (message,))

    def _verdict(self, now: Inspection, snapshot: Snapshot) -> StateView:
        verdict = propose(now, snapshot.policy)
        proposed = self._texts("title.verdict", verdict=self._texts(f"verdict.{verdict.kind}"))
        if not verdict.needs_second_person:
            return StateView(Tone.READY, proposed, (self._texts("message.confirm"),))
        codes = [f.code for f in now.findings if f.code in snapshot.policy.second_person_findings]
        reasons = ", ".join(self._texts(f"finding.{code}") for code in dict.fromkeys(codes))
        said = self._texts("message.second_person", reasons=reasons)
        return StateView(Tone.ATTENTION, self._texts("title.second_person"), (proposed, said))
