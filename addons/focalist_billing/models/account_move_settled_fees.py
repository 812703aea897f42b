from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Invoices of fees in advance that were settled: see focalist_statement_fee_settle.

    A settlement is right beside the invoice that it settles, and not without it.
    """

    _name = "account.move"
    _inherit = ["account.move"]

    def _post(self, soft=True):
        reversing = self.filtered(lambda move: move._focalist_reverses_all())
        with reversing.reversed_entry_id._focalist_losing_fees():
            return super()._post(soft)

    def button_cancel(self):
        with self._focalist_losing_fees():
            return super().button_cancel()

    def button_draft(self):
        with self._focalist_regaining_fees():
            return super().button_draft()

    def unlink(self):
        with self._focalist_losing_fees():
            return super().unlink()

    @contextmanager
    def _focalist_losing_fees(self):
        """Around what takes these invoices' statements from them.

        :raise UserError: where what rests on them is invoiced
        """
        statements = self.sudo().focalist_statement_ids
        settling = statements._settling().filtered(lambda s: s.state == "invoiced")
        for other, resting in settling._rest_on().items():
            if settled := resting & statements:
                raise UserError(
                    self.env._(
                        "%(settling)s rests on the fees of %(statement)s: cancel or"
                        " credit its invoice first.",
                        settling=other.name,
                        statement=settled[0].name,
                    )
                )
        with self._focalist_regaining_fees():
            yield

    @contextmanager
    def _focalist_regaining_fees(self):
        """Around what changes whose statements these invoices' are.

        Fees in advance that are without an invoice follow prices that came since, as
        fees in arrears count on; but for those that a corrected invoice takes over.

        The rights to do it are checked there; drafts follow by nobody's hand: sudo.
        """
        moves = self.sudo()
        statements = moves.focalist_statement_ids | moves.focalist_credited_ids
        rated = statements._settling()
        if not self.env.context.get("focalist_taken_over"):
            rated |= statements.filtered(lambda s: s._has_later_prices())
        yield
        rated.filtered(lambda s: not s.cancelled)._not_invoiced()._rate()
