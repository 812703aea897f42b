from babel.dates import get_day_names

from odoo import api, fields, models
from odoo.tools import format_duration, get_lang

ACTIONS = [
    ("supplies", "Read supplies and meters"),
    ("alerts", "Read alerts"),
    ("scan", "Scan the network"),
]
TASK_STATES = [
    ("waiting", "Waiting"),
    ("taken", "Taken"),
    ("running", "Running"),
    ("done", "Done"),
    ("failed", "Failed"),
]
# Minutes from one run to the next, for an agent that nobody has set yet; that of
# readings is the agent's own.
DEFAULT_INTERVALS = {"alerts": 15, "scan": 24 * 60}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class FocalistAgentSchedule(models.Model):
    """When an agent does one of its three actions by itself."""

    _name = "focalist.agent.schedule"
    _description = "Agent's Schedule"
    _inherit = ["focalist.guarded.mixin"]
    _order = "agent_id, sequence, id"
    _rec_name = "action"
    _check_company_auto = True

    agent_id = fields.Many2one(
        "focalist.agent", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="agent_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    sequence = fields.Integer(readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    is_on = fields.Boolean(
        "On",
        default=True,
        help="Off: it is done only when somebody asks for it with Scan now.",
    )
    interval = fields.Integer(
        "Every",
        required=True,
        help="Minutes from one run to the next.",
    )
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean(default=True)
    sunday = fields.Boolean(default=True)
    hour_from = fields.Float("From", required=True, default=0)
    hour_to = fields.Float(
        "To",
        required=True,
        default=24,
        help="Before the hour of the beginning: on the next day.",
    )
    plan = fields.Char(compute="_compute_plan")
    last_run_at = fields.Datetime("Last run", readonly=True)
    last_total = fields.Integer(readonly=True)
    last_found = fields.Integer(readonly=True)
    last_result = fields.Char("Result", compute="_compute_last_result")
    task_id = fields.Many2one("focalist.agent.task", compute="_compute_task")
    task_state = fields.Selection(
        TASK_STATES, "Asked for", compute="_compute_task", help="What Scan now asked."
    )
    task_progress = fields.Float("Progress", compute="_compute_task")

    _action_uniq = models.UniqueIndex(
        "(agent_id, action)", "An agent has one schedule for each action."
    )
    _interval_bounds = models.Constraint(
        "CHECK (interval BETWEEN 1 AND 10080)",
        "An action is done once a minute at most and once a week (10,080 minutes) at"
        " least.",
    )
    _hours_bounds = models.Constraint(
        "CHECK (hour_from >= 0 AND hour_from < 24 AND hour_to > 0 AND hour_to <= 24)",
        "Hours are from 0:00 to 24:00.",
    )
    _some_day = models.Constraint(
        f"CHECK ({' OR '.join(DAYS)})",
        "Choose a day at least, or switch the action off.",
    )

    @api.depends("interval", "hour_from", "hour_to", *DAYS)
    @api.depends_context("lang")
    def _compute_plan(self):
        """The plan in a line: how often, and what narrows it."""
        weekdays = get_day_names("abbreviated", locale=get_lang(self.env).code)
        for schedule in self:
            parts = [schedule._interval_text()]
            if not all(schedule[day] for day in DAYS):
                days = [weekdays[n] for n, day in enumerate(DAYS) if schedule[day]]
                parts.append(" ".join(days))
            if (schedule.hour_from, schedule.hour_to) != (0, 24):
                hours = (schedule.hour_from, schedule.hour_to)
                parts.append("–".join(format_duration(hour) for hour in hours))
            schedule.plan = ", ".join(parts)

    def _interval_text(self):
        days, minutes = divmod(self.interval, 24 * 60)
        if days and not minutes:
            return (
                self.env._("every %s days", days) if days > 1 else self.env._("daily")
            )
        hours, minutes = divmod(self.interval, 60)
        if hours and not minutes:
            return (
                self.env._("every %s hours", hours)
                if hours > 1
                else self.env._("hourly")
            )
        return self.env._("every %s minutes", self.interval)

    @api.depends("last_run_at", "last_total", "last_found", "action")
    def _compute_last_result(self):
        for schedule in self:
            schedule.last_result = schedule.last_run_at and self.env[
                "focalist.agent.task"
            ]._result_message(schedule.action, schedule.last_total, schedule.last_found)

    @api.depends(
        "agent_id.task_ids.state",
        "agent_id.task_ids.done_count",
        "agent_id.task_ids.total_count",
    )
    def _compute_task(self):
        """What is being done, or waits to be done, because somebody asked for it."""
        no_task = self.env["focalist.agent.task"]
        tasks = {
            (task.agent_id, task.action): task
            for task in no_task._open_of(self.agent_id)
        }
        for schedule in self:
            task = tasks.get((schedule.agent_id, schedule.action)) or no_task
            schedule.task_id = task
            schedule.task_state = task.state
            schedule.task_progress = task.progress

    @api.model
    def _create_missing(self, agents=None):
        """Give agents the schedules that they do not have; without any, all agents.

        Called with superuser rights.
        """
        agents = agents or self.env["focalist.agent"].with_context(
            active_test=False
        ).search([("schedule_ids", "=", False)])
        self.create(
            [
                {
                    "agent_id": agent.id,
                    "sequence": number,
                    "action": action,
                    "interval": DEFAULT_INTERVALS.get(action)
                    or max(1, agent.poll_interval // 60),
                }
                for agent in agents
                for number, (action, _label) in enumerate(ACTIONS)
            ]
        )

    def _wire(self):
        """The schedules as collectors are told them: seconds, and minutes of a day."""
        return [
            {
                "action": schedule.action,
                "on": schedule.is_on,
                "interval": schedule.interval * 60,
                "days": [day for day, name in enumerate(DAYS) if schedule[name]],
                "from": round(schedule.hour_from * 60),
                "to": round(schedule.hour_to * 60),
            }
            for schedule in self
        ]

    def _note_run(self, moment, total, found):
        """Keep what the last run came to. Called with superuser rights."""
        self.ensure_one()
        if not self.last_run_at or self.last_run_at <= moment:
            self.write(
                {"last_run_at": moment, "last_total": total, "last_found": found}
            )

    def action_run_now(self):
        """Have the agent do it as soon as it calls, whatever the plan says."""
        self.check_access("write")
        for schedule in self:
            schedule.agent_id.check_access("write")
            self.env["focalist.agent.task"]._ask(schedule.agent_id, schedule.action)
