from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _focalist_service_period(self):
        """The days that the line bills: its own charge's, else all of its invoice.

        :return: (first day, last day), or None on an invoice of no statement
        """
        self.ensure_one()
        charges = self.sudo().focalist_charge_ids or self.move_id._focalist_charges()
        return charges._service_period()
