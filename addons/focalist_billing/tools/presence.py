"""On which days of a time somebody was there."""

from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple


class Presence(NamedTuple):
    """The days of a time on which a device was there, or any of several: each once."""

    start: date
    days: int
    there: int
    """a bit a day, the first day's the lowest"""

    @classmethod
    def between(cls, start, end, joined, left):
        """From the day `joined` on until that before `left`.

        :param start, end: the first and the last day of the time that both lie in
        """
        there = (1 << (left - start).days) - (1 << (joined - start).days)
        return cls(start, (end - start).days + 1, there)

    def __or__(self, other):
        """The days on which either was there, of the same time."""
        return self._replace(there=self.there | other.there)

    @property
    def share(self):
        """How much of the time it is, by its days: a Fraction."""
        return Fraction(self.there.bit_count(), self.days)

    @property
    def first(self):
        """The first day on which it was there."""
        return self.start + timedelta((self.there & -self.there).bit_length() - 1)

    @property
    def last(self):
        """The last day on which it was there."""
        return self.start + timedelta(self.there.bit_length() - 1)


def together(stays):
    """The presence of each, of several stays.

    :param stays: iterable of (key, Presence)
    :return: dict key -> Presence
    """
    found = {}
    for key, stay in stays:
        found[key] = found[key] | stay if key in found else stay
    return found
