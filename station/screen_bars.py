"""The bars of the bench screen: health strip, parcel, legend of keys, prompt."""

from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len

from returnbench.station.screen_cells import Row, clip, clip_row, fill, row_len, spread
from returnbench.station.screen_part import Part
from returnbench.station.view import DeviceView, KeyView, ParcelView

_GAP = "  "
_LEAST_COLUMN = 16


@dataclass(frozen=True, slots=True)
class HealthView:
    """What the health strip shows."""

    station: str
    operator: str
    clock: str
    devices: tuple[DeviceView, ...]
    backlog: int
    refunds_pending: int


class HealthBar(Part[HealthView]):
    """Station, person, devices, what waits, and the time, in one row."""

    def draw(self, value: HealthView, width: int, height: int) -> list[Row]:
        """The fullest form that fits; a device in trouble is never shortened away."""
        clock: Row = [(f"{value.clock} ", "strong")]
        for brief in range(4):
            left = self._left(value, brief)
            if row_len(left) + row_len(clock) < width:
                break
        return [spread(left, clock, width)]

    def _left(self, value: HealthView, brief: int) -> Row:
        gap = _GAP if brief == 0 else " "
        row: Row = [(f" {value.station}", "strong")]
        if brief < 3:
            row.append((f"{gap}{clip(value.operator, 20 if brief == 0 else 8)}", ""))
        # Sick devices first once the room is scarce: they are what somebody has to see.
        scarce = brief > 1
        devices = sorted(value.devices, key=lambda device: device.ok) if scarce else value.devices
        for device in devices:
            row.append((gap, ""))
            if device.ok:
                row += [(f"{device.name} ", "dim"), (device.status, "good")]
            else:
                row.append((f" ! {device.name} {device.status} ", "attention"))
        row += self._count(gap, self.words.waiting, value.backlog)
        if value.refunds_pending or not scarce:
            row += self._count(gap, self.words.refunds, value.refunds_pending)
        return row

    def _count(self, gap: str, word: str, count: int) -> Row:
        return [(f"{gap}{word} ", "dim"), (str(count), "strong" if count else "dim")]


class ParcelBar(Part[tuple[ParcelView | None]]):
    """Which parcel lies on the bench, in two rows."""

    def draw(self, value: tuple[ParcelView | None], width: int, height: int) -> list[Row]:
        """Number and origin above, what is said about it below."""
        (parcel,) = value
        if parcel is None:
            return [[(f" {self.words.no_parcel}", "dim")]]
        first: Row = [(f" {parcel.waybill}", "strong")]
        first += [(f"{_GAP}{text}", "") for text in (parcel.carrier, parcel.rma) if text]
        if parcel.shop:
            first.append((f"{_GAP}{parcel.shop}", "dim"))
        second: Row = [(f" {parcel.arrival}", "dim")]
        if parcel.claimed:
            second.append((f"{_GAP}{self.words.claimed}: {parcel.claimed}", "dim"))
        if parcel.instruction:
            second.append((f"{_GAP}> {parcel.instruction}", "strong"))
        return [spread(first, [(f"{parcel.elapsed} ", "dim")], width), clip_row(second, width)]


class LegendBar(Part[tuple[KeyView, ...]]):
    """The keys that may be pressed now; the one that goes on is emphasised."""

    def draw(self, value: tuple[KeyView, ...], width: int, height: int) -> list[Row]:
        """Keys in equal columns, or in running order where columns would cut a label."""
        if not value:
            return []
        widest = max(row_len(self._item(key)) for key in value) + 1
        columns = max(1, (width - 1) // max(widest, _LEAST_COLUMN))
        rows = -(-len(value) // columns)
        if rows <= height:
            # Full rows of equal length look calmer than one key left over.
            return self._columns(value, columns if rows == 1 else -(-len(value) // rows), width)
        running = self._in_running_order(value, width)
        if len(running) <= height:
            return running
        # Rather a short label than a key that nobody sees.
        return self._columns(value, -(-len(value) // max(height, 1)), width)

    def _item(self, key: KeyView) -> Row:
        name = key.key.upper() if len(key.key) > 1 else key.key
        if key.primary:
            return [(f" {name} ", "primary"), (f" {key.label} ", "primary")]
        return [(f" {name} ", "key"), (f" {key.label} ", "")]

    def _columns(self, keys: tuple[KeyView, ...], columns: int, width: int) -> list[Row]:
        cell = (width - 1) // columns
        rows: list[Row] = []
        for start in range(0, len(keys), columns):
            row: Row = [(" ", "")]
            for key in keys[start : start + columns]:
                item = clip_row(self._item(key), cell - 1)
                row += [*item, (" " * (cell - row_len(item)), "")]
            rows.append(row)
        return rows

    def _in_running_order(self, keys: tuple[KeyView, ...], width: int) -> list[Row]:
        rows: list[Row] = [[(" ", "")]]
        for key in keys:
            item = self._item(key)
            if len(rows[-1]) > 1 and row_len(rows[-1]) + row_len(item) > width:
                rows.append([(" ", "")])
            rows[-1] += [*item, (" ", "")]
        return rows


class PromptKind(StrEnum):
    """What the prompt says, from the quietest to the loudest."""

    HINT = "hint"
    REMEDY = "remedy"
    NOTICE = "notice"
    TYPING = "typing"


@dataclass(frozen=True, slots=True)
class PromptView:
    """The bottom line: a hint, how to mend a device, a notice, or a number being typed."""

    kind: PromptKind
    text: str


class PromptBar(Part[PromptView]):
    """The bottom line of the screen."""

    def changed(self, value: PromptView) -> None:
        """Make the line loud or quiet."""
        for kind in PromptKind:
            self.set_class(kind is value.kind, f"prompt-{kind}")

    def draw(self, value: PromptView, width: int, height: int) -> list[Row]:
        """The text; while a number is typed, its end stays visible."""
        if value.kind is not PromptKind.TYPING:
            sign = "" if value.kind is PromptKind.HINT else "! "
            return [[(f" {sign}{clip(value.text, width - 4)}", "")]]
        keys: Row = [(f"{self.words.typing_keys} ", "")]
        name = f" {self.words.typing}: "
        room = width - cell_len(name) - row_len(keys) - 2
        typed = value.text[-room:] if room > 0 else ""
        return [spread([(name, ""), (fill(f"{typed}_", room), "strong")], keys, width)]
