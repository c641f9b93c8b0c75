"""All settings of a site as frozen values, with the defaults that hold when a key is not given.

Every key stands in the shipped ``config.toml`` with its meaning; the two are kept equal by a test.
Masses are whole milligrams here and grams in the file.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from returnbench.drivers.scales.protocol_options import ProtocolOptions
from returnbench.inspect.codes import FindingCode, Grade
from returnbench.inspect.policy import Policy
from returnbench.inspect.weighing import WeightUnit
from returnbench.station.accept import (
    choice,
    decimal,
    file_path,
    grams,
    names,
    pattern,
    permille_by_grade,
    setting,
    switch,
    text,
    url,
    whole,
)
from returnbench.station.secret import Secret, read_secret

_DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class StationConfig:
    """``[station]``: who this bench is."""

    id: str = setting("bench-1", pattern(r"[a-z0-9][a-z0-9-]{0,30}", "a-z, 0-9 and -, up to 31"))
    origin: str = setting(
        "returnbench.example/bench-1",
        pattern(r"[a-zA-Z0-9.:-]+(/[a-zA-Z0-9._-]+)+", "a name such as shop.example/bench-1"),
    )
    data_dir: Path = setting("returnbench-data", file_path())  # noqa: RUF009 - a field
    language: str = setting("en", choice("en"))
    undo_seconds: int = setting(10, whole(0, 600))
    operator_idle_minutes: int = setting(15, whole(1, 720))


@dataclass(frozen=True, slots=True)
class ScaleConfig:
    """``[scale]``: the scale and its serial line. Disabled: parcels are judged without weight."""

    enabled: bool = setting(False, switch())
    name: str = setting("scale-1", pattern(r"[A-Za-z0-9._-]{1,40}", "letters, digits and . _ -"))
    url: str = setting("", text())
    protocol: str = setting("mt-sics", pattern(r"[a-z0-9-]+", "the name of a protocol"))
    baud: int = setting(9600, whole(300, 921_600))
    bytesize: int = setting(8, choice(7, 8))
    parity: str = setting("N", choice("N", "E", "O"))
    stopbits: int = setting(1, choice(1, 2))
    division_mg: int = setting(5, grams("0.001", "100000"), key="division_g")
    capacity_mg: int = setting(30_000, grams("1", "10000000"), key="capacity_g")
    accuracy_class: str = setting("III", choice("I", "II", "III", "IIII"))
    unit: str = setting("", choice("", "g", "kg", "lb", "oz"))
    decimals: int = setting(-1, whole(-1, 6))
    weight_columns: int = setting(0, whole(0, 20))
    frame_bytes: int = setting(0, whole(0, 64))
    net_bit: bool = setting(False, switch())
    digits_reversed: str = setting("", choice("", "yes", "no"))
    inverted_status: bool = setting(False, switch())
    address: int = setting(-1, whole(-1, 99))
    report_id: int = setting(-1, whole(-1, 255))

    def options(self) -> ProtocolOptions:
        """What the site entered because the frames of the protocol leave it out."""
        return ProtocolOptions(
            unit=WeightUnit(self.unit) if self.unit else None,
            decimals=_entered(self.decimals, nobody=-1),
            net_bit=self.net_bit,
            digits_reversed=self.digits_reversed == "yes" if self.digits_reversed else None,
            address=_entered(self.address, nobody=-1),
            report_id=_entered(self.report_id, nobody=-1),
            frame_bytes=_entered(self.frame_bytes, nobody=0),
            weight_columns=_entered(self.weight_columns, nobody=0),
            inverted_status=self.inverted_status,
        )


def _entered(value: int, *, nobody: int) -> int | None:
    return None if value == nobody else value


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """``[camera]``: the camera over the bench. Disabled: cases have no pictures."""

    enabled: bool = setting(False, switch())
    source: str = setting("", text())
    width: int = setting(1280, whole(160, 7680))
    height: int = setting(720, whole(120, 4320))
    fps: int = setting(10, whole(1, 120))
    role: str = setting("bench", pattern(r"[a-z0-9-]{1,30}", "a-z, 0-9 and -"))


@dataclass(frozen=True, slots=True)
class ScannerConfig:
    """``[scanner]``: how the barcode scanner reaches the program."""

    mode: str = setting("wedge", choice("wedge"))
    gap_ms: int = setting(60, whole(5, 1000))
    prefix: str = setting("", text(longest=8))


@dataclass(frozen=True, slots=True)
class WeightConfig:
    """``[weight]``: what the weight engine may claim, and what a parcel is wrapped in."""

    max_false_accusation: Decimal = setting(  # noqa: RUF009 - a field
        "0.001", decimal("0.000001", "0.05")
    )
    default_packaging_mg: int = setting(120, grams("0", "100000"), key="default_packaging_g")
    default_packaging_sd_mg: int = setting(30, grams("0", "100000"), key="default_packaging_sd_g")


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """``[policy]``: the rules of the site that its people may set."""

    version: str = setting(
        _DEFAULT_POLICY.version, pattern(r"[A-Za-z0-9._-]{1,40}", "letters, digits and . _ -")
    )
    carriers_accepted: tuple[str, ...] = setting([], names(None))
    freight_collect: str = setting("refuse", choice("refuse", "accept"))
    second_person_for: tuple[str, ...] = setting(
        sorted(_DEFAULT_POLICY.second_person_findings),
        names(tuple(FindingCode)),
    )
    refund_permille: tuple[tuple[Grade, int], ...] = setting(
        _DEFAULT_POLICY.refund_by_grade, permille_by_grade()
    )

    def as_policy(self) -> Policy:
        """The policy of the decision core with these values."""
        return Policy(
            version=self.version,
            carriers_accepted=self.carriers_accepted,
            refuse_freight_collect=self.freight_collect == "refuse",
            refund_by_grade=dict(self.refund_permille),
            second_person_findings=frozenset(map(FindingCode, self.second_person_for)),
        )


@dataclass(frozen=True, slots=True)
class HubConfig:
    """``[hub]``: where this bench sends its log."""

    mode: str = setting("embedded", choice("embedded", "remote"))
    url: str = setting("", url("http", "https"))
    token_file: str = setting("", text())

    def token(self) -> Secret:
        """The bench's token at a remote hub.

        Raises:
            SecretError: the file is missing, empty or open to other users.

        """
        return read_secret("", self.token_file, "hub.token")


@dataclass(frozen=True, slots=True)
class HubServerConfig:
    """``[hub_server]``: the hub itself, embedded or by ``returnbench hub``."""

    host: str = setting("127.0.0.1", pattern(r"[A-Za-z0-9.:-]+", "an address or a host name"))
    port: int = setting(8470, whole(0, 65_535))
    database_url: str = setting("", url("sqlite", "postgresql", "postgresql+psycopg"))
    data_dir: Path = setting("returnbench-hub", file_path())  # noqa: RUF009 - a field
    retry_base_seconds: Decimal = setting(5, decimal("0.01", "3600"))  # noqa: RUF009 - a field


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """One ``[[shop]]``: a shop whose refunds this hub triggers."""

    name: str = setting("", pattern(r"[A-Za-z0-9._-]{0,40}", "letters, digits and . _ -"))
    webhook_url: str = setting("", url("http", "https"))
    read_url: str = setting("", url("http", "https"))
    secret_env: str = setting("", pattern(r"|[A-Za-z_][A-Za-z0-9_]*", "the name of a variable"))
    secret_file: str = setting("", text())

    def secret(self) -> Secret:
        """The key that signs the orders to this shop.

        Raises:
            SecretError: variable or file is missing, empty, or the file is open to other users.

        """
        return read_secret(self.secret_env, self.secret_file, f"shop {self.name}")


@dataclass(frozen=True, slots=True)
class LogConfig:
    """``[log]``: the program's own log, for support. It never holds customer data."""

    file: str = setting("log/returnbench.jsonl", text())
    level: str = setting("INFO", choice("DEBUG", "INFO", "WARNING", "ERROR"))
    max_bytes: int = setting(5_000_000, whole(10_000, 1_000_000_000))
    backups: int = setting(5, whole(1, 100))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a site may set. ``Settings()`` is a bench without devices."""

    station: StationConfig = field(default_factory=StationConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    scanner: ScannerConfig = field(default_factory=ScannerConfig)
    weight: WeightConfig = field(default_factory=WeightConfig)
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    hub_server: HubServerConfig = field(default_factory=HubServerConfig)
    shops: tuple[ShopConfig, ...] = ()
    log: LogConfig = field(default_factory=LogConfig)
