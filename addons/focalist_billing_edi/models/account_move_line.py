from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _focalist_service_period(self):
        """The days that the line bills: its own statement's, else all of its invoice.

        :return: (first day, last day), or None on an invoice of no statement
        """
        self.ensure_one()
        statements = self.sudo().focalist_charge_ids.statement_id
        return (statements or self.move_id._focalist_billed())._service_period()
