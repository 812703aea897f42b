"""How the ledger judges one value of one meter: what counts, and what a person checks.

Nothing here knows the database: `focalist.device._load_lines` says what is there, and
`_save_segments` keeps what became of it.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# A value waits for a person where it adds more than `JUMP_FACTOR` times the pages to
# expect since the reading before, and more than `JUMP_PAGES` beyond them.
JUMP_FACTOR = 10
JUMP_PAGES = 5000
# The pages to expect are those of this many days; else the model's rated monthly
# volume, of `MONTH_DAYS`; where neither is known, no value is too high.
HISTORY_DAYS = 90
MONTH_DAYS = 30
# So many values held one after the other are a series: the counter stands there now,
# and what follows belongs to it even where it has caught up with the old one.
SERIES = 2

_DAY = timedelta(days=1)


def jump_limit(per_day, elapsed):
    """The pages from which on a value waits for a person.

    :param float per_day: pages to expect in a day
    :param timedelta elapsed: time since the reading before
    """
    expected = per_day * (elapsed / _DAY)
    return max(JUMP_FACTOR * expected, expected + JUMP_PAGES)


@dataclass
class Segment:
    """A row of focalist.meter.segment, as far as judging needs it."""

    start_at: datetime
    reason: str
    source: str | None = None
    unit: str | None = None
    id: int | None = None
    changed: bool = False

    def differs(self, source, unit):
        """What of a value's origin is another than the segment's: source or unit."""
        if unit and self.unit and unit != self.unit:
            return "unit"
        if source and self.source and source != self.source:
            return "source"
        return None


@dataclass
class MeterLine:
    """One meter of one device: its segments, and the values around those to judge."""

    segments: list[Segment] = field(default_factory=list)
    # Values that count, and values that are held, each (moment, value) in order.
    points: list[tuple] = field(default_factory=list)
    held: list[tuple] = field(default_factory=list)
    per_day: float | None = None

    def add_point(self, at, value):
        """Note a value that counts."""
        if (at, value) not in self.points:
            insort(self.points, (at, value))

    def index_at(self, at):
        """The segment of a moment: the first one reaches back without end."""
        if len(self.segments) < 2:
            return 0
        starts = [segment.start_at for segment in self.segments]
        return max(bisect_right(starts, at) - 1, 0)

    def neighbours(self, at, index):
        """The values that count just before (or at) a moment, and just after it.

        :param int index: of the segment that both must lie in
        :return: two of (moment, value) or None
        """
        at_next = bisect_right(self.points, (at, float("inf")))
        before = self.points[at_next - 1] if at_next else None
        after = self.points[at_next] if at_next < len(self.points) else None
        if before and index and before[0] < self.segments[index].start_at:
            before = None
        following = self.segments[index + 1 : index + 2]
        if after and following and after[0] >= following[0].start_at:
            after = None
        return before, after

    def _place(self, at, source, unit):
        """Where a value belongs, by its moment and its origin.

        :return: (what must happen to the segments, index): "stay"; "open" a segment
            after the one at index; "back", the next one begins here already; "first",
            a segment before the first; or "mixed", where the origins alternate
        """
        if not self.segments or (
            at < self.segments[0].start_at and self.segments[0].reason != "first"
        ):
            return "first", 0
        index = self.index_at(at)
        if not self.segments[index].differs(source, unit):
            return "stay", index
        before, after = self.neighbours(at, index)
        if not after and (not before or before[0] < at):
            following = self.segments[index + 1 : index + 2]
            if (
                following
                and following[0].reason in ("source", "unit")
                and not following[0].differs(source, unit)
            ):
                return "back", index
            return "open", index
        if not before and not index and after[0] > at:
            return "first", 0
        return "mixed", index

    def judge(self, at, value, source=None, unit=None, force=False):
        """Tell why a value must wait for a person.

        :param bool force: a person says that it counts: only what cannot be is refused
        :return: a reason of focalist.meter.reading.held, or None where it counts
        """
        act, index = self._place(at, source, unit)
        if act == "mixed":
            return "other_source"
        if act != "stay":
            return None
        before, after = self.neighbours(at, index)
        if before and value < before[1]:
            return "went_back"
        if after and value > after[1]:
            return "above_next"
        if force or after:
            return None
        since = self.segments[index].start_at if index else datetime.min
        series = [
            held
            for held in self.held
            if since <= held[0] <= at and (not before or before[0] < held[0])
        ]
        if len(series) >= SERIES and value >= series[-1][1]:
            return "follows"
        if (
            before
            and self.per_day is not None
            and value - before[1] > jump_limit(self.per_day, at - before[0])
        ):
            return "jumped"
        return None

    def accept(self, at, value, source=None, unit=None):
        """Take a value that counts; open the segment that it begins."""
        act, index = self._place(at, source, unit)
        if act == "first":
            old = self.segments[0] if self.segments else None
            if old and old.reason == "first":
                old.reason, old.changed = old.differs(source, unit), True
            self.segments.insert(0, Segment(at, "first", source, unit, changed=True))
        elif act == "open":
            reason = self.segments[index].differs(source, unit)
            self.segments.insert(
                index + 1, Segment(at, reason, source, unit, changed=True)
            )
        elif act == "back":
            self.segments[index + 1].start_at = at
            self.segments[index + 1].changed = True
        else:
            segment = self.segments[index]
            if at < segment.start_at:
                segment.start_at, segment.changed = at, True
            if (source and not segment.source) or (unit and not segment.unit):
                segment.source = segment.source or source
                segment.unit = segment.unit or unit
                segment.changed = True
        self.add_point(at, value)

    def begin(self, at, reason, source=None, unit=None):
        """Open a segment at a moment, because a person says so.

        One that begins there already becomes it; so does the first, where nothing is
        known of before: what comes late is of another counter.
        """
        there = self.segments[self.index_at(at)] if self.segments else None
        if there and (
            there.start_at == at or (there.start_at > at and there.reason == "first")
        ):
            there.start_at, there.reason, there.changed = at, reason, True
            return
        insort(
            self.segments,
            Segment(at, reason, source, unit, changed=True),
            key=lambda segment: segment.start_at,
        )

    def hold(self, at, value):
        """Note a value that waits for a person."""
        insort(self.held, (at, value))

    @property
    def last(self):
        """The value that the meter stands at: the last one of its last segment."""
        if not self.points:
            return None
        before, _after = self.neighbours(datetime.max, len(self.segments) - 1)
        return before[1] if before else None
