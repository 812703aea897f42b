from odoo import models


class FocalistMeterEntry(models.TransientModel):
    _inherit = "focalist.meter.entry"

    def action_enter(self):
        """A draft that rests on the wrong reading is measured with the right one."""
        lines = self.env["focalist.statement.line"]._resting_on(self.corrects_id)
        drafts = lines.statement_id.filtered(lambda s: s.state in ("draft", "empty"))
        action = super().action_enter()
        drafts.filtered(lambda s: not s._follower())._measure_again()
        return action
