"""What the bench does with one scan or key: from what a person did to a command."""

import secrets
from base64 import b32encode
from collections.abc import Callable
from dataclasses import replace

from returnbench.inspect.case import (
    AnnouncedReturn,
    CaseId,
)
from returnbench.inspect.codes import ArrivalType, DoorFlag
from returnbench.inspect.commands import (
    AllInOrder,
    Command,
    ConfirmVerdict,
    NoteScan,
    OpenCase,
    ResumeCase,
    ScanUnit,
    SignOn,
)
from returnbench.inspect.inspection import Inspection, Phase
from returnbench.inspect.policy import propose
from returnbench.inspect.weighing import ScaleFrame
from returnbench.station.case_desk import BenchParts, CaseDesk
from returnbench.station.menu import Act, Choice, Place, Submenu, menu, refusing
from returnbench.station.scan_desk import (
    CountUnit,
    Ignore,
    Intent,
    LookUp,
    NamedAct,
    PressKey,
    ShowBadge,
    read_scan,
)
from returnbench.station.snapshot import Snapshot, StepTimes
from returnbench.station.view import Tone

SAME_SCAN_NS = 1_500_000_000
"""The same code again within this time is the scanner's echo, not a second act."""


class BenchDesk:
    """The acts of one bench. Every method is called by the thread of the bench alone."""

    def __init__(self, parts: BenchParts, sound: Callable[[Tone], None]) -> None:
        self._parts = parts
        self._case = CaseDesk(parts, sound)
        self._last_scan = ("", 0)
        self._questioned = ""

    def snapshot(self) -> Snapshot:
        """What the bench knows now."""
        case = self._case
        return Snapshot(
            state=case.state,
            choices=self._choices(),
            place=case.place,
            notice=case.notice,
            pan=self._parts.scale.pan,
            times=case.times,
            history=case.finished.newest,
            release_at_ns=case.finished.waiting,
            log_size=self._parts.recorder.size,
            policy=self._parts.policy,
            waiting_for=case.waiting_for,
        )

    def begin(self, now_ns: int) -> None:
        """Take up what the log says was going on."""
        self._case.begin(now_ns)

    def carry_out(self, command: Command) -> bool:
        """Carry out one command; whether it was done."""
        return self._case.carry_out(command)

    def failed(self) -> None:
        """Say that something went wrong and nothing was confirmed."""
        self._case.tell("DISK", Tone.TROUBLE, reason="see the log file")

    def weighed(self, frame: ScaleFrame) -> None:
        """Follow the scale."""
        self._parts.scale.observe(frame)

    def tick(self, now_ns: int) -> None:
        """Do what time brings."""
        self._case.tick(now_ns)

    def follow(self) -> None:
        """Let the tables follow the log; call it when the new state is on the screen."""
        self._case.follow()

    def _choices(self) -> tuple[Choice, ...]:
        case = self._case
        return menu(case.state, case.place, may_go_without=case.may_go_without())

    def scanned(self, text: str, device: str, symbology: str, at_ns: int) -> None:
        """Handle one whole code."""
        self._case.acted_ns = at_ns
        last, last_ns = self._last_scan
        self._last_scan = (text, at_ns)
        if text == last and 0 <= at_ns - last_ns < SAME_SCAN_NS:
            self._echoed()
            return
        again = text == self._questioned
        find = self._parts.projection.find_announced
        read = read_scan(
            text, symbology, self._case.state, lambda code: again or find(code) is not None
        )
        self._questioned = ""
        # Half a character cannot be stored as it is: it is written as its escape.
        raw = text.encode("utf-8", "backslashreplace").decode()
        self._case.note(NoteScan(raw, read.meaning.kind, symbology, device))
        self._case.notice = None
        self._act(read.intent, text, at_ns)
        # One write holds the scan and what it led to; what led to nothing is written now.
        self._case.flush()

    def _act(self, intent: Intent, raw: str, at_ns: int) -> None:
        match intent:
            case PressKey():
                self.pressed(intent.key, at_ns)
            case NamedAct():
                self._named(intent.word)
            case ShowBadge():
                self._badge(intent.badge)
            case CountUnit():
                self._count(intent.code)
            case LookUp():
                self._look_up(intent, at_ns)
            case Ignore():
                self._ignored(intent, raw)

    def cut_off(self, text: str, device: str, at_ns: int) -> None:
        """Keep what came of a scan that was cut off; it never acts."""
        self._case.acted_ns = at_ns
        if self.carry_out(NoteScan(text, "CUT_OFF", "", device)):
            # The screen has rung already.
            self._case.tell("CUT_OFF", Tone.READY)

    def pressed(self, key: str, at_ns: int) -> None:
        """Handle one key."""
        self._case.acted_ns = at_ns
        self._case.notice = None
        choice = next((choice for choice in self._choices() if choice.key == key), None)
        if choice is None:
            self._case.tell("UNKNOWN_KEY", Tone.ATTENTION, key=key.upper())
            return
        match choice.does:
            case Submenu():
                self._case.place = Place(choice.does)
            case Act.BACK:
                self._case.place = Place()
            case Act.NEXT_PAGE:
                self._turn_page()
            case Act.WEIGH_FULL_SET:
                self._case.weigh_full_set()
            case Act.GO_WITHOUT:
                self._case.go_without()
            case _:
                self._case.place = Place()
                self.carry_out(choice.does)

    def _echoed(self) -> None:
        """Say that a code was read before, where a person may have meant it as one more unit."""
        if self._case.notice is not None and self._case.notice.code == "UNIT_TICKED":
            self._case.tell("SAME_SCAN", Tone.READY)

    def _named(self, word: str) -> None:
        """Do what a command label names, whatever key it has now."""
        self._case.place = Place()
        if word == "ALLOK":
            self.carry_out(AllInOrder())
            return
        does = refusing(self._case.state)
        if isinstance(does, Submenu):
            self._case.place = Place(does)
        elif does is not None:
            self.carry_out(does)
        else:
            self._case.tell(
                "NOT_NOW" if self._case.state.inspection else "NO_PARCEL", Tone.ATTENTION
            )

    def _ignored(self, intent: Ignore, raw: str) -> None:
        if not intent.notice:
            return
        if intent.notice in ("WRONG_CHECK_DIGIT", "PRODUCT_CODE"):
            self._questioned = raw
        self._case.tell(intent.notice, Tone.ATTENTION, text=intent.text)

    def _badge(self, badge: str) -> None:
        now = self._case.state.inspection
        if now is None or not self._case.state.operator:
            if self.carry_out(SignOn(badge)):
                self._case.tell("SIGNED_ON", Tone.ACCEPTED)
            return
        if now.phase is Phase.VERDICT and propose(now, self._parts.policy).needs_second_person:
            self.carry_out(ConfirmVerdict(badge))
            return
        self._case.tell("SIGN_ON_BETWEEN_PARCELS", Tone.ATTENTION)

    def _count(self, code: str) -> None:
        if not self.carry_out(ScanUnit(code)):
            return
        now = self._case.state.inspection
        unit = now.units[-1] if now and now.units else None
        if now is None or unit is None:
            return
        line = now.line(unit.line_ref) if unit.line_ref else None
        if line is None:
            self._case.tell("UNIT_UNKNOWN", Tone.ATTENTION, text=code)
            return
        seen, expected = str(now.scanned_of(line.line_ref)), str(line.quantity)
        self._case.tell("UNIT_TICKED", Tone.READY, title=line.title, seen=seen, expected=expected)

    def _look_up(self, intent: LookUp, at_ns: int) -> None:
        self._case.follow()
        if self._parts.recorder.tables_behind:
            self._case.tell("TABLES", Tone.TROUBLE, reason=self._parts.recorder.tables_behind)
            return
        advice = self._parts.projection.find_announced(intent.text)
        held = self._held(intent.text, advice)
        if held is not None:
            if self.carry_out(ResumeCase(held.case)):
                self._case.times = StepTimes(at_ns)
                self._case.tell("RESUMED", Tone.ATTENTION)
            return
        carrier = advice.carrier if advice else intent.carrier
        flags = self._door_flags(intent.text, carrier, advice)
        case = CaseId("c-" + b32encode(secrets.token_bytes(10)).decode().lower())
        waybill = advice.waybill if advice else intent.text
        if self.carry_out(OpenCase(case, waybill, carrier, advice, flags)):
            self._case.times = StepTimes(at_ns)
            now = self._case.state.inspection
            self._case.sound(Tone.ATTENTION if now and now.flags else Tone.ACCEPTED)

    def _held(self, code: str, advice: AnnouncedReturn | None) -> Inspection | None:
        """The parcel that was set aside and that this code means: its own, or its return's."""
        for held in self._case.state.held:
            if held.waybill == code:
                return held
            if (
                advice
                and held.advice
                and (held.advice.shop, held.advice.rma)
                == (
                    advice.shop,
                    advice.rma,
                )
            ):
                return held
        return None

    def _door_flags(
        self, code: str, carrier: str, advice: AnnouncedReturn | None
    ) -> tuple[DoorFlag, ...]:
        flags = list(
            self._parts.policy.flags(
                carrier, freight_collect=advice.freight_collect if advice else False
            )
        )
        if advice is not None and advice.arrival is ArrivalType.INTERCEPTED:
            flags.append(DoorFlag.INTERCEPTED)
        if advice is not None and advice.instruction:
            flags.append(DoorFlag.INSTRUCTION)
        if self._parts.projection.case_for_waybill(advice.waybill if advice else code):
            flags.append(DoorFlag.SEEN_BEFORE)
        return tuple(flags)

    def _turn_page(self) -> None:
        now = self._case.state.inspection
        lines = len([line for line in now.lines if now.present_of(line)]) if now else 0
        page = self._case.place.page + 1
        self._case.place = replace(self._case.place, page=page if page * 5 < lines else 0)
