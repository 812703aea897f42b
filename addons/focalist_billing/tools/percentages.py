"""Percentages that add up: what a share of an amount is, in hundredths."""

import math
from collections.abc import Hashable, Mapping
from fractions import Fraction


def percentages(shares: Mapping[Hashable, Fraction]) -> dict[Hashable, float]:
    """Round shares of one to percentages with two decimals that add up to their sum.

    Each is rounded down; the hundredths left go to the largest remainders, the first
    of equal ones. So thirds are 33.34, 33.33 and 33.33.

    :return: dict in the order of `shares`; those of nothing are left out
    """
    exact = {key: share * 10_000 for key, share in shares.items()}
    hundredths = {key: math.floor(share) for key, share in exact.items()}
    left = math.floor(sum(exact.values()) + Fraction(1, 2)) - sum(hundredths.values())
    order = sorted(exact, key=lambda key: hundredths[key] - exact[key])
    for key in order[:left]:
        hundredths[key] += 1
    return {key: number / 100 for key, number in hundredths.items() if number}
