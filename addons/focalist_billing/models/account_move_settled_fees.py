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
        for other in statements._settling().filtered(lambda s: s.state == "invoiced"):
            if settled := other._rests_on() & statements:
                raise UserError(
                    self.env._(
                        "%(settling)s settles the fees of %(statement)s: cancel or"
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

        The rights to do it are checked there; drafts follow by nobody's hand: sudo.
        """
        moves = self.sudo()
        settling = (
            moves.focalist_statement_ids | moves.focalist_credited_ids
        )._settling()
        yield
        settling._not_invoiced()._rate()
