"""Minimum volumes: pages that a client guarantees, and those it falls short of.

Nothing here knows Odoo. Pages of a month count against those of the other months of the
same true-up period, and of no other: unders and overs are set off within it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .rating import whole


@dataclass(frozen=True)
class Guarantee:
    """So many pages a month, for a time within the true-up period."""

    key: Hashable
    """whose pages: those of the same key are counted together"""
    pages: int
    months: Fraction


@dataclass(frozen=True)
class TrueUp:
    """What a true-up period comes to."""

    guaranteed: int
    printed: int

    @property
    def short(self) -> int:
        """Pages to bill, though nobody printed them."""
        return max(self.guaranteed - self.printed, 0)


def true_up(
    guarantees: Sequence[Guarantee], printed: Mapping[Hashable, int]
) -> dict[Hashable, TrueUp]:
    """Compare a period's guarantees with its pages.

    :param printed: key -> pages of the whole period
    :return: key -> TrueUp, in the order of the guarantees
    """
    pages: dict[Hashable, Fraction] = {}
    for guarantee in guarantees:
        found = pages.get(guarantee.key, Fraction(0))
        pages[guarantee.key] = found + guarantee.pages * guarantee.months
    # Parts of pages are added up first: a page is whole once.
    return {
        key: TrueUp(whole(number), printed.get(key, 0)) for key, number in pages.items()
    }
