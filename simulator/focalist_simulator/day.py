"""One day of one printer: what was so when it began, what happens in it.

A day follows from the one before and from random numbers of its own, drawn from the
fleet's seed, the printer's number and the day's: whoever asks, and in whatever order,
gets the same.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from . import counters, incidents, supplies, worktime
from .counters import Counts
from .incidents import DAY, Incident
from .supplies import Slot

if TYPE_CHECKING:
    from .printer import Printer


class Day:
    """A printer's day.

    :ivar index: days since the fleet's first
    :ivar counts: all that was ever counted when the day begins
    :ivar forgotten: what boards taken out have counted, not shown any more
    :ivar swaps: boards exchanged so far
    :ivar boot: second of the last start
    :ivar slots: the consumables when the day begins
    :ivar plan: what will be counted in the day
    :ivar changes: index of a slot -> (second, slot after the change)
    :ivar incidents: all that holds at some moment of the day
    """

    __slots__ = (
        "printer",
        "index",
        "counts",
        "forgotten",
        "swaps",
        "boot",
        "slots",
        "plan",
        "use",
        "changes",
        "incidents",
        "restart",
        "_offset",
        "_hours",
    )

    def __init__(
        self,
        printer: Printer,
        index: int,
        counts: Counts,
        forgotten: Counts,
        swaps: int,
        boot: float,
        slots: tuple[Slot, ...],
        earlier: tuple[Incident, ...] = (),
    ):
        self.printer = printer
        self.index = index
        self.counts = counts
        self.forgotten = forgotten
        self.swaps = swaps
        self.boot = boot
        self.slots = slots
        self._hours: list[float] | None = None

        rng = printer.random(index)
        date = printer.epoch.date() + timedelta(days=index)
        working = worktime.is_working_day(date)
        self._offset = worktime.utc_offset(date)
        place = (index, self._offset, working)
        self.incidents = (
            *(one for one in earlier if one.end > index * DAY),
            *incidents.draw(rng, *place, len(printer.spec.trays)),
        )
        self.restart = incidents.draw_restart(rng, *place)
        self.plan = self._draw_plan(rng, worktime.activity(date))
        model, traits = printer.spec, printer.traits
        self.use = supplies.wear(model, traits.coverage, self.plan)
        self.changes = self._draw_changes(rng) if working else {}

    @classmethod
    def first(cls, printer: Printer) -> Day:
        """The fleet's first day, on which printers are up to five years old."""
        rng = printer.random("past")
        months = rng.uniform(0.5, 60)
        pages = int(printer.traits.pages * 21 * months)
        return cls(
            printer=printer,
            index=0,
            counts=printer.traits.split(rng, pages),
            forgotten=counters.NOTHING,
            swaps=0,
            boot=-rng.uniform(0.01, 60) * DAY,
            slots=tuple(
                supplies.begun(printer.random("slot", place, 0), supply)
                for place, supply in enumerate(printer.spec.supplies)
            ),
        )

    def next(self) -> Day:
        """The following day."""
        end = (self.index + 1) * DAY
        return Day(
            printer=self.printer,
            index=self.index + 1,
            counts=counters.add(self.counts, self.plan),
            forgotten=self.forgotten_at(end),
            swaps=self.swaps_at(end),
            boot=self.boot_at(end),
            slots=self.slots_at(end),
            earlier=self.incidents,
        )

    def counted_at(self, second: float) -> Counts:
        """All that was ever counted, whatever boards have forgotten."""
        done = counters.portion(self.plan, self._share(second))
        return counters.add(self.counts, done)

    def forgotten_at(self, second: float) -> Counts:
        restart = self.restart
        if restart is None or not restart.lost or second < restart.second:
            return self.forgotten
        shown = counters.subtract(self.counted_at(restart.second), self.forgotten)
        return counters.add(self.forgotten, counters.lost(shown, restart.lost))

    def swaps_at(self, second: float) -> int:
        restart = self.restart
        new = restart is not None and restart.lost > 0 and second >= restart.second
        return self.swaps + new

    def boot_at(self, second: float) -> float:
        restart = self.restart
        return restart.second if restart and second >= restart.second else self.boot

    def slots_at(self, second: float) -> tuple[Slot, ...]:
        share = self._share(second)
        slots = []
        for place, (slot, use) in enumerate(zip(self.slots, self.use, strict=True)):
            changed, fresh = self.changes.get(place, (None, None))
            if changed is not None and second >= changed:
                use_since = use * (share - self._share(changed))
                slots.append(fresh.worn(use_since, self.index))
            else:
                slots.append(slot.worn(use * share, self.index))
        return tuple(slots)

    def _draw_plan(self, rng: Random, activity: float) -> Counts:
        """The pages of the day: none without black, none in colour without colours."""
        printer = self.printer
        expected = printer.traits.pages * activity * rng.lognormvariate(-0.06, 0.35)
        plan = printer.traits.split(rng, int(expected + rng.random()))
        kinds = printer.spec.supplies
        if supplies.out_of(kinds, self.slots, "black"):
            return (*(0,) * len(counters.IMPRESSIONS), *plan[-3:-1], 0)
        if any(
            supplies.out_of(kinds, self.slots, color)
            for color in printer.spec.colors[1:]
        ):
            return counters.in_mono(plan)
        return plan

    def _draw_changes(self, rng: Random) -> dict[int, tuple[float, Slot]]:
        changes = {}
        for place, slot in enumerate(self.slots):
            if slot.due is not None and slot.due <= self.index:
                item = slot.item + 1
                fresh = supplies.fill(
                    self.printer.random("slot", place, item),
                    self.printer.spec.supplies[place],
                    item,
                )
                second = incidents.office_second(rng, self.index, self._offset)
                changes[place] = (second, fresh)
        return changes

    def _share(self, second: float) -> float:
        """The share of the day's work that is done at a second."""
        local = second - self.index * DAY + self._offset * 3600
        if local >= DAY:
            return 1.0
        if local <= 0:
            return 0.0
        if self._hours is None:
            rng = self.printer.random(self.index, "hours")
            weights = [weight * rng.uniform(0.4, 1.6) for weight in worktime.HOURS]
            sums = list(accumulate(weights))
            self._hours = [0.0, *(one / sums[-1] for one in sums)]
        hour, rest = divmod(local, 3600)
        before, after = self._hours[int(hour) : int(hour) + 2]
        return before + (after - before) * rest / 3600
