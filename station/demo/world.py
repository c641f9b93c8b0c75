"""The simulated site of the demo: a scale, a camera, a shop, and parcels on the bench."""

from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from returnbench.drivers.camera_simulator import CameraSimulator
from returnbench.drivers.camera_source import CameraSettings
from returnbench.drivers.scales.settings import ScaleSettings
from returnbench.drivers.scales.simulator import ScaleSimulator
from returnbench.drivers.scenes import SceneSpec
from returnbench.inspect.bench_codes import encode_badge
from returnbench.station.demo.goods import SHOP, DemoParcel, Trouble, prices
from returnbench.station.wiring import read_or_make_secret
from returnbench.sync.demo_shop import DemoShop, DemoShopServer
from returnbench.sync.hub.settings import ShopSettings

CAPACITY_MG = 15_000_000
DIVISION_MG = 1_000

OPERATOR = encode_badge("ANA", "DEMOBNCH")
SECOND_PERSON = encode_badge("BEN", "DEMOBNCH")
"""Badges of the demo. Real ones have a random part; these are printed in the manual."""


class DemoWorld:
    """Everything around the bench. Use it as a context manager; it starts and stops the devices."""

    def __init__(
        self, state_dir: Path, parcels: tuple[DemoParcel, ...], seed: int, *, fast: bool
    ) -> None:
        self._state_dir = state_dir
        self._parcels = parcels
        self._stack = ExitStack()
        settle = 0.15 if fast else 0.8
        self._scale = ScaleSimulator(
            capacity_mg=CAPACITY_MG,
            division_mg=DIVISION_MG,
            unit="g",
            seed=seed,
            settle_seconds=settle,
            rate_hz=20 if fast else 10,
            serial_number=f"SIM{seed:07d}",
        )
        self._camera = CameraSimulator(fps=12 if fast else 8, seed=seed)
        self.on_bench: DemoParcel | None = None
        self.opened = False

    def __enter__(self) -> Self:
        port = self._scale.start()
        self._stack.callback(self._scale.stop)
        url = self._camera.start()
        self._stack.callback(self._camera.stop)
        self.scale = ScaleSettings(
            "demo-scale", port, division_mg=DIVISION_MG, capacity_mg=CAPACITY_MG
        )
        self.camera = CameraSettings("demo-camera", url)
        self._open_shop()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _open_shop(self) -> None:
        key = read_or_make_secret(self._state_dir / "keys" / "shop-webhook.key")
        secret = "whsec_" + b64encode(key).decode()
        refunded = [
            parcel.advice.rma
            for parcel in self._parcels
            if parcel.advice and parcel.trouble is Trouble.REFUNDED
        ]
        self.shop = DemoShop(
            self._state_dir / "demo-shop.db",
            secret,
            prices(self._parcels),
            already_refunded=refunded,
        )
        self._stack.callback(self.shop.close)
        server = DemoShopServer(self.shop)
        server.start()
        self._stack.callback(server.stop)
        self.shops = (ShopSettings(SHOP, server.webhook_url, secret, server.read_url),)

    # -- what hands do --------------------------------------------------------------------

    def put(self, parcel: DemoParcel) -> None:
        """Lay the closed parcel on the scale, under the camera."""
        self.on_bench, self.opened = parcel, False
        self._scale.put(parcel.gross_mg)
        self._show("parcel", parcel)

    def open(self) -> None:
        """Open the parcel and spread what is inside beside the carton, all on the pan."""
        if self.on_bench is not None and not self.opened:
            self.opened = True
            self._show("items", self.on_bench)

    def take_off(self) -> None:
        """Clear the bench."""
        self.on_bench, self.opened = None, False
        self._scale.clear()
        self._camera.show(SceneSpec())

    def shake_off(self) -> None:
        """Lift the parcel off the scale for a moment, so that the scale sees its empty pan."""
        self._scale.clear()

    def put_back(self) -> None:
        """Lay it down again."""
        if self.on_bench is not None:
            self._scale.put(self.on_bench.gross_mg)

    def _show(self, kind: str, parcel: DemoParcel) -> None:
        tilt = (parcel.number * 7) % 9 - 4
        spec = SceneSpec(
            kind="items" if kind == "items" else "parcel",
            waybill=parcel.waybill,
            carrier=parcel.carrier,
            items=tuple(unit.title for unit in parcel.units),
            weight_text=f"{round(parcel.gross_mg / DIVISION_MG)} g",
            torn=parcel.trouble is Trouble.BROKEN,
            angle_deg=float(tilt),
            seed=parcel.number,
        )
        self._camera.show(spec)
