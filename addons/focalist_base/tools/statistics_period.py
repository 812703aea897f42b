"""Which days statistics are about, and which ones they are compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

#: The periods to choose from, `free` with days of one's own.
PERIODS = ("30d", "3m", "12m", "year", "free")
MAX_YEARS = 10
# A chart of more days than these is a chart of months, unless days are asked for;
# beyond a year there is none by day.
MANY_DAYS, MOST_DAYS = 92, 366
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, the ones before them, and the step of the chart."""

    first: date
    last: date
    before_first: date
    before_last: date
    by: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def moments(self):
        """Each day, or the first day of each month, of the period."""
        moment = self.first if self.by == "day" else self.first.replace(day=1)
        step = DAY if self.by == "day" else relativedelta(months=1)
        while moment <= self.last:
            yield moment
            moment += step


def find_period(name, today, first=None, last=None, by=None):
    """The period of that name.

    It is compared with as many days before it; one of whole months, which the running
    month ends, with the same days as many months before; this year with the year
    before.

    :param str name: one of PERIODS
    :param date first: with `last`, the days of a free period
    :param str by: `day` or `month`; what suits the length where it is left out
    :raise ValueError: where there is no such period, or it is too long
    """
    shift = None
    if name == "30d":
        first, last = today - 29 * DAY, today
    elif name in ("3m", "12m"):
        shift = relativedelta(months=int(name[:-1]))
        first, last = today.replace(day=1) + relativedelta(months=1) - shift, today
    elif name == "year":
        shift = relativedelta(years=1)
        first, last = today.replace(month=1, day=1), today
    elif name != "free" or not first or not last:
        raise ValueError(name)
    if not first <= last or relativedelta(last, first).years >= MAX_YEARS:
        raise ValueError(name)
    shift = shift or relativedelta(days=(last - first).days + 1)
    days = (last - first).days + 1
    if by not in ("day", "month") or days > MOST_DAYS:
        by = "day" if days <= MANY_DAYS else "month"
    return Period(first, last, first - shift, last - shift, by)


def split_months(first, last, today):
    """Cut days into the whole months among them and the rest.

    The running month is whole up to today: nothing was printed after that.

    :return: list of (is it whole months?, first day, last day), none empty
    """
    month = first if first.day == 1 else first.replace(day=1) + relativedelta(months=1)
    after = last + DAY
    end = after if last >= today else after.replace(day=1)
    if month >= end:
        return [(False, first, last)]
    spans = [(False, first, month - DAY), (True, month, end - DAY)]
    spans.append((False, end, last))
    return [span for span in spans if span[1] <= span[2]]
