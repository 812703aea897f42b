from odoo import models


class FocalistMeterEntry(models.TransientModel):
    _inherit = "focalist.meter.entry"

    def action_enter(self):
        """A draft that rests on the wrong reading is measured with the right one."""
        lines = self.env["focalist.statement.line"]._resting_on(self.corrects_id)
        statements = lines.statement_id
        action = super().action_enter()
        statements._measure_drafts_again()
        return action
