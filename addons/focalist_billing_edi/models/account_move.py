from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _focalist_charges(self):
        """What the invoice bills of statements, or the one that it credits.

        :return: focalist.statement.charge records, with superuser rights: what of them
            is sent is the invoice's own
        """
        self.ensure_one()
        move = self.sudo()
        billed = move.focalist_origin_ids or move.reversed_entry_id.focalist_origin_ids
        return billed.mapped("charge_ids").filtered("quantity")
