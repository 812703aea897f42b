from markupsafe import Markup

from odoo import models


class AccountMove(models.Model):
    """The invoice of one site or cost centre says whose it is, above the terms."""

    _name = "account.move"
    _inherit = ["account.move"]

    def _compute_narration(self):
        result = super()._compute_narration()
        for move in self:
            # Of the statements behind an invoice its name alone: sudo.
            statement = move.sudo().focalist_origin_ids[:1]
            name = (
                statement
                and statement.with_context(
                    lang=move.partner_id.lang or self.env.lang
                )._group_name()
            )
            note = Markup("<p>%s</p>") % name
            terms = move.narration or Markup("")
            if name and note not in terms:
                move.narration = note + terms
        return result
