"""The device's side of the A&D standard format: a balance or bench scale."""

from returnbench.drivers.scales.devices.line_device import LineDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range


class AndDevice(LineDevice):
    """Answers ``Q`` and ``S``, streams after ``SIR`` until ``C``.

    ``acknowledges`` is the setting ``erCd``: control commands are then confirmed, re-zero both
    when it begins and when it is done. As on balances, re-zero tares a load that is too large to
    become the new zero.
    """

    def __init__(self, setup: DeviceSetup, acknowledges: bool = False) -> None:
        super().__init__(setup, columns=8)
        self._acknowledges = acknowledges

    def _command(self, text: str, now: float) -> None:
        match text:
            case "Q" | "SI" if self._waiting is not None:
                self._out.append("EC,E02")
            case "Q" | "SI":
                self._print(now)
            case "S" | "\x1bP":
                self._when_stable(self._print, "EC,E11", now)
            case "SIR" if self._can_stream:
                self._start_stream(now)
            case "C":
                self._streaming, self._waiting = False, None
            case "R" | "Z" | "\x1bT":
                self._acknowledge()
                self._when_stable(self._re_zero, "EC,E11", now)
            case "T":
                self._when_stable(self._tare, "EC,E11", now)
            case _:
                self._out.append("EC,E01")

    def _re_zero(self, now: float) -> None:
        if self._pan.set_zero(now) is not Range.INSIDE:
            self._tare(now)
        else:
            self._acknowledge()

    def _tare(self, now: float) -> None:
        if self._pan.set_tare(now) is Range.INSIDE:
            self._acknowledge()
        else:
            self._out.append("EC,E02")

    def _acknowledge(self) -> None:
        if self._acknowledges:
            self._out.append("\x06")

    def _weight(self, shown: Indication) -> str | None:
        if self.hardware_error:
            code = "".join(filter(str.isdigit, self.hardware_error)) or "0"
            return f"EC,E{int(code) % 100:02}"
        if shown.range is not Range.INSIDE:
            return f"OL,{'+' if shown.range is Range.OVER else '-'}9999999E+19"
        header = "ST" if shown.stable else "US"
        sign = "-" if shown.milligrams < 0 else "+"
        return f"{header},{sign}{self._digits(shown.milligrams):0>8}{self._unit:>3}"
