"""What prices would have billed: periods, their pages, and the bills compared.

Plain tuples, without Odoo, as `annex.py`: a screen and a workbook show the same.
"""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import NamedTuple


class Span(NamedTuple):
    """A period that is over, and where its pages are taken from."""

    start: date
    end: date
    first: date
    """the first of its days that is simulated; the last one"""
    last: date
    source: str
    """billed: the lines of its statements; readings: those that a statement would lie
    between; volumes: pages by day, where there was no contract; true_up: no pages, but
    those short of the minimums of a time that is over"""


class Amount(NamedTuple):
    """What is charged, as a line of an invoice."""

    what: str
    """a meter or the kind of tiers, `supply`, `fee` or `minimum`"""
    quantity: int
    price: float
    statement: str
    """the charge of the statement that it would stand on"""


class Bill(NamedTuple):
    """What a version of the prices asks for one period."""

    amounts: list
    devices: dict
    """device id -> its part of the amounts, not rounded"""
    untaxed: float


class Compared(NamedTuple):
    """An amount under the present prices and under those tried."""

    title: str
    pages: int
    present: float | None
    """None: there are no present prices"""
    trial: float

    @property
    def difference(self):
        return None if self.present is None else self.trial - self.present

    @property
    def percent(self):
        return 100 * self.difference / self.present if self.present else None


class Row(NamedTuple):
    """One period of the simulation."""

    span: Span
    compared: Compared
    billed: float | None
    """what was invoiced or is about to be; None: the period has no statement"""


class Simulation(NamedTuple):
    """The whole answer."""

    rows: list
    total: Compared
    charges: list
    """Compared, a charge each: a meter, the supplies, the fees, the minimums"""
    devices: list
    """Compared, a device each, the largest difference first"""
    open_true_up: Span | None = None
    """the time of minimums that is not over, and so not billed"""

    @property
    def sources(self):
        return sorted({row.span.source for row in self.rows})


def add_up(amounts, money, per_line):
    """What amounts come to on an invoice, as Odoo rounds it.

    :param money: callable that rounds as the currency does
    :param per_line: whether the company rounds each line, else their sum
    """
    statements = defaultdict(list)
    for amount in amounts:
        statements[amount.statement].append(amount.quantity * amount.price)
    if per_line:
        return sum(money(sum(map(money, lines))) for lines in statements.values())
    return sum(money(sum(lines)) for lines in statements.values())


def fee_amounts(amount, months, shares, money):
    """What a fixed fee comes to: as `focalist.statement` charges it.

    :param amount: of a month
    :param Fraction months: of the period
    :param list shares: of the period, of each that it is charged for
    :return: list of (quantity, price)
    """
    whole = sum(1 for share in shares if share >= 1)
    found = []
    if whole and months.denominator == 1:
        found.append((whole * int(months), amount))
    elif whole:
        found.append((whole, money(float(months) * amount)))
    return found + [
        (1, money(float(months * Fraction(share)) * amount))
        for share in shares
        if share < 1
    ]
