"""Carries out commands for the parcel on the bench: pictures first, then durable, then told."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from returnbench.inspect.case import (
    Mass,
    SettledWeight,
    WeightAssessment,
)
from returnbench.inspect.codes import (
    EvidenceSlot,
    WeighingPurpose,
)
from returnbench.inspect.commands import (
    Command,
    FinishContents,
    GoOnWithoutPhoto,
    GoOnWithoutWeight,
    HoldCase,
    NoteScan,
    OpenCase,
    RecordPhoto,
    RecordRefundAnswer,
    RecordWeighing,
    Refused,
    ReleaseVerdict,
    ResumeCase,
    SignOn,
    UndoStep,
)
from returnbench.inspect.events import Event, VerdictGiven
from returnbench.inspect.evolve import fold
from returnbench.inspect.flow import decide
from returnbench.inspect.gates import missing_slots
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import NoWeight
from returnbench.inspect.weight import FALSE_ALARM, assess, assess_found
from returnbench.station.evidence_desk import EvidenceDesk, PhotoImpossible, PhotoRejected
from returnbench.station.finished import SHOWN, FinishedParcels
from returnbench.station.menu import Place, Submenu
from returnbench.station.recorder import Recorder
from returnbench.station.scale_desk import ScaleDesk
from returnbench.station.snapshot import Notice, StepTimes, TextId
from returnbench.station.view import Tone
from returnbench.sync.log import LogWriteFailed
from returnbench.sync.projection import Projection
from returnbench.sync.store import StoreError

_log = logging.getLogger(__name__)

DISK_REST_NS = 5_000_000_000
"""What the bench does by itself waits this long after the disk failed."""


@dataclass(frozen=True, slots=True)
class BenchParts:
    """Everything a bench is put together from."""

    recorder: Recorder
    projection: Projection
    evidence: EvidenceDesk
    scale: ScaleDesk
    policy: Policy
    undo_seconds: float
    state: BenchState
    """The state that the log says was reached."""
    operator: str = ""
    """Who is signed on from the start, where no badge is asked for."""
    idle_seconds: float | None = None
    """Time without any act after which the operator is signed off between parcels."""
    false_alarm: float = FALSE_ALARM
    default_packaging: Mass | None = None
    """What packaging weighs where the shop does not announce it."""


@dataclass(slots=True)
class _Blocked:
    """A command that waits for a picture, and the picture that was not good enough."""

    slot: EvidenceSlot
    reason: str
    rejected: PhotoRejected | None
    tries: int = field(default=0)


class CaseDesk:
    """The state of the bench and all that changes it. Used by the thread of the bench alone."""

    def __init__(self, parts: BenchParts, sound: Callable[[Tone], None]) -> None:
        self._parts = parts
        self.sound = sound
        self.state = parts.state
        self.place = Place()
        self.notice: Notice | None = None
        self.times: StepTimes | None = None
        self.finished = FinishedParcels(parts.undo_seconds)
        self.acted_ns = monotonic_ns()
        """When a person last did something."""
        self._blocked: _Blocked | None = None
        self._rest_until_ns = 0
        self._noted: tuple[Event, ...] = ()

    @property
    def waiting_for(self) -> EvidenceSlot | None:
        """The picture without which the last command was not carried out."""
        return self._blocked.slot if self._blocked else None

    def begin(self, now_ns: int) -> None:
        """Take up what the log says was going on."""
        if self._parts.operator and not self.state.operator:
            self.carry_out(SignOn(self._parts.operator))
        self.finished.recall(self._parts.projection.recent_cases(SHOWN))
        for decided in self.state.decided:
            self.finished.await_release(decided.case, now_ns)
        if self.state.inspection is not None:
            self.times = StepTimes(now_ns)
            self.notice = Notice("CONTINUING", Tone.ATTENTION)

    def tick(self, now_ns: int) -> None:
        """Do what time brings: silence of the scale, the automatic weighing, releases."""
        self._parts.scale.tick(now_ns)
        if now_ns >= self._rest_until_ns and not self._safely(lambda: self._due(now_ns)):
            self._rest_until_ns = now_ns + DISK_REST_NS

    def _due(self, now_ns: int) -> bool:
        now = self.state.inspection
        outside = now is not None and now.phase is Phase.OUTSIDE
        if outside and self._parts.scale.settled and not self._gross_settled(now):
            self._take_weight(WeighingPurpose.GROSS)
        if self._label_is_due():
            self._take_photo(EvidenceSlot.LABEL, quiet=True)
        for case in self.finished.due(now_ns):
            if self._write_command(ReleaseVerdict(case)):
                self.finished.released(case)
        self._sign_off_when_idle(now_ns)
        return True

    def _label_is_due(self) -> bool:
        """Whether the weighed parcel has no picture yet, and nobody was told of a reason."""
        now = self.state.inspection
        if now is None or now.phase is not Phase.OUTSIDE or self._blocked is not None:
            return False
        slot = EvidenceSlot.LABEL
        weighed = now.weighing(WeighingPurpose.GROSS) is not None
        return weighed and not now.has_photo(slot) and slot not in now.without_photo

    def _sign_off_when_idle(self, now_ns: int) -> None:
        """Nobody acted for long and no parcel is open: the next one scans a badge again."""
        limit = self._parts.idle_seconds
        if limit is None or not self.state.operator or self.state.inspection is not None:
            return
        if now_ns - self.acted_ns > limit * 1e9:
            self._write_command(SignOn(""))

    def _take_weight(self, purpose: WeighingPurpose) -> bool:
        """Weigh what lies on the pan. The shown reason stays when there is no weight."""
        now = self.state.inspection
        weight = self._parts.scale.take(purpose)
        if now is None or weight is None:
            return False
        if isinstance(weight, NoWeight):
            self.tell(
                "NO_STABLE_WEIGHT", Tone.ATTENTION, reason=TextId(f"no_weight.{weight.reason}")
            )
            return False
        readings = self._parts.evidence.keep(self._parts.scale.readings())
        weight = replace(weight, readings_sha256=readings)
        judged = self._judge(now, weight)
        if not self._write_command(RecordWeighing(weight, judged)):
            return False
        if self.times is not None and self.times.weighed_ns is None:
            self.times = replace(self.times, weighed_ns=monotonic_ns())
        contradicts = judged.outcome == "NOT_CONSISTENT"
        self.sound(Tone.ATTENTION if contradicts else Tone.READY)
        return True

    def _judge(self, now: Inspection, weight: SettledWeight) -> WeightAssessment:
        announced = now.advice.packaging_mass if now.advice else None
        packaging = announced or self._parts.default_packaging
        alpha = self._parts.false_alarm
        if weight.purpose is WeighingPurpose.FULL_SET:
            return assess_found(now.present_lines, packaging, weight.mass_mg, weight.u_mg, alpha)
        return assess(now.lines, packaging, weight.mass_mg, weight.u_mg, weight.purpose, alpha)

    def weigh_full_set(self) -> None:
        """Weigh everything that was received, and finish the contents with it."""
        if self._safely(lambda: self._take_weight(WeighingPurpose.FULL_SET)):
            self.carry_out(FinishContents())

    def _take_photo(self, slot: EvidenceSlot, *, quiet: bool = False) -> bool:
        """Take the picture of ``slot`` and record it; remember why when there is none."""
        taken = self._parts.evidence.take(slot)
        if isinstance(taken, PhotoRejected):
            self._blocked = _Blocked(slot, taken.gate.reasons[0], taken, taken.tries)
            if not quiet:
                why = TextId(f"photo.{taken.gate.reasons[0]}")
                self._tell_photo("PHOTO_REJECTED", slot, why)
            return False
        if isinstance(taken, PhotoImpossible):
            self._blocked = _Blocked(slot, taken.reason, None)
            if not quiet:
                self._tell_photo("PHOTO_NO_CAMERA", slot, taken.detail or taken.reason)
            return False
        self._blocked = None
        return self._write_command(RecordPhoto(taken))

    def _tell_photo(self, code: str, slot: EvidenceSlot, reason: str) -> None:
        self.tell(code, Tone.ATTENTION, slot=TextId(f"slot.{slot}"), reason=reason)

    def may_go_without(self) -> bool:
        """Whether there is something that the operator may go on without."""
        now = self.state.inspection
        if self._blocked is not None:
            return True
        outside = now is not None and now.phase is Phase.OUTSIDE
        return outside and not self._gross_settled(now)

    @staticmethod
    def _gross_settled(now: Inspection | None) -> bool:
        """Whether the closed parcel was weighed, or its weight was given up."""
        return now is not None and (
            now.weighing(WeighingPurpose.GROSS) is not None
            or WeighingPurpose.GROSS in now.without_weight
        )

    def go_without(self) -> None:
        """Go on without the weight or the picture that is missing, and record that."""
        self._safely(self._given_up)

    def _given_up(self) -> bool:
        blocked = self._blocked
        if blocked is None:
            why, detail = self._parts.scale.why_none()
            return self._write_command(GoOnWithoutWeight(WeighingPurpose.GROSS, why, detail))
        if blocked.rejected is not None:
            photo = self._parts.evidence.take_anyway(blocked.rejected)
            done = self._write_command(RecordPhoto(photo))
        elif blocked.slot is EvidenceSlot.FULL_SET_ON_SCALE:
            self.tell("FULL_SET_PHOTO", Tone.REFUSED)
            return False
        else:
            given_up = GoOnWithoutPhoto(blocked.slot, blocked.reason, blocked.tries)
            done = self._write_command(given_up)
        self._blocked = None
        return done

    def carry_out(self, command: Command) -> bool:
        """Get the pictures that ``command`` needs, decide it, and make its events durable."""
        return self._safely(lambda: self._with_pictures(command))

    def _safely(self, act: Callable[[], bool]) -> bool:
        """Whether ``act`` was done; when the disk did not take it, say that nothing was."""
        try:
            return act()
        except (LogWriteFailed, StoreError) as error:
            _log.error("the evidence could not be written: %s", error)
            self.tell("DISK", Tone.TROUBLE, reason=str(error))
            return False

    def _with_pictures(self, command: Command) -> bool:
        now = self.state.inspection
        if now is not None and not self._refusal_but_photo(command):
            for slot in missing_slots(now, command):
                if not self._take_photo(slot):
                    return False
        return self._write_command(command)

    def _refusal_but_photo(self, command: Command) -> bool:
        """Whether the command would be refused for another reason than a picture."""
        decision = decide(self.state, command, self._parts.policy)
        return isinstance(decision, Refused) and decision.code != "PHOTO_FIRST"

    def _write_command(self, command: Command) -> bool:
        decision = decide(self.state, command, self._parts.policy)
        if isinstance(decision, Refused):
            self._refused(decision)
            return False
        if decision:
            self._append(decision)
            self._after(command, decision)
        return True

    def note(self, scan: NoteScan) -> None:
        """Keep a scan: it becomes durable with what it leads to, or by :meth:`flush`."""
        decision = decide(self.state, scan, self._parts.policy)
        if not isinstance(decision, Refused):
            self._noted += decision

    def flush(self) -> bool:
        """Make what was noted and led to nothing durable, too."""
        return not self._noted or self._safely(lambda: self._append(()))

    def follow(self) -> None:
        """Let the tables follow the log; call it when the new state is on the screen."""
        before = self._parts.recorder.tables_behind
        self._parts.recorder.follow()
        behind = self._parts.recorder.tables_behind
        if behind and not before:
            self.tell("TABLES", Tone.TROUBLE, reason=behind)

    def _append(self, events: tuple[Event, ...]) -> bool:
        self._parts.recorder.append((*self._noted, *events), self.state.operator)
        self._noted = ()
        self.state = fold(events, self.state)
        return True

    def _refused(self, refused: Refused) -> None:
        detail = refused.detail
        if refused.code == "PHOTO_FIRST":
            self.tell("PHOTO_FIRST", Tone.ATTENTION, slot=TextId(f"slot.{detail}"))
            return
        if refused.code == "SPLIT_CHECK_FIRST":
            self.place = Place(Submenu("split"))
        self.tell(refused.code, Tone.ATTENTION, text=detail)

    def _after(self, command: Command, events: tuple[Event, ...]) -> None:
        """What follows once the events are durable: tones, times, the undo window."""
        for event in events:
            if isinstance(event, VerdictGiven):
                self._verdict_given(event)
        match command:
            case UndoStep():
                self._undone()
            case OpenCase() | ResumeCase():
                # A picture that another parcel waits for is none of this one.
                self._blocked = None
            case HoldCase():
                self.times = None
                self._blocked = None
                self._parts.scale.next_parcel()
                self.tell("HELD", Tone.ATTENTION)
            case RecordRefundAnswer():
                self.finished.answered(command.answer)
            case _:
                pass

    def _verdict_given(self, event: VerdictGiven) -> None:
        now_ns = monotonic_ns()
        opened_ns = self.times.opened_ns if self.times else now_ns
        self.finished.add(self.state.decided[-1], (now_ns - opened_ns) / 1e9)
        self.finished.await_release(event.case, now_ns)
        self.times = None
        self._blocked = None
        self._parts.scale.next_parcel()
        self.sound(Tone.ACCEPTED)

    def _undone(self) -> None:
        self.place = Place()
        self._blocked = None
        now = self.state.inspection
        if now is not None and self.finished.take_back(now.case):
            self.times = StepTimes(monotonic_ns())
        self.tell("UNDONE", Tone.READY)

    def tell(self, code: str, tone: Tone, **params: str) -> None:
        """Show what the last act led to; every tone but the quiet one is heard, too."""
        self.notice = Notice(code, tone, tuple(params.items()))
        if tone is not Tone.READY:
            self.sound(tone)
