"""The live weight and what it says, as the screen shows them. Pure."""

from returnbench.inspect.case import WeightAssessment
from returnbench.inspect.weighing import NoWeight, NoWeightReason, Reading
from returnbench.station.devices_view import DevicesSeen
from returnbench.station.snapshot import Snapshot
from returnbench.station.text import Texts
from returnbench.station.view import Tone, WeightView

_TONES = {
    "CONSISTENT": Tone.ACCEPTED,
    "NOT_CONSISTENT": Tone.ATTENTION,
    "CANNOT_TELL": Tone.READY,
}


def grams(mg: int) -> str:
    """Milligrams as grams: whole from 100 g on, one decimal below; thin groups of thousands."""
    if abs(mg) >= 100_000:
        return f"{round(mg / 1000):,}".replace(",", " ")
    return f"{mg / 1000:.1f}"


def weight_view(snapshot: Snapshot, devices: DevicesSeen, texts: Texts) -> WeightView:
    """The weight panel: the live value, or the reason why there is none."""
    now = snapshot.state.inspection
    assessment = now.assessment if now else None
    expected, judgement, tone = _judged(assessment, texts)
    value, unit, status, stable, says_who = _live(snapshot, devices, texts)
    return WeightView(value, unit, status, stable, says_who, expected, judgement, tone)


def _live(
    snapshot: Snapshot, devices: DevicesSeen, texts: Texts
) -> tuple[str, str, str, bool, str]:
    live = snapshot.pan.live
    if not devices.has_scale:
        return "--", "", texts(f"no_weight.{NoWeightReason.NO_SCALE}"), False, ""
    if live is None:
        return "--", "", texts(f"no_weight.{NoWeightReason.SILENT}"), False, ""
    if isinstance(live, NoWeight):
        return "--", "", texts(f"no_weight.{live.reason}"), False, ""
    return _reading(live, snapshot, texts)


def _reading(live: Reading, snapshot: Snapshot, texts: Texts) -> tuple[str, str, str, bool, str]:
    status = texts("weight.stable" if live.stable else "weight.moving")
    if live.stable and snapshot.pan.blocked is NoWeightReason.ZERO_NOT_SEEN:
        status = texts(f"no_weight.{NoWeightReason.ZERO_NOT_SEEN}")
    return (
        format(live.value, "f"),
        live.unit,
        status,
        live.stable,
        texts(f"weight.{live.stability}"),
    )


def _judged(assessment: WeightAssessment | None, texts: Texts) -> tuple[str, str, Tone]:
    if assessment is None:
        return "", "", Tone.READY
    found = "_found" if assessment.basis == "FOUND" else ""
    judgement = texts(f"weight.{assessment.outcome}{found}")
    if texts.has(f"cannot_tell.{assessment.reason}"):
        judgement += f": {texts(f'cannot_tell.{assessment.reason}')}"
    if assessment.expected_mg is None or assessment.sd_mg is None:
        return texts("weight.expected_unknown"), judgement, _TONES[assessment.outcome]
    expected = texts(
        "weight.expected", grams=grams(assessment.expected_mg), sd=grams(2 * assessment.sd_mg)
    )
    return expected, judgement, _TONES[assessment.outcome]
