import shlex

from odoo import api, fields, models


class FocalistAgentKey(models.TransientModel):
    """Add an agent, and show the key that it is installed with: this once."""

    _name = "focalist.agent.key"
    _description = "Agent's Installation Key"

    name = fields.Char("Agent")
    partner_id = fields.Many2one(
        "res.partner", "Client", domain="[('is_focalist_client', '=', True)]"
    )
    site_id = fields.Many2one(
        "focalist.site", domain="[('partner_id', '=', partner_id)]"
    )
    agent_id = fields.Many2one("focalist.agent", readonly=True)
    expires_at = fields.Datetime(related="agent_id.enrolment_key_expires_at")
    # Not stored: it lives in the open dialog and nowhere else.
    key = fields.Char(store=False, readonly=True)
    command = fields.Char(compute="_compute_command")

    @api.depends("agent_id")
    def _compute_command(self):
        """What is typed on the machine that becomes the collector."""
        database = shlex.quote(self.env.cr.dbname)
        for wizard in self:
            server = shlex.quote(wizard.get_base_url())
            wizard.command = (
                f"focalist-agent enroll --server {server} --database {database}"
            )

    @api.model
    def _show(self, agent, key):
        """An action that shows an agent's key."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Install %(agent)s", agent=agent.name),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_agent_id": agent.id, "default_key": key},
        }

    def action_add(self):
        """Add the agent, then show its key."""
        self.ensure_one()
        agent = self.env["focalist.agent"].create(
            {
                "name": self.name,
                "partner_id": self.partner_id.id,
                "site_id": self.site_id.id,
            }
        )
        return agent.action_new_key()
