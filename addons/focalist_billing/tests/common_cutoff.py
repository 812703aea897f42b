from odoo import fields
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .common import BillingCommon


@tagged("post_install", "-at_install")
class CutoffCommon(BillingCommon):
    """A French company, whose chart has the accounts of a cut-off."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("fr")
    def setUpClass(cls):
        super().setUpClass()
        cls.pricing = cls.contract.pricing_ids

    def _print(self, serial, *months, site=None):
        """Readings on the last day of December, then of each month after it."""
        days = ("2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")
        total, readings = 0, []
        for day, pages in zip(days, (0, *months), strict=False):
            total += pages
            readings.append((f"{day} 08:00", {"mono": total}))
        return self._read(site or self.site, serial, *readings)

    def _cut(self, day):
        cutoff = self.env["focalist.cutoff"].create({"date": day})
        cutoff.action_make()
        return cutoff

    def _run(self, month):
        first = fields.Date.to_date(f"{month}-01")
        made, _problems = self.contract._bill_month(
            first, fields.Date.end_of(first, "month")
        )
        return made

    def _invoice(self, statements, day, post=True):
        moves = statements._create_invoices()
        moves.invoice_date = day
        if post:
            moves.action_post()
        return moves

    def _entries(self, cutoff):
        """What is entered on the day: account -> balance."""
        sums = {}
        for line in cutoff.move_ids.line_ids:
            if line.date == cutoff.date:
                code = line.account_id.code
                sums[code] = round(sums.get(code, 0) + line.balance, 2)
        return sums

    def _income(self, until):
        """The income in the books until a day."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("account_id.code", "=", "706000"),
                ("parent_state", "=", "posted"),
                ("date", "<=", until),
            ]
        )
        return round(-sum(lines.mapped("balance")), 2)
