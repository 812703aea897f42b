from odoo import api, fields, models

# An agent that reads once a week is missed after two days, not after two weeks.
LONGEST_SILENCE = 24 * 60 * 60


class FocalistAgent(models.Model):
    """An agent's plan, the time zone that it is meant in, and its tasks."""

    _name = "focalist.agent"
    _inherit = ["focalist.agent"]

    schedule_ids = fields.One2many("focalist.agent.schedule", "agent_id", "Scheduler")
    task_ids = fields.One2many("focalist.agent.task", "agent_id", "Tasks")
    tz = fields.Char(
        "Time zone",
        compute="_compute_tz",
        help="That of its site, else of its networks' first, else of the client's main"
        " site. Days and hours of the plan are meant in it.",
    )
    poll_interval = fields.Integer(
        compute="_compute_poll_interval",
        store=True,
        required=True,
        default=3600,
        help="Seconds from one round of readings to the next.",
    )

    _poll_interval_bounds = models.Constraint(
        "CHECK (poll_interval BETWEEN 10 AND 86400)",
        "An agent reads its devices every 10 seconds at most and once a day at least.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """An agent has its three schedules from the start."""
        agents = super().create(vals_list)
        # Who may create an agent has its schedules made; no others can be.
        self.env["focalist.agent.schedule"].sudo()._create_missing(agents)
        return agents

    @api.depends("schedule_ids.interval")
    def _compute_poll_interval(self):
        for agent in self:
            reading = agent.schedule_ids.filtered(lambda s: s.action == "supplies")
            seconds = reading.interval * 60 or agent.poll_interval
            agent.poll_interval = min(seconds, LONGEST_SILENCE)

    @api.depends(
        "site_id.tz",
        "network_ids.site_id.tz",
        "partner_id.focalist_site_ids.is_main",
        "partner_id.focalist_site_ids.tz",
    )
    def _compute_tz(self):
        for agent in self:
            site = (
                agent.site_id
                or agent.network_ids.site_id[:1]
                or agent.partner_id.focalist_main_site_id
            )
            agent.tz = site.tz or "UTC"

    def action_open_tasks(self):
        """Open what was asked of it."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_agents.focalist_agent_task_action"
        )
        return action | {
            "domain": [("agent_id", "=", self.id)],
            "context": {"search_default_agent_id": False},
        }
