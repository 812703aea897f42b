import shlex
from urllib.parse import urlsplit

from odoo import api, fields, http, models

from ..tools import installer


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
    # Where the server has no copy of the daemon, that is installed by hand first.
    by_hand = fields.Boolean(compute="_compute_command")
    command = fields.Char(compute="_compute_command")

    @api.depends("agent_id")
    def _compute_command(self):
        """What is typed on the machine that becomes the collector.

        The key is not in it: it would stay in the shell's history.
        """
        by_hand = not installer.is_there()
        for wizard in self:
            server, database = wizard.get_base_url(), self.env.cr.dbname
            to = f"--server {shlex.quote(server)} --database {shlex.quote(database)}"
            wizard.by_hand = by_hand
            if by_hand:
                wizard.command = f"focalist-agent enroll {to}"
                continue
            # Who was shown the dialog made the key that it is of.
            if wizard.agent_id.sudo().enrolment_key_kind == "usb":
                to += " --usb"
            fetch = f"curl -fsSL {wizard._database_header(server)}"
            script = shlex.quote(f"{server}{installer.PATH}{installer.SCRIPT}")
            wizard.command = f"{fetch}{script} | sudo sh -s -- {to}"

    def _database_header(self, server):
        """What curl is told where the server has several databases at that address."""
        database = self.env.cr.dbname
        if http.db_list(force=True, host=urlsplit(server).netloc) == [database]:
            return ""
        return f"-H {shlex.quote(f'X-Odoo-Database: {database}')} "

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
