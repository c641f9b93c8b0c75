"""Hand-made views of the bench, and a bench that only remembers what it was told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from returnbench.station.view import (
    BenchView,
    DeviceView,
    HistoryView,
    KeyView,
    LineView,
    ParcelView,
    PhotoView,
    StateView,
    Tone,
    WeightView,
)

DEVICES = (
    DeviceView("SCANNER", "ok", True),
    DeviceView("SCALE", "ok", True),
    DeviceView("CAMERA", "ok", True),
    DeviceView("NET", "ok", True),
)
HISTORY = (
    HistoryView("SF1390000077813", "complete", "6 s", "refund booked", Tone.ACCEPTED),
    HistoryView("SF1390000077805", "missing", "14 s", "waits for claim", Tone.ATTENTION),
    HistoryView("1Z999AA10123456784", "refused", "3 s", "no refund", Tone.REFUSED),
)
EMPTY_PAN = WeightView(
    value="0",
    unit="g",
    status="pan empty",
    stable=True,
    says_who="stable says the scale",
    expected="",
    judgement="",
    judgement_tone=Tone.READY,
)
PARCEL = ParcelView(
    waybill="SF1390000077821",
    carrier="SF Express",
    rma="RMA-20417",
    shop="Blue Cotton",
    arrival="announced return",
    claimed="too small",
    instruction="back to stock",
    elapsed="9 s",
)
LINES = (
    LineView("[x]", "T-shirt, blue, M", 1, 1, "182 g"),
    LineView("[x]", "Hooded jacket, grey, M", 1, 1, "742 g"),
    LineView("[ ]", "Wool sock, size 42", 2, 0, "90 g"),
)
KEYS = (
    KeyView("enter", "confirm", primary=True),
    KeyView("1", "complete"),
    KeyView("2", "damaged"),
    KeyView("3", "wrong item"),
    KeyView("4", "missing"),
    KeyView("7", "photo"),
    KeyView("9", "set aside"),
    KeyView("0", "undo"),
)
PHOTOS = (
    PhotoView("label", taken=True, required=True),
    PhotoView("seal tape", taken=True, required=True),
    PhotoView("all items", taken=False, required=True),
    PhotoView("set on scale", taken=False, required=False),
)

IDLE = BenchView(
    station="BENCH 07",
    operator="Ana",
    clock="14:03",
    state=StateView(
        Tone.READY,
        "SCAN THE NEXT PARCEL",
        ("Put it on the scale and scan the waybill.",),
    ),
    parcel=None,
    lines=(),
    weight=EMPTY_PAN,
    photos=(),
    proposal=(),
    devices=DEVICES,
    backlog=0,
    refunds_pending=0,
    keys=(KeyView("/", "type the number"), KeyView("0", "undo"), KeyView("*", "explain")),
    history=HISTORY,
    hint="The scanner, the scale and the camera are simulated. Press F5 to scan a parcel.",
)

COMPLETE = replace(
    IDLE,
    state=StateView(
        Tone.ACCEPTED,
        "COMPLETE: ACCEPT AND REFUND",
        ("The weight fits everything that was sent.", "Press Enter, then put it in lane B."),
    ),
    parcel=PARCEL,
    lines=tuple(replace(line, mark="[x]", seen=line.expected) for line in LINES),
    weight=WeightView(
        value="1 207",
        unit="g",
        status="stable",
        stable=True,
        says_who="stable says the scale",
        expected="expected 1 204 g +- 12 g",
        judgement="fits: nothing is missing",
        judgement_tone=Tone.ACCEPTED,
    ),
    photos=tuple(replace(slot, taken=True) for slot in PHOTOS[:3]) + PHOTOS[3:],
    proposal=(
        "accept in full",
        "refund 100 % to the buyer",
        "return freight: buyer (changed mind)",
        "rule R-110, policy 2024-03",
    ),
    backlog=2,
    refunds_pending=1,
    keys=KEYS,
    hint="",
)

SHORT = replace(
    COMPLETE,
    state=StateView(
        Tone.ATTENTION,
        "ABOUT 180 g SHORT",
        (
            "Likely missing: wool sock, size 42, 2 pieces.",
            "Search the fill, then answer: does a second parcel belong to this return?",
        ),
        code="W-SHORT",
    ),
    lines=(
        *LINES[:2],
        replace(LINES[2], mark="[!]", note="would explain the 180 g"),
    ),
    weight=replace(
        COMPLETE.weight,
        value="1 024",
        judgement="180 g short",
        judgement_tone=Tone.ATTENTION,
    ),
    photos=PHOTOS,
    proposal=(),
    keys=(
        KeyView("1", "slip lists all", primary=True),
        KeyView("2", "no slip"),
        KeyView("3", "other parcel comes"),
        KeyView("7", "photo"),
        KeyView("9", "set aside"),
        KeyView("0", "undo"),
    ),
)

REFUSED = replace(
    IDLE,
    state=StateView(
        Tone.REFUSED,
        "DO NOT TAKE: FREIGHT COLLECT",
        (
            "The carrier wants money for this parcel and the shop does not pay it.",
            "Hand it back to the driver and press 1.",
        ),
        code="D-FREIGHT-COLLECT",
    ),
    parcel=replace(PARCEL, claimed="", instruction="", arrival="not announced", rma=""),
    keys=(KeyView("1", "handed back", primary=True), KeyView("9", "set aside")),
    hint="",
)

SCALE_LOST = replace(
    SHORT,
    state=StateView(
        Tone.TROUBLE,
        "THE SCALE DOES NOT ANSWER",
        ("Check the cable at the scale. The parcel can go on without weight: press 5.",),
        code="E-SCALE-LOST",
    ),
    weight=WeightView(
        value="--",
        unit="g",
        status="connection lost",
        stable=False,
        says_who="",
        expected="expected 1 204 g +- 12 g",
        judgement="no weight, no judgement",
        judgement_tone=Tone.TROUBLE,
    ),
    devices=(
        DEVICES[0],
        DeviceView("SCALE", "lost", False, "Push the plug in at both ends; it comes back alone."),
        *DEVICES[2:],
    ),
    keys=(KeyView("5", "go on without weight", primary=True), KeyView("9", "set aside")),
)

CHINESE = replace(
    SHORT,
    station="工位 07",
    operator="王小明",
    state=StateView(
        Tone.ATTENTION,
        "重量不足约 180 克, 请检查包裹内是否缺少羊毛袜两双以及其他全部附件和赠品并拍照",
        ("可能缺少: 羊毛袜 42 码, 2 双。", "请检查填充物, 然后回答: 此退货是否还有第二个包裹?"),
        code="W-SHORT",
    ),
    parcel=replace(
        PARCEL, carrier="顺丰速运", shop="蓝棉服饰旗舰店", arrival="已申报退货", claimed="尺码偏小"
    ),
    lines=(
        LineView("[x]", "蓝色短袖T恤 M码", 1, 1, "182 克"),
        LineView("[x]", "灰色连帽夹克 M码 加绒加厚男女同款冬季外套两件套", 1, 1, "742 克"),
        LineView("[!]", "羊毛袜 42码", 2, 0, "90 克", note="可解释差额"),
    ),
    photos=tuple(
        replace(slot, slot=name)
        for slot, name in zip(PHOTOS, ("面单", "封箱胶带", "全部物品", "称重"), strict=True)
    ),
    keys=(
        KeyView("1", "清单齐全", primary=True),
        KeyView("2", "无清单"),
        KeyView("3", "另有包裹"),
        KeyView("0", "撤销"),
    ),
)

MANY = replace(
    SHORT,
    lines=tuple(
        LineView("[ ]", f"Part {number} of the set", 1, None, f"{number * 13} g")
        for number in range(1, 15)
    ),
    photos=tuple(
        PhotoView(f"slot {number}", taken=number % 3 == 0, required=number % 2 == 0)
        for number in range(12)
    ),
    proposal=tuple(f"reason {number}" for number in range(9)),
    keys=tuple(KeyView(str(number), f"answer number {number}") for number in range(10)),
)


@dataclass
class RememberingBench:
    """A bench port that keeps what the screen told it and shows what the test sets."""

    now: BenchView = IDLE
    scans: list[tuple[str, str, int]] = field(default_factory=list)
    keys: list[tuple[str, int]] = field(default_factory=list)
    listeners: list[Callable[[BenchView], None]] = field(default_factory=list)
    tones: list[Callable[[Tone], None]] = field(default_factory=list)
    may_leave: bool = True

    def scan(self, text: str, device: str, at_ns: int) -> None:
        self.scans.append((text, device, at_ns))

    def cut_off(self, text: str, at_ns: int) -> None:
        """Keep nothing: the screen itself says so."""

    def key(self, key: str, at_ns: int) -> None:
        if key == "f12":
            secret = "4111111111111111"  # noqa: F841 - must not reach the terminal
            raise LookupError("the bench failed")
        self.keys.append((key, at_ns))

    def subscribe(self, listener: Callable[[BenchView], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def view(self) -> BenchView:
        return self.now

    def on_tone(self, callback: Callable[[Tone], None]) -> None:
        self.tones.append(callback)

    def leave(self) -> bool:
        return self.may_leave

    def change(self, view: BenchView) -> None:
        self.now = view
        for listener in list(self.listeners):
            listener(view)


@pytest.fixture
def bench() -> RememberingBench:
    return RememberingBench()


@pytest.fixture
def make_bench() -> Callable[[BenchView], RememberingBench]:
    return RememberingBench


@pytest.fixture
def views() -> dict[str, BenchView]:
    return {
        "idle": IDLE,
        "complete": COMPLETE,
        "short": SHORT,
        "refused": REFUSED,
        "scale_lost": SCALE_LOST,
        "chinese": CHINESE,
        "many": MANY,
    }
