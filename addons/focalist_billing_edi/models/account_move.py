from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _focalist_billed(self):
        """The statements that the invoice bills, or the one that it credits.

        :return: focalist.statement records, with superuser rights: what of them is sent
            is the invoice's own
        """
        self.ensure_one()
        move = self.sudo()
        return move.focalist_origin_ids or move.reversed_entry_id.focalist_origin_ids
