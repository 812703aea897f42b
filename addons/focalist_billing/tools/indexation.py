"""Indexation: by how much prices rise or fall, and what they come to.

Nothing here knows Odoo. Factors are exact; a price is rounded once, half up, to the six
decimals that unit prices have.
"""

from __future__ import annotations

import math
from fractions import Fraction


def of_rate(percent: float) -> Fraction:
    """By a fixed rate: 2.5 is 2.5 %."""
    return 1 + Fraction(str(percent)) / 100


def of_index(base: float, new: float) -> Fraction:
    """By an index that was `base` when the prices were agreed, and is `new` now."""
    return Fraction(str(new)) / Fraction(str(base))


def capped(factor: Fraction, percent: float) -> Fraction:
    """Rise by no more than a percentage; 0: by however much it is."""
    return min(factor, of_rate(percent)) if percent else factor


def percent_of(factor: Fraction) -> float:
    """A factor as people read it: 1.025 is 2.5 %, to four decimals."""
    return indexed(100.0, factor - 1, places=4)


def indexed(price: float, factor: Fraction, places: int = 6) -> float:
    """What a price comes to."""
    units = 10**places
    return math.floor(Fraction(str(price)) * factor * units + Fraction(1, 2)) / units
