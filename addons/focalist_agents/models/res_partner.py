from odoo import api, fields, models

FOCALIST_USERS = "focalist_base.group_focalist_user"


class ResPartner(models.Model):
    """A client's agents."""

    _inherit = "res.partner"

    focalist_agent_ids = fields.One2many(
        "focalist.agent", "partner_id", "Agents", groups=FOCALIST_USERS
    )
    focalist_agent_count = fields.Integer(
        compute="_compute_focalist_agent_count", groups=FOCALIST_USERS
    )
    focalist_last_agent_id = fields.Many2one(
        related="focalist_stat_id.last_agent_id", groups=FOCALIST_USERS
    )
    focalist_last_agent_seen_at = fields.Datetime(
        related="focalist_stat_id.last_agent_seen_at", groups=FOCALIST_USERS
    )
    focalist_last_agent_state = fields.Selection(
        string="Agent's state",
        related="focalist_stat_id.last_agent_id.state",
        groups=FOCALIST_USERS,
    )

    @api.depends("focalist_agent_ids")
    def _compute_focalist_agent_count(self):
        counts = dict(
            self.env["focalist.agent"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.focalist_agent_count = counts.get(partner._origin, 0)

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
