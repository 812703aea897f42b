from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """An entry of a cut-off knows it, and so does the one that reverses it."""

    _name = "account.move"
    _inherit = ["account.move"]

    focalist_cutoff_id = fields.Many2one(
        "focalist.cutoff",
        "Cut-off",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )

    def _post(self, soft=True):
        """Whoever posts the entry of a cut-off, it is reversed on the day after."""
        posted = super()._post(soft)
        entries = posted.filtered(
            lambda move: move.focalist_cutoff_id and not move.reversed_entry_id
        )
        if entries:
            entries._focalist_reverse_cutoff()
        return posted

    def _focalist_reverse_cutoff(self):
        reversals = self._reverse_moves(
            [
                {
                    "ref": self.env._("Reversal of: %(entry)s", entry=move.ref),
                    "date": move.focalist_cutoff_id.date + timedelta(days=1),
                    "focalist_cutoff_id": move.focalist_cutoff_id.id,
                }
                for move in self
            ]
        )
        # One that lies in the future is posted by Odoo when it comes.
        reversals._post()

    def button_draft(self):
        """An entry of a cut-off and its reversal are taken back together."""
        for move in self:
            if move.focalist_cutoff_id and move.state == "posted":
                raise UserError(
                    self.env._(
                        "%(entry)s belongs to a cut-off: undo that one, and make it"
                        " anew.",
                        entry=move.name,
                    )
                )
        return super().button_draft()
