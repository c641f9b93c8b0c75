"""What the site enters about one scale: how to reach it, and what stands on its rating plate."""

from dataclasses import KW_ONLY, dataclass

from returnbench.drivers.scales.accuracy import ACCURACY_CLASSES, minimum_load_mg
from returnbench.drivers.scales.protocol_options import NO_OPTIONS, ProtocolOptions

_BYTESIZES = (7, 8)
_PARITIES = ("N", "E", "O")
_STOPBITS = (1, 2)


@dataclass(frozen=True, slots=True)
class ScaleSettings:
    """One scale as configured. Masses are whole milligrams.

    ``url`` is a port name (``/dev/serial/by-id/...``), a pyserial URL (``socket://host:port``) or
    ``hidraw://`` and the file of a USB scale. ``options`` is what the frames of the protocol leave
    out.
    ``division_mg`` is the step of the display (d), ``e_mg`` the verification interval where it is
    another one, ``capacity_mg`` is Max. ``repeatability_mg`` is the standard deviation of ten
    placements of a typical parcel; ``corner_change_mg`` at ``corner_load_mg`` the result of the
    corner test; ``calibration_u_mg`` the standard uncertainty of a calibration certificate (U/k).
    ``None`` means that nobody measured it: then the limits of OIML R 76 stand in.
    ``polling`` asks for each weight instead of asking the scale to stream. After ``silent_seconds``
    without a word, ``never_stable_seconds`` without a stable weight, the health says so; a lost
    port is opened again after ``reopen_first_seconds``, then ever less often.

    Raises:
        ValueError: a value is impossible; the text says which and what is accepted.

    """

    name: str
    url: str
    _: KW_ONLY
    protocol: str = "mt-sics"
    options: ProtocolOptions = NO_OPTIONS
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: int = 1
    xonxoff: bool = False
    rtscts: bool = False
    dtr: bool = True
    rts: bool = True
    division_mg: int
    capacity_mg: int
    accuracy_class: str = "III"
    e_mg: int | None = None
    repeatability_mg: int | None = None
    corner_change_mg: int | None = None
    corner_load_mg: int | None = None
    calibration_u_mg: int | None = None
    polling: bool = False
    silent_seconds: float = 2.0
    never_stable_seconds: float = 20.0
    reopen_first_seconds: float = 0.5
    reopen_last_seconds: float = 5.0

    def __post_init__(self) -> None:
        _one_of("bytesize", self.bytesize, _BYTESIZES)
        _one_of("parity", self.parity, _PARITIES)
        _one_of("stopbits", self.stopbits, _STOPBITS)
        _one_of("accuracy_class", self.accuracy_class, tuple(ACCURACY_CLASSES))
        positive = {
            "baud": self.baud,
            "division_mg": self.division_mg,
            "capacity_mg": self.capacity_mg,
            "e_mg": self.e_mg,
            "corner_load_mg": self.corner_load_mg,
            "silent_seconds": self.silent_seconds,
            "never_stable_seconds": self.never_stable_seconds,
            "reopen_first_seconds": self.reopen_first_seconds,
            "reopen_last_seconds": self.reopen_last_seconds,
        }
        for key, value in positive.items():
            if value is not None and value <= 0:
                raise ValueError(f"{key} = {value}: a number above 0 is expected")
        if self.capacity_mg < self.division_mg:
            raise ValueError("capacity_mg is smaller than division_mg: are the two exchanged?")
        if (self.corner_change_mg is None) != (self.corner_load_mg is None):
            raise ValueError("corner_change_mg and corner_load_mg belong together: set both")

    @property
    def interval_mg(self) -> int:
        """The verification interval e; equal to d where nothing else is entered."""
        return self.division_mg if self.e_mg is None else self.e_mg

    @property
    def minimum_mg(self) -> int:
        """Min: the smallest load that the accuracy class allows to weigh."""
        return minimum_load_mg(self.accuracy_class, self.interval_mg)


def _one_of(key: str, value: object, accepted: tuple[object, ...]) -> None:
    if value not in accepted:
        names = ", ".join(str(item) for item in accepted)
        raise ValueError(f"{key} = {value}: one of {names} is expected")
