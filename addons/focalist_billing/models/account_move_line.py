from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    focalist_charge_ids = fields.One2many(
        "focalist.statement.charge",
        "move_line_id",
        "Charges behind the line",
        readonly=True,
    )
    # Those of a credit note are its invoice's: copied with the line.
    focalist_service_start = fields.Date("Service from", readonly=True)
    focalist_service_end = fields.Date(
        "Service to", readonly=True, index="btree_not_null"
    )

    def _related_analytic_distribution(self):
        """The sites' own, by what each of them has of the line."""
        self.ensure_one()
        related = super()._related_analytic_distribution()
        # Of the meters behind an invoice this alone, for whoever makes it: sudo.
        return related | self.sudo().focalist_charge_ids._analytic_distribution()
