"""The device's side of Radwag: each command is first accepted, then done."""

from returnbench.drivers.scales.devices.line_device import LineDevice
from returnbench.drivers.scales.simulated_device import DeviceSetup
from returnbench.drivers.scales.simulator_physics import Indication, Range

_MARKERS = {Range.OVER: "^", Range.UNDER: "v"}


class RadwagDevice(LineDevice):
    """Answers ``S`` and ``SI``, streams after ``C1`` until ``C0``.

    ``frame_bytes`` 21 leaves out the blank before the stability marker, as some models do. It has
    no way to tell a fault of its own: weights are "not possible now" then.
    """

    def __init__(self, setup: DeviceSetup, frame_bytes: int = 22) -> None:
        super().__init__(setup, columns=9)
        self._gap = " " * (frame_bytes - 21)
        self._asked = "SI"

    def _command(self, text: str, now: float) -> None:
        match text:
            case "SI" | "SUI":
                self._asked = text
                self._print(now)
            case "S" | "SU":
                self._out.append(f"{text} A")
                self._when_stable(lambda at: self._print_stable(text, at), f"{text} E", now)
            case "C1" | "CU1" if self._can_stream:
                self._asked = "SI" if text == "C1" else "SUI"
                self._out.append(f"{text} A")
                self._start_stream(now)
            case "C0" | "CU0":
                self._streaming = False
                self._out.append(f"{text} A")
            case "Z" | "T":
                self._out.append(f"{text} A")
                self._when_stable(lambda at: self._set(text, at), f"{text} E", now)
            case "NB":
                self._out.append(f'NB A "{self._serial_number}"')
            case _:
                self._out.append("ES")

    def _print_stable(self, asked: str, now: float) -> None:
        before, self._asked = self._asked, asked
        self._print(now)
        self._asked = before

    def _set(self, command: str, now: float) -> None:
        found = self._pan.set_zero(now) if command == "Z" else self._pan.set_tare(now)
        self._out.append(f"{command} {_MARKERS.get(found, 'D')}")

    def _weight(self, shown: Indication) -> str | None:
        if self.hardware_error:
            return f"{self._asked} I"
        marker = _MARKERS.get(shown.range, " " if shown.stable else "?")
        sign = "-" if shown.milligrams < 0 else " "
        digits = self._digits(shown.milligrams)
        return f"{self._asked:<3}{self._gap}{marker} {sign}{digits:>9} {self._unit:<3}"
