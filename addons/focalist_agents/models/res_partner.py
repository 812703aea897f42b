from odoo import api, fields, models

from .focalist_agent import STATES

FOCALIST_USERS = "focalist_base.group_focalist_user"


class ResPartner(models.Model):
    """A client's agents."""

    _inherit = "res.partner"

    focalist_agent_ids = fields.One2many(
        "focalist.agent", "partner_id", "Agents", groups=FOCALIST_USERS
    )
    focalist_agent_count = fields.Integer(
        compute="_compute_focalist_agents", groups=FOCALIST_USERS
    )
    focalist_last_agent_id = fields.Many2one(
        "focalist.agent",
        "Last agent",
        compute="_compute_focalist_agents",
        groups=FOCALIST_USERS,
        help="The client's agent that was heard of last.",
    )
    focalist_last_agent_state = fields.Selection(
        STATES,
        "Agent's state",
        compute="_compute_focalist_agents",
        groups=FOCALIST_USERS,
    )
    focalist_last_agent_seen_at = fields.Datetime(
        "Agent's last contact",
        compute="_compute_focalist_agents",
        groups=FOCALIST_USERS,
    )

    @api.depends("focalist_agent_ids.state", "focalist_agent_ids.last_seen_at")
    def _compute_focalist_agents(self):
        agents = self.env["focalist.agent"].search([("partner_id", "in", self.ids)])
        by_client = agents.grouped("partner_id")
        for partner in self:
            own = by_client.get(partner._origin, agents.browse())
            partner.focalist_agent_count = len(own)
            last = max(
                own,
                key=lambda agent: (bool(agent.last_seen_at), agent.last_seen_at),
                default=agents.browse(),
            )
            partner.focalist_last_agent_id = last
            partner.focalist_last_agent_state = last.state
            partner.focalist_last_agent_seen_at = last.last_seen_at

    def _focalist_belongings(self):
        """Its agents stay with it, archived ones too."""
        why = super()._focalist_belongings()
        if not why and self.with_context(active_test=False).focalist_agent_ids:
            why = self.env._(
                "%(client)s has agents: it stays a client of %(dealer)s. Deactivate it"
                " instead.",
                client=self.name,
                dealer=self.focalist_company_id.name,
            )
        return why

    def action_open_focalist_agents(self):
        """Open the client's agents; the only one directly."""
        self.check_access("read")
        self.ensure_one()
        agents = self.env["focalist.agent"].search([("partner_id", "=", self.id)])
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_agents.focalist_agent_action"
        )
        action |= {
            "domain": [("partner_id", "=", self.id)],
            "context": {"default_partner_id": self.id},
        }
        if len(agents) == 1:
            action |= {"views": [(False, "form")], "res_id": agents.id}
        return action
