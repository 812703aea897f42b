"""What a bar chart of monthly pages shows: no script draws it, a phone can read it."""

from typing import NamedTuple

from dateutil.relativedelta import relativedelta

#: The present month, and the twelve before it.
MONTHS = 13


def first_month(today, months=MONTHS):
    """The first of the last `months` months, the present one included."""
    return today.replace(day=1) - relativedelta(months=months - 1)


class Pages(NamedTuple):
    """Pages as they can be told apart; `other` are those of unknown colour."""

    mono: int = 0
    color: int = 0
    other: int = 0

    @property
    def total(self):
        return sum(self)

    @classmethod
    def told(cls, total, mono, color, is_color):
        """What the meters of a device tell.

        :param total, mono, color: pages, None where the device tells none
        :param bool is_color: a total alone is mono where nothing prints in colour
        """
        mono, color = mono or 0, color or 0
        other = max((total or 0) - mono - color, 0)
        return cls(mono, color, other) if is_color else cls(mono + other, color, 0)

    def plus(self, other):
        return Pages(*map(sum, zip(self, other, strict=True)))


def add_up(rows, key):
    """The pages of rows by what `key` says of each: {key: Pages}.

    :param rows: tuples that end with their Pages
    """
    sums = {}
    for row in rows:
        sums[key(row)] = sums.get(key(row), Pages()).plus(row[-1])
    return sums


def month_bars(pages, today, months=MONTHS):
    """The bars of a chart, a month each; one without a page has its place, too.

    :param dict pages: the months' first days -> Pages
    :param date today: by the reader's clock
    :return: list of dict(month, pages, stack: its parts from the top down, as their
        names and their shares of the highest bar in percent)
    """
    first = first_month(today, months)
    starts = [first + relativedelta(months=number) for number in range(months)]
    bars = [(month, pages.get(month, Pages())) for month in starts]
    highest = max(told.total for _month, told in bars) or 1
    return [
        {
            "month": month,
            "pages": told,
            "stack": [
                (part, round(100 * getattr(told, part) / highest, 2))
                for part in reversed(Pages._fields)
                if getattr(told, part)
            ],
        }
        for month, told in bars
    ]
