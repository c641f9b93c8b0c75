"""What the bench does with one scan, key or weight: the part of the bench without a thread."""

import logging
import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
    Mass,
    SettledWeight,
    WeightAssessment,
)
from returnbench.inspect.codes import (
    DoorFlag,
    EvidenceSlot,
    WeighingPurpose,
)
from returnbench.inspect.commands import (
    AllInOrder,
    Command,
    ConfirmVerdict,
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
    ScanUnit,
    SignOn,
    UndoStep,
)
from returnbench.inspect.events import Event, VerdictGiven
from returnbench.inspect.evolve import fold
from returnbench.inspect.flow import decide
from returnbench.inspect.gates import missing_slots
from returnbench.inspect.inspection import BenchState, Inspection, Phase
from returnbench.inspect.policy import Policy, propose
from returnbench.inspect.weighing import NoWeight, ScaleFrame
from returnbench.inspect.weight import FALSE_ALARM, assess, assess_found
from returnbench.station.evidence_desk import EvidenceDesk, PhotoImpossible, PhotoRejected
from returnbench.station.finished import FinishedParcels
from returnbench.station.menu import Act, Place, Submenu, menu, refusing
from returnbench.station.recorder import Recorder
from returnbench.station.scale_desk import ScaleDesk
from returnbench.station.scan_desk import (
    CountUnit,
    Ignore,
    LookUp,
    NamedAct,
    PressKey,
    ShowBadge,
    is_code_of,
    read_scan,
)
from returnbench.station.snapshot import Notice, Snapshot, StepTimes, TextId
from returnbench.station.view import Tone
from returnbench.sync.log import LogWriteFailed
from returnbench.sync.projection import Projection
from returnbench.sync.store import StoreError

_log = logging.getLogger(__name__)

SAME_SCAN_NS = 1_500_000_000
"""The same code again within this time is the scanner's echo, not a second act."""

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


