"""Parcels, weights and pictures for the tests of the inspection."""

import pytest

from returnbench.inspect.case import (
    AnnouncedReturn,
    ExpectedLine,
    Mass,
    Photo,
    PhotoGate,
    SettledWeight,
)
from returnbench.inspect.codes import EvidenceSlot, WeighingPurpose
from returnbench.inspect.commands import RecordPhoto, RecordWeighing
from returnbench.inspect.weight import assess


class Goods:
    """Makes the values that a bench would hand to the inspection."""

    lines = (
        ExpectedLine("L1", "TS-BLUE-M", "T-shirt blue M", "apparel", 2, Mass(180_000, 2_000),
                     unit_codes=("4006381333931",)),
        ExpectedLine("L2", "MUG-RED", "Mug red", "home", 1, Mass(340_000, 3_000),
                     serials=("SN-0001",)),
    )  # fmt: skip
    packaging = Mass(90_000, 6_000)

    def advice(self, **changes: object) -> AnnouncedReturn:
        values: dict[str, object] = {
            "rma": "RMA-1", "shop": "demo", "order_ref": "O-1", "waybill": "YT8962646785389",
            "carrier": "YTO", "lines": self.lines, "packaging_mass": self.packaging,
        }  # fmt: skip
        return AnnouncedReturn(**(values | changes))  # type: ignore[arg-type]

    @property
    def full_mg(self) -> int:
        return 2 * 180_000 + 340_000 + 90_000

    def weighing(
        self, mass_mg: int, purpose: WeighingPurpose = WeighingPurpose.GROSS
    ) -> RecordWeighing:
        weight = SettledWeight(
            purpose=purpose, value=f"{mass_mg // 1000}", unit="g", kind="gross", mass_mg=mass_mg,
            u_mg=2_000, division_mg=1_000, stability="device", frames_agreeing=3, zero_before="0",
            from_ns=1, to_ns=2, device="SIM-1", protocol="mt-sics", readings_sha256="0" * 64,
        )  # fmt: skip
        return RecordWeighing(
            weight, assess(self.lines, self.packaging, mass_mg, weight.u_mg, purpose)
        )

    def photo(self, slot: EvidenceSlot) -> RecordPhoto:
        gate = PhotoGate("ok", (), 900, 1000, 120, 0, 0, 20)
        return RecordPhoto(
            Photo("a" * 64, slot, 1000, 1280, 720, "image/jpeg", "camera", "top", 5,
                  "2026-11-21T12:00:00.000Z", gate)
        )  # fmt: skip


@pytest.fixture
def goods() -> Goods:
    return Goods()
