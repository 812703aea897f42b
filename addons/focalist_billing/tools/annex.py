"""What stands behind an invoice, ready to be shown: in its PDF, as XLSX, in the portal.

All text is in the reader's language, and moments are of the clock of the device's site.
"""

from datetime import datetime
from typing import NamedTuple

import pytz

from odoo.addons.base.models.ir_actions_report import _wkhtml

#: So many meters are on a page of A4 or Letter: by a wkhtmltopdf on a patched Qt, with
#: letterhead and footer on each page, and by one on the system's, without these.
ROWS_ON_PAPER, ROWS_UNPATCHED = 24, 32


class Meter(NamedTuple):
    """Pages of one meter of one device from one reading to another.

    `counter` is the one that was read, where it is not the meter's own; `price` is None
    where the pages fall into tiers. `settled` are the pages that were billed for the
    stretch before, where the line corrects it; `note` says so, or how the last meter
    was estimated.
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
    settled: int = 0
    note: str = ""


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

    @property
    def patched_qt(self):
        """Whether it is printed by a patched Qt, which draws all of it larger."""
        return _wkhtml().is_patched_qt

    def paper_pages(self):
        """The meters as pages of paper have them.

        No programme is left to break the table: some cut a row in two, and print the
        heads once.

        :return: list of (whether a new page begins, Meters)
        """
        rows = ROWS_ON_PAPER if self.patched_qt else ROWS_UNPATCHED
        # What stands above, in rows of meters: titles, and lines half as high.
        above = 5 + (len(self.statements) + len(self.bill.charges)) // 2
        if self.supplies:
            above += 2 + len(self.supplies) // 2
        room = rows - above
        begins = room < min(rows // 3, len(self.meters))
        if begins:
            room = rows
        pages, page = [], []
        for meter in self.meters:
            # Two lines, and a third of what there is to say of it.
            height = 1.5 if meter.note else 1
            if page and height > room:
                pages.append((begins, page))
                begins, page, room = True, [], rows
            page.append(meter)
            room -= height
        return [*pages, (begins, page)] if page else pages


def local(moment, tz):
    """A moment by a site's clock.

    :param datetime moment: naive UTC
    :param str tz: name of the time zone
    :return: naive datetime
    """
    aware = pytz.utc.localize(moment).astimezone(pytz.timezone(tz or "UTC"))
    return aware.replace(tzinfo=None)
