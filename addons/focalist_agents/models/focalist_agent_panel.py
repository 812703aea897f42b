from odoo import models


class FocalistAgent(models.Model):
    """What passes through an agent ends with it."""

    _name = "focalist.agent"
    _inherit = ["focalist.agent"]

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            sessions = self.env["focalist.panel.session"]
            sessions._end_all([("agent_id", "in", self.ids)])
        return result
