"""What stands behind an invoice, ready to be shown: in its PDF, as XLSX, in the portal.

All text is in the reader's language, and moments are of the clock of the device's site.
"""

from datetime import datetime
from typing import NamedTuple

import pytz


class Meter(NamedTuple):
    """Pages of one meter of one device from one reading to another.

    `counter` is the one that was read, where it is not the meter's own; `price` is None
    where the pages fall into tiers.
    """

    line: object
    site: str
    device: str
    serial: str
    meter: str
    counter: str
    from_at: datetime
    from_source: str
    from_value: int
    to_at: datetime
    to_source: str
    to_value: int
    pages: int
    included: int
    billable: int
    price: float | None
    amount: float


class Supply(NamedTuple):
    """A supply that was replaced."""

    site: str
    device: str
    serial: str
    supply: str
    replaced_at: datetime
    price: float


class Charge(NamedTuple):
    """A line of the invoice: quantity × price = amount, rounded once."""

    statement: str
    title: str
    printed: float
    quantity: float
    price: float
    amount: float


class Bill(NamedTuple):
    """What is asked.

    `difference` is (its reason, amount), or None where the charges are the total to the
    cent.
    """

    currency: object
    charges: list
    difference: tuple | None
    total: float


class Annex(NamedTuple):
    """All of it: records, lists of the above, and the Bill."""

    statements: object
    move: object
    meters: list
    supplies: list
    bill: Bill


def local(moment, tz):
    """A moment by a site's clock.

    :param datetime moment: naive UTC
    :param str tz: name of the time zone
    :return: naive datetime
    """
    aware = pytz.utc.localize(moment).astimezone(pytz.timezone(tz or "UTC"))
    return aware.replace(tzinfo=None)
