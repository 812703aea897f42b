from odoo import models
from odoo.exceptions import UserError


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        """Let a corrected copy of an invoice bill its statements in its place."""
        statements = self.move_ids.focalist_statement_ids
        if not is_modify or not statements:
            return super().reverse_moves(is_modify)
        if len(self.move_ids) > 1:
            raise UserError(
                self.env._(
                    "Correct invoices with meters one at a time, or reverse them and"
                    " make the invoices of their statements anew."
                )
            )
        original = self.move_ids
        # In between, the statements are without an invoice: they stay as they are.
        keeping = self.with_context(focalist_taken_over=True)
        action = super(AccountMoveReversal, keeping).reverse_moves(is_modify)
        self.new_move_ids._focalist_take_over(original, statements)
        return action
