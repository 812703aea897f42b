"""A printer at a moment: all that its MIBs and its device report say.

Both sides are made from this and from nothing else, so that they cannot disagree.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from . import counters, words, worktime
from .alerts import Alert, open_alerts
from .catalogue import Supply
from .counters import Counts
from .incidents import DAY, Incident
from .supplies import Slot, Told, tell

if TYPE_CHECKING:
    from .day import Day
    from .printer import Printer

_LOW_TRAY = 0.9
_ASLEEP_HOURS = (7, 20)


class SupplyState(NamedTuple):
    """One consumable at a moment: `place` from 1, `left` from 1 (new) to 0."""

    place: int
    supply: Supply
    serial: str
    item: int
    left: float
    told: Told


class TrayState(NamedTuple):
    """One tray at a moment, in sheets."""

    place: int
    level: int
    capacity: int
    media: str
    low: bool


class State:
    """What a printer is like at one moment (to the second).

    :ivar counts: what its counters show, in the order of `counters.CELLS`
    :ivar swaps: how many times its board was exchanged: each time counters go back
    :ivar uptime: seconds since it started
    :ivar silent: whether it answers nothing
    """

    def __init__(self, day: Day, second: int):
        self._day = day
        self._second = second
        self.counts: Counts = counters.subtract(
            day.counted_at(second), day.forgotten_at(second)
        )
        self.swaps = day.swaps_at(second)
        self.uptime = int(second - day.boot_at(second))
        self.incidents = tuple(one for one in day.incidents if one.holds(second))
        self.silent = self.has("silence")

    def has(self, kind: str) -> bool:
        return any(one.kind == kind for one in self.incidents)

    def incident(self, kind: str) -> Incident | None:
        return next((one for one in self.incidents if one.kind == kind), None)

    @property
    def printer(self) -> Printer:
        return self._day.printer

    @property
    def moment(self) -> datetime:
        return self.printer.moment(self._second)

    @property
    def second(self) -> int:
        """Seconds since the fleet's first day began."""
        return self._second

    def meter(self, name: str) -> int:
        """One meter of the device report, "life" included, in its own unit."""
        if name != "life":
            return counters.meter(self.counts, name)
        maker = self.printer.maker
        if maker.sheets:
            return counters.meter(self.counts, "sheets")
        pages = counters.total(self.counts)
        extra = self.printer.spec.life_extra
        return pages + pages * maker.life_excess // 10_000 + extra

    @cached_property
    def supplies(self) -> tuple[SupplyState, ...]:
        vague = self.has("vague")
        slots: tuple[Slot, ...] = self._day.slots_at(self._second)
        return tuple(
            SupplyState(
                place,
                supply,
                slot.serial,
                slot.item,
                slot.left,
                tell(supply, slot.left, vague),
            )
            for place, (supply, slot) in enumerate(
                zip(self.printer.spec.supplies, slots, strict=True), start=1
            )
        )

    @cached_property
    def trays(self) -> tuple[TrayState, ...]:
        """The trays: the first gives most of the sheets, all are refilled when empty.

        A tray knows its level by quarters, as most do.
        """
        sheets = counters.meter(self._day.counted_at(self._second), "sheets")
        empty = {one.place for one in self.incidents if one.kind == "paper"}
        trays = []
        for place, tray in enumerate(self.printer.spec.trays, start=1):
            taken = sheets // place**2 % tray.capacity
            quarters = 0 if place in empty else 4 - 4 * taken // tray.capacity
            low = place not in empty and taken >= tray.capacity * _LOW_TRAY
            level = tray.capacity * quarters // 4
            trays.append(TrayState(place, level, tray.capacity, tray.media, low))
        return tuple(trays)

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        return tuple(open_alerts(self))

    @cached_property
    def status(self) -> str:
        """hrPrinterStatus: "idle", "printing", or "other" when it stands still."""
        if any(alert.severity == "critical" for alert in self.alerts) or self.asleep:
            return "other"
        return "printing" if self._printed_lately() else "idle"

    @property
    def asleep(self) -> bool:
        """Whether it saves power: at night, when nothing was printed lately."""
        hours = self._second % DAY / 3600 + worktime.utc_offset(self.moment.date())
        awake, asleep = _ASLEEP_HOURS
        return not awake <= hours < asleep and not self._printed_lately()

    @cached_property
    def console(self) -> str:
        """The line on its panel."""
        for alert in self.alerts:
            if alert.severity == "critical":
                return alert.text
        states = words.STATES[self.printer.traits.locale]
        if self.asleep:
            return states["asleep"]
        return states["printing" if self.status == "printing" else "ready"]

    def _printed_lately(self) -> bool:
        before = self._day.counted_at(self._second - 30)
        return before != self._day.counted_at(self._second)
