from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError

from .focalist_agent_schedule import ACTIONS, TASK_STATES

OPEN = ("waiting", "taken", "running")
HELD = ("taken", "running")
MAX_ATTEMPTS = 3
# A collector tells of each task it holds at least once a minute.
LEASE = timedelta(minutes=5)
# A collector that calls and does not name a task it took was started anew. The answer
# that gave it the task may still be on its way for so long.
ON_ITS_WAY = timedelta(seconds=30)
# Nobody waits longer than this for an agent that does not call.
WAITING_TIME = timedelta(days=1)
KEPT = timedelta(days=90)
MAX_AT_ONCE = 10
BATCH = 1000
MAX_MESSAGE = 500


class FocalistAgentTask(models.Model):
    """One thing that somebody asked an agent to do now.

    waiting -> taken -> running -> done or failed. Who took it tells of it before its
    lease ends; else it waits again, a few times, and fails in the end.
    """

    _name = "focalist.agent.task"
    _description = "Agent's Task"
    _inherit = ["focalist.guarded.mixin"]
    _order = "id desc"
    _rec_name = "action"
    _check_company_auto = True

    uid = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: uuid4().hex,
        help="Its name on the line.",
    )
    agent_id = fields.Many2one(
        "focalist.agent", required=True, readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        related="agent_id.partner_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="agent_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    state = fields.Selection(
        TASK_STATES,
        required=True,
        readonly=True,
        default="waiting",
        help="Waiting: its collector has not called yet. Taken: the collector has it.",
    )
    user_id = fields.Many2one(
        "res.users", "Asked by", readonly=True, index="btree_not_null"
    )
    asked_at = fields.Datetime(
        "Asked", required=True, readonly=True, default=fields.Datetime.now
    )
    collector_id = fields.Many2one(
        "focalist.collector", readonly=True, index="btree_not_null", ondelete="set null"
    )
    attempts = fields.Integer(readonly=True)
    heard_at = fields.Datetime(
        "Last word", readonly=True, help="When its collector last told of it."
    )
    ended_at = fields.Datetime("Ended", readonly=True)
    done_count = fields.Integer("Asked so far", readonly=True)
    total_count = fields.Integer("To ask", readonly=True)
    found_count = fields.Integer("Printers", readonly=True)
    message = fields.Char(readonly=True)
    progress = fields.Float(compute="_compute_progress")
    result = fields.Char(compute="_compute_result")

    _uid_uniq = models.UniqueIndex("(uid)", "A task has a name of its own.")
    _open_uniq = models.UniqueIndex(
        "(agent_id, action) WHERE state IN ('waiting', 'taken', 'running')",
        "The agent is asked for this already. Reload the page.",
    )

    @api.depends("state", "done_count", "total_count")
    def _compute_progress(self):
        """Percent; full only when it is done."""
        for task in self:
            share = 100 * task.done_count / task.total_count if task.total_count else 0
            task.progress = 100 if task.state == "done" else min(share, 99)

    @api.depends("state", "message", "total_count", "found_count", "action")
    def _compute_result(self):
        for task in self:
            task.result = (
                self._result_message(task.action, task.total_count, task.found_count)
                if task.state == "done"
                else task.message
            )

    @api.model
    def _result_message(self, action, total, found):
        """What a run came to, for people.

        :param int total: how many addresses or devices were asked
        :param int found: how many printers answered
        """
        if action == "scan":
            return self.env._(
                "%(found)s printers at %(total)s addresses", found=found, total=total
            )
        return self.env._("%(found)s of %(total)s read", found=found, total=total)

    @api.model
    def _open_of(self, agents):
        """The tasks of agents that are not over."""
        return self.search([("agent_id", "in", agents.ids), ("state", "in", OPEN)])

    @api.model
    def _ask(self, agent, action):
        """Have an agent do something; what it is asked for already is not doubled.

        The caller checks the rights.

        :return: focalist.agent.task
        """
        if not agent.active or not agent.partner_id.focalist_active:
            raise UserError(
                self.env._(
                    "%(agent)s is archived, or its client is deactivated: it does"
                    " nothing. Restore it first.",
                    agent=agent.name,
                )
            )
        if not agent._network_collector():
            raise UserError(
                self.env._(
                    "%(agent)s has no collector yet: nobody would do it. Install one"
                    " with an installation key.",
                    agent=agent.name,
                )
            )
        if action == "scan" and not any(agent.network_ids.mapped("ranges")):
            raise UserError(
                self.env._(
                    "%(agent)s has no addresses to scan. Write them on its networks.",
                    agent=agent.name,
                )
            )
        present = self._open_of(agent).filtered(lambda task: task.action == action)
        return present or self.sudo().create(
            {"agent_id": agent.id, "action": action, "user_id": self.env.uid}
        ).sudo(False)

    # -- what a collector does with them ----------------------------------------------
    # Called with superuser rights, after its key was checked.

    @api.model
    def _claim(self, collector, held):
        """Give a collector what waits for it. Each task goes to one call only.

        :param list held: uids of the tasks that it says it is at
        :return: focalist.agent.task, taken
        """
        now = fields.Datetime.now()
        self._take_back(
            self.search(
                [
                    ("collector_id", "=", collector.id),
                    ("state", "in", HELD),
                    ("uid", "not in", held),
                    ("heard_at", "<", now - ON_ITS_WAY),
                ]
            )
        )
        waiting = self.search(
            [("agent_id", "=", collector.agent_id.id), ("state", "=", "waiting")],
            order="id",
        )
        tasks = waiting.try_lock_for_update(limit=MAX_AT_ONCE)
        for task in tasks:
            task.write(
                {
                    "state": "taken",
                    "collector_id": collector.id,
                    "attempts": task.attempts + 1,
                    "heard_at": now,
                    "done_count": 0,
                    "total_count": 0,
                    "found_count": 0,
                }
            )
        return tasks

    @api.model
    def _tell(self, collector, uid, values):
        """Take what a collector tells of a task.

        :param dict values: of the task, cleaned
        :return: whether it is to go on; None for what is not, or no more, its own
        """
        task = self.search(
            [
                ("uid", "=", uid),
                ("collector_id", "=", collector.id),
                ("state", "in", HELD),
            ]
        )
        if not task:
            return None
        now = fields.Datetime.now()
        over = values["state"] not in OPEN
        task.write({**values, "heard_at": now, "ended_at": over and now})
        if values["state"] == "done":
            schedule = task.agent_id.schedule_ids.filtered(
                lambda schedule: schedule.action == task.action
            )
            if schedule:
                schedule._note_run(now, task.total_count, task.found_count)
        return not over

    # -- what nobody does any more ----------------------------------------------------

    @api.model
    def _take_back(self, tasks):
        """Have tasks done again whose collector is gone; after a few times, give up."""
        for task in tasks.try_lock_for_update():
            if task.attempts < MAX_ATTEMPTS:
                task.write({"state": "waiting", "collector_id": False})
            else:
                task._fail(
                    self.env._(
                        "The collector was not heard of any more, %(times)s times."
                        " Look at its log.",
                        times=task.attempts,
                    )
                )

    def _fail(self, message):
        self.write(
            {
                "state": "failed",
                "message": message,
                "ended_at": fields.Datetime.now(),
            }
        )

    @api.model
    def _cron_settle(self):
        """See that no task is stuck, whatever became of who was to do it."""
        now = fields.Datetime.now()
        lost = self.search(
            [("state", "in", HELD), ("heard_at", "<", now - LEASE)],
            limit=BATCH,
            order="id",
        )
        self._take_back(lost)
        unheard = self.search(
            [("state", "=", "waiting"), ("asked_at", "<", now - WAITING_TIME)],
            limit=BATCH,
            order="id",
        )
        unheard.try_lock_for_update()._fail(
            self.env._("The agent did not call within a day.")
        )
        done = len(lost) + len(unheard)
        if done:
            self.env["ir.cron"]._commit_progress(
                done,
                remaining=int(BATCH in (len(lost), len(unheard))),
            )

    @api.autovacuum
    def _gc_tasks(self):
        """Forget what was over long ago.

        :return: (rows deleted, whether there are more)
        """
        old = self.sudo().search(
            [
                ("state", "not in", OPEN),
                ("ended_at", "<", fields.Datetime.now() - KEPT),
            ],
            limit=BATCH,
            order="id",
        )
        old.unlink()
        return len(old), len(old) == BATCH

    # -- what people do ---------------------------------------------------------------

    def action_cancel(self):
        """Give up what is not over; its collector stops at its next word."""
        self.agent_id.check_access("write")
        # Checked just now: who may change the agent may call it back.
        tasks = self.sudo().filtered(lambda task: task.state in OPEN)
        tasks._fail(self.env._("Cancelled by %s.", self.env.user.name))

    def action_again(self):
        """Ask once more for what failed or is done."""
        for task in self:
            task.agent_id.check_access("write")
            self._ask(task.agent_id, task.action)
