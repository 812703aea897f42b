from odoo import api, fields, models

from ..tools.billed_meters import TIERED


class FocalistStatementCharge(models.Model):
    """Charges of pages that were guaranteed, and nobody printed."""

    _name = "focalist.statement.charge"
    _inherit = ["focalist.statement.charge"]

    minimum_id = fields.Many2one(
        "focalist.pricing.minimum",
        "Minimum volume",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    guaranteed = fields.Float(
        digits=(16, 0), readonly=True, help="Pages of a minimum volume."
    )

    @api.depends("minimum_id")
    def _compute_display_name(self):
        return super()._compute_display_name()

    def _title(self):
        if not self.minimum_id:
            return super()._title()
        product = self.env.ref(f"focalist_billing.product_{self.meter}")
        title = self.env._(
            "%(pages)s short of the minimum",
            pages=product.with_context(lang=self.env.lang).name,
        )
        return self._title_in_place(title)

    def _product(self):
        if self.minimum_id:
            return self.company_id._focalist_product("minimum")
        return super()._product()

    def _included_note(self):
        """What was guaranteed, and what was printed."""
        if not self.minimum_id:
            return super()._included_note()
        return self.env._(
            "%(guaranteed)s guaranteed, %(printed)s printed",
            guaranteed=self._pages(self.guaranteed),
            printed=self._pages(self.printed),
        )

    def _annex_title(self):
        """The annex has no notes but the title."""
        title = super()._annex_title()
        return f"{title}, {self._included_note()}" if self.minimum_id else title

    def _statement_lines(self):
        """Those that count for the minimum, of all the statements of its time."""
        if not self.minimum_id:
            return super()._statement_lines()
        statement = self.statement_id
        pages = statement.search(
            [
                ("contract_id", "=", statement.contract_id.id),
                ("charge", "=", "pages"),
                ("cancelled", "=", False),
                ("date_start", ">=", statement.date_start),
                ("date_start", "<=", statement.date_end),
            ]
        )
        return pages.line_ids.filtered(
            lambda line: (
                TIERED.get(line.meter)
                and self.meter in ("total", TIERED[line.meter])
                and (not self.site_id or line.site_id == self.site_id)
                and (not self.device_id or line.device_id == self.device_id)
            )
        )