class BenchDesk:
    """The acts of one bench. Every method is called by the thread of the bench alone."""

    def __init__(self, parts: BenchParts, sound: Callable[[Tone], None]) -> None:
        self._parts = parts
        self._sound = sound
        self._state = parts.state
        self._place = Place()
        self._notice: Notice | None = None
        self._blocked: _Blocked | None = None
        self._times: StepTimes | None = None
        self._finished = FinishedParcels(parts.undo_seconds)
        self._last_scan = ("", 0)
        self._acted_ns = monotonic_ns()
        self._questioned = ""
        self._rest_until_ns = 0

    def snapshot(self) -> Snapshot:
        """What the bench knows now."""
        return Snapshot(
            state=self._state,
            choices=menu(self._state, self._place, may_go_without=self._may_go_without()),
            place=self._place,
            notice=self._notice,
            pan=self._parts.scale.pan,
            times=self._times,
            history=self._finished.newest,
            release_at_ns=self._finished.waiting,
            log_size=self._parts.recorder.size,
            policy=self._parts.policy,
            waiting_for=self._blocked.slot if self._blocked else None,
        )

    def begin(self, now_ns: int) -> None:
        """Take up what the log says was going on."""
        if self._parts.operator and not self._state.operator:
            self.carry_out(SignOn(self._parts.operator))
        for decided in self._state.decided:
            self._finished.await_release(decided.case, now_ns)
        if self._state.inspection is not None:
            self._times = StepTimes(now_ns)
            self._notice = Notice("CONTINUING", Tone.ATTENTION)

    def failed(self) -> None:
        """Say that something went wrong and nothing was confirmed."""
        self._tell("DISK", Tone.TROUBLE, reason="see the log file")

    # -- scans and keys -------------------------------------------------------------------

    def scanned(self, text: str, device: str, symbology: str, at_ns: int) -> None:
        """Handle one whole code."""
        self._acted_ns = at_ns
        last, last_ns = self._last_scan
        self._last_scan = (text, at_ns)
        if text == last and 0 <= at_ns - last_ns < SAME_SCAN_NS:
            self._echoed()
            return
        again = text == self._questioned
        find = self._parts.projection.find_announced
        read = read_scan(text, symbology, self._state, lambda code: again or find(code) is not None)
        self._questioned = ""
        # Half a character cannot be stored as it is: it is written as its escape.
        raw = text.encode("utf-8", "backslashreplace").decode()
        if not self.carry_out(NoteScan(raw, read.meaning.kind, symbology, device)):
            return
        self._notice = None
        match read.intent:
            case PressKey():
                self.pressed(read.intent.key, at_ns)
            case NamedAct():
                self._named(read.intent.word)
            case ShowBadge():
                self._badge(read.intent.badge)
            case CountUnit():
                self._count(read.intent.code)
            case LookUp():
                self._look_up(read.intent, at_ns)
            case Ignore():
                self._ignored(read.intent, text)

    def cut_off(self, text: str, device: str, at_ns: int) -> None:
        """Keep what came of a scan that was cut off; it never acts."""
        self._acted_ns = at_ns
        if self.carry_out(NoteScan(text, "CUT_OFF", "", device)):
            # The screen has rung already.
            self._tell("CUT_OFF", Tone.READY)

    def pressed(self, key: str, at_ns: int) -> None:
        """Handle one key."""
        self._acted_ns = at_ns
        self._notice = None
        choices = menu(self._state, self._place, may_go_without=self._may_go_without())
        choice = next((choice for choice in choices if choice.key == key), None)
        if choice is None:
            self._tell("UNKNOWN_KEY", Tone.ATTENTION, key=key.upper())
            return
        match choice.does:
            case Submenu():
                self._place = Place(choice.does)
            case Act.BACK:
                self._place = Place()
            case Act.NEXT_PAGE:
                self._turn_page()
            case Act.WEIGH_FULL_SET:
                self._weigh_full_set()
            case Act.GO_WITHOUT:
                self._safely(self._go_without)
            case _:
                self._place = Place()
                self.carry_out(choice.does)

    def _echoed(self) -> None:
        """Say that a code was read before, where a person may have meant it as one more unit."""
        if self._notice is not None and self._notice.code == "UNIT_TICKED":
            self._tell("SAME_SCAN", Tone.READY)

    def _named(self, word: str) -> None:
        """Do what a command label names, whatever key it has now."""
        self._place = Place()
        if word == "ALLOK":
            self.carry_out(AllInOrder())
            return
        does = refusing(self._state)
        if isinstance(does, Submenu):
            self._place = Place(does)
        elif does is not None:
            self.carry_out(does)
        else:
            self._tell("NOT_NOW" if self._state.inspection else "NO_PARCEL", Tone.ATTENTION)

    def _ignored(self, intent: Ignore, raw: str) -> None:
        if not intent.notice:
            return
        if intent.notice in ("WRONG_CHECK_DIGIT", "PRODUCT_CODE"):
            self._questioned = raw
        self._tell(intent.notice, Tone.ATTENTION, text=intent.text)

    def _badge(self, badge: str) -> None:
        now = self._state.inspection
        if now is None or not self._state.operator:
            if self.carry_out(SignOn(badge)):
                self._tell("SIGNED_ON", Tone.ACCEPTED)
            return
        if now.phase is Phase.VERDICT and propose(now, self._parts.policy).needs_second_person:
            self.carry_out(ConfirmVerdict(badge))
            return
        self._tell("SIGN_ON_BETWEEN_PARCELS", Tone.ATTENTION)

    def _count(self, code: str) -> None:
        if not self.carry_out(ScanUnit(code)):
            return
        now = self._state.inspection
        unit = now.units[-1] if now and now.units else None
        if now is None or unit is None:
            return
        line = now.line(unit.line_ref) if unit.line_ref else None
        if line is None:
            self._tell("UNIT_UNKNOWN", Tone.ATTENTION, text=code)
            return
        seen, expected = str(now.scanned_of(line.line_ref)), str(line.quantity)
        self._tell("UNIT_TICKED", Tone.READY, title=line.title, seen=seen, expected=expected)

    def _look_up(self, intent: LookUp, at_ns: int) -> None:
        if self._parts.recorder.tables_behind:
            self._tell("TABLES", Tone.TROUBLE, reason=self._parts.recorder.tables_behind)
            return
        held = next((h for h in self._state.held if is_code_of(h, intent.text)), None)
        if held is not None:
            if self.carry_out(ResumeCase(held.case)):
                self._times = StepTimes(at_ns)
                self._tell("RESUMED", Tone.ATTENTION)
            return
        advice = self._parts.projection.find_announced(intent.text)
        carrier = advice.carrier if advice else intent.carrier
        flags = self._door_flags(intent.text, carrier, advice)
        case = CaseId("c-" + b32encode(secrets.token_bytes(10)).decode().lower())
        waybill = advice.waybill if advice else intent.text
        if self.carry_out(OpenCase(case, waybill, carrier, advice, flags)):
            self._times = StepTimes(at_ns)
            now = self._state.inspection
            self._sound(Tone.ATTENTION if now and now.flags else Tone.ACCEPTED)

    def _door_flags(
        self, code: str, carrier: str, advice: AnnouncedReturn | None
    ) -> tuple[DoorFlag, ...]:
        flags = list(
            self._parts.policy.flags(
                carrier, freight_collect=advice.freight_collect if advice else False
            )
        )
        if advice is not None and advice.instruction:
            flags.append(DoorFlag.INTERCEPTED)
        if self._parts.projection.case_for_waybill(advice.waybill if advice else code):
            flags.append(DoorFlag.SEEN_BEFORE)
        return tuple(flags)

    def _turn_page(self) -> None:
        now = self._state.inspection
        lines = len([line for line in now.lines if now.present_of(line)]) if now else 0
        page = self._place.page + 1
        self._place = replace(self._place, page=page if page * 5 < lines else 0)

    # -- weights --------------------------------------------------------------------------

    def weighed(self, frame: ScaleFrame) -> None:
        """Follow the scale, and weigh the closed parcel as soon as it lies still."""
        self._parts.scale.observe(frame)

    def tick(self, now_ns: int) -> None:
        """Do what time brings: silence of the scale, the automatic weighing, releases."""
        self._parts.scale.tick(now_ns)
        if now_ns >= self._rest_until_ns and not self._safely(lambda: self._due(now_ns)):
            self._rest_until_ns = now_ns + DISK_REST_NS

    def _due(self, now_ns: int) -> bool:
        now = self._state.inspection
        outside = now is not None and now.phase is Phase.OUTSIDE
        if (
            outside
            and self._parts.scale.settled
            and not self._gross_settled(now)
            and self._take_weight(WeighingPurpose.GROSS)
        ):
            self._take_photo(EvidenceSlot.LABEL, quiet=True)
        for case in self._finished.due(now_ns):
            if self._write_command(ReleaseVerdict(case)):
                self._finished.released(case)
        self._sign_off_when_idle(now_ns)
        return True

    def _sign_off_when_idle(self, now_ns: int) -> None:
        """Nobody acted for long and no parcel is open: the next one scans a badge again."""
        limit = self._parts.idle_seconds
        if limit is None or not self._state.operator or self._state.inspection is not None:
            return
        if now_ns - self._acted_ns > limit * 1e9:
            self._write_command(SignOn(""))

    def _take_weight(self, purpose: WeighingPurpose) -> bool:
        """Weigh what lies on the pan. The shown reason stays when there is no weight."""
        now = self._state.inspection
        weight = self._parts.scale.take(purpose)
        if now is None or weight is None:
            return False
        if isinstance(weight, NoWeight):
            self._tell(
                "NO_STABLE_WEIGHT", Tone.ATTENTION, reason=TextId(f"no_weight.{weight.reason}")
            )
            return False
        readings = self._parts.evidence.keep(self._parts.scale.readings())
        weight = replace(weight, readings_sha256=readings)
        judged = self._judge(now, weight)
        if not self._write_command(RecordWeighing(weight, judged)):
            return False
        if self._times is not None and self._times.weighed_ns is None:
            self._times = replace(self._times, weighed_ns=monotonic_ns())
        contradicts = judged.outcome == "NOT_CONSISTENT"
        self._sound(Tone.ATTENTION if contradicts else Tone.READY)
        return True

    def _judge(self, now: Inspection, weight: SettledWeight) -> WeightAssessment:
        announced = now.advice.packaging_mass if now.advice else None
        packaging = announced or self._parts.default_packaging
        alpha = self._parts.false_alarm
        if weight.purpose is WeighingPurpose.FULL_SET:
            return assess_found(now.present_lines, packaging, weight.mass_mg, weight.u_mg, alpha)
        return assess(now.lines, packaging, weight.mass_mg, weight.u_mg, weight.purpose, alpha)

    def _weigh_full_set(self) -> None:
        if self._safely(lambda: self._take_weight(WeighingPurpose.FULL_SET)):
            self.carry_out(FinishContents())

    # -- pictures -------------------------------------------------------------------------

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
        self._tell(code, Tone.ATTENTION, slot=TextId(f"slot.{slot}"), reason=reason)

    def _may_go_without(self) -> bool:
        now = self._state.inspection
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

    def _go_without(self) -> bool:
        blocked = self._blocked
        if blocked is None:
            why, detail = self._parts.scale.why_none()
            return self._write_command(GoOnWithoutWeight(WeighingPurpose.GROSS, why, detail))
        if blocked.rejected is not None:
            photo = self._parts.evidence.take_anyway(blocked.rejected)
            done = self._write_command(RecordPhoto(photo))
        elif blocked.slot is EvidenceSlot.FULL_SET_ON_SCALE:
            self._tell("FULL_SET_PHOTO", Tone.REFUSED)
            return False
        else:
            given_up = GoOnWithoutPhoto(blocked.slot, blocked.reason, blocked.tries)
            done = self._write_command(given_up)
        self._blocked = None
        return done

    # -- commands -------------------------------------------------------------------------

    def carry_out(self, command: Command) -> bool:
        """Get the pictures that ``command`` needs, decide it, and make its events durable."""
        return self._safely(lambda: self._with_pictures(command))

    def _safely(self, act: Callable[[], bool]) -> bool:
        """Whether ``act`` was done; when the disk did not take it, say that nothing was."""
        try:
            return act()
        except (LogWriteFailed, StoreError) as error:
            _log.error("the evidence could not be written: %s", error)
            self._tell("DISK", Tone.TROUBLE, reason=str(error))
            return False

    def _with_pictures(self, command: Command) -> bool:
        now = self._state.inspection
        if now is not None and not self._refusal_but_photo(command):
            for slot in missing_slots(now, command):
                if not self._take_photo(slot):
                    return False
        return self._write_command(command)

    def _refusal_but_photo(self, command: Command) -> bool:
        """Whether the command would be refused for another reason than a picture."""
        decision = decide(self._state, command, self._parts.policy)
        return isinstance(decision, Refused) and decision.code != "PHOTO_FIRST"

    def _write_command(self, command: Command) -> bool:
        decision = decide(self._state, command, self._parts.policy)
        if isinstance(decision, Refused):
            self._refused(decision)
            return False
        if decision:
            self._parts.recorder.append(decision, self._state.operator)
            self._state = fold(decision, self._state)
            self._after(command, decision)
            if self._parts.recorder.tables_behind:
                self._tell("TABLES", Tone.TROUBLE, reason=self._parts.recorder.tables_behind)
        return True

    def _refused(self, refused: Refused) -> None:
        detail = refused.detail
        if refused.code == "PHOTO_FIRST":
            self._tell("PHOTO_FIRST", Tone.ATTENTION, slot=TextId(f"slot.{detail}"))
            return
        if refused.code == "SPLIT_CHECK_FIRST":
            self._place = Place(Submenu("split"))
        self._tell(refused.code, Tone.ATTENTION, text=detail)

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
                self._times = None
                self._blocked = None
                self._parts.scale.next_parcel()
                self._tell("HELD", Tone.ATTENTION)
            case RecordRefundAnswer():
                self._finished.answered(command.answer)
            case _:
                pass

    def _verdict_given(self, event: VerdictGiven) -> None:
        now_ns = monotonic_ns()
        opened_ns = self._times.opened_ns if self._times else now_ns
        self._finished.add(self._state.decided[-1], (now_ns - opened_ns) / 1e9)
        self._finished.await_release(event.case, now_ns)
        self._times = None
        self._blocked = None
        self._parts.scale.next_parcel()
        self._sound(Tone.ACCEPTED)

    def _undone(self) -> None:
        self._place = Place()
        self._blocked = None
        now = self._state.inspection
        if now is not None and self._finished.take_back(now.case):
            self._times = StepTimes(monotonic_ns())
        self._tell("UNDONE", Tone.READY)

    def _tell(self, code: str, tone: Tone, **params: str) -> None:
        self._notice = Notice(code, tone, tuple(params.items()))
        if tone is not Tone.READY:
            self._sound(tone)
