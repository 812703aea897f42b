from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

#: So few contracts are billed while their user waits; more, in the background.
AT_ONCE = 10
#: What is over when no row has this state any more.
PHASES = {"measuring": "to_do", "invoicing": "to_invoice"}
SELECTING = (
    "company_id",
    "month",
    "contract_ids",
    "partner_ids",
    "tag_ids",
    "salesperson_ids",
)


class FocalistBillingRun(models.Model):
    """A month's billing of one company: drafts, a look at them, then invoices.

    draft -> measuring -> review -> invoicing -> done. What there is to do is in its
    rows, one a contract; `_cron_work` does them in batches, one transaction each, so
    that a run goes on where it was, whatever became of who was at it.
    """

    _name = "focalist.billing.run"
    _description = "Billing Run"
    _inherit = ["focalist.guarded.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "month desc, id desc"
    _check_company_auto = True
    _open_at_creation = ("name",)

    name = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("New"),
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
        help="Who has started its present step: it is done with that person's rights.",
    )
    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.start_of(fields.Date.context_today(self), "month"), months=1
        ),
        help="Any day of the month that the periods to bill end in.",
    )
    contract_ids = fields.Many2many(
        "focalist.contract",
        string="Contracts",
        check_company=True,
        domain="[('state', '!=', 'draft'), ('company_id', '=', company_id)]",
        help="Those to bill; all of this month where none is chosen.",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Clients",
        domain="[('is_focalist_client', '=', True),"
        " ('focalist_company_id', '=', company_id)]",
        help="Bill these clients alone.",
    )
    tag_ids = fields.Many2many(
        "res.partner.category",
        string="Tags",
        help="Bill clients with one of these tags alone.",
    )
    salesperson_ids = fields.Many2many(
        "res.users",
        string="Salespersons",
        help="Bill the clients of these salespersons alone.",
    )
    invoicing = fields.Selection(
        [
            ("draft", "Leave them as drafts"),
            ("post", "Post them"),
            ("send", "Post and send them"),
        ],
        "Invoices",
        required=True,
        default="draft",
        tracking=True,
        help="Sent as each client wishes, by Odoo's own job.",
    )
    invoice_date = fields.Date(help="Empty: the day on which they are posted.")
    state = fields.Selection(
        [
            ("draft", "New"),
            ("measuring", "Making drafts"),
            ("review", "To review"),
            ("invoicing", "Invoicing"),
            ("done", "Done"),
            ("stopped", "Stopped"),
            ("cancel", "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        tracking=True,
        index=True,
    )
    row_ids = fields.One2many(
        "focalist.billing.run.contract", "run_id", "By client", readonly=True
    )
    row_count = fields.Integer("Contracts in it", compute="_compute_counts")
    problem_count = fields.Integer("To look at", compute="_compute_counts")
    statement_count = fields.Integer(compute="_compute_counts")
    invoice_count = fields.Integer(compute="_compute_counts")
    amount_untaxed = fields.Monetary("Untaxed", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    result = fields.Char(compute="_compute_counts")

    @api.depends("state", "row_ids.state", "row_ids.amount_untaxed")
    def _compute_counts(self):
        rows = self.env["focalist.billing.run.contract"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state", "currency_id"],
            ["__count", "amount_untaxed:sum"],
        )
        made = {
            run: counts
            for run, *counts in self.env["focalist.statement"]._read_group(
                [("run_id", "in", self.ids), ("cancelled", "=", False)],
                ["run_id"],
                ["__count", "move_id:count_distinct"],
            )
        }
        for run in self:
            own = [row[1:] for row in rows if row[0] == run]
            counts = {}
            for state, _currency, count, _amount in own:
                counts[state] = counts.get(state, 0) + count
            run.row_count = sum(counts.values())
            run.problem_count = counts.get("problem", 0)
            run.statement_count, run.invoice_count = made.get(run, (0, 0))
            run.amount_untaxed = sum(
                currency._convert(amount, run.currency_id, run.company_id, run.month)
                for state, currency, _count, amount in own
                if state != "skipped"
            )
            run.progress = run._progress(counts)
            run.result = run._summary(counts)

    def _progress(self, counts):
        """Percent of what the present step does.

        :param dict counts: state of rows -> how many
        """
        self.ensure_one()
        waiting = counts.get(PHASES.get(self.state), 0)
        total = sum(counts.values())
        if self.state == "invoicing":
            total = waiting + counts.get("done", 0)
        return 100 * (total - waiting) / total if total else 0

    def _summary(self, counts):
        """What there is, in a sentence."""
        parts = {
            "to_do": self.env._("%s to measure", counts.get("to_do")),
            "ready": self.env._("%s to invoice", counts.get("ready")),
            "to_invoice": self.env._("%s being invoiced", counts.get("to_invoice")),
            "done": self.env._("%s done", counts.get("done")),
            "problem": self.env._("%s to look at", counts.get("problem")),
            "skipped": self.env._("%s set aside", counts.get("skipped")),
        }
        return ", ".join(text for state, text in parts.items() if counts.get(state))

    @api.depends("name", "month")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for run in self:
            month = format_date(self.env, run.month, date_format="MMMM y")
            run.display_name = ", ".join(filter(None, [run.name, month]))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code("focalist.billing.run")
            self._begin_month(vals)
        return super().create(vals_list)

    @api.model
    def _begin_month(self, vals):
        """Whatever day of a month was typed, its first one is kept."""
        if vals.get("month"):
            day = fields.Date.to_date(vals["month"])
            vals["month"] = fields.Date.start_of(day, "month")

    def write(self, vals):
        vals = dict(vals)
        self._begin_month(vals)
        if vals.keys() & set(SELECTING):
            for run in self:
                if run.state != "draft":
                    raise UserError(
                        self.env._(
                            "%(run)s has begun: what it bills stays. Undo it, or make"
                            " another one.",
                            run=run.name,
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_undone(self):
        self.filtered(lambda run: run.state != "draft")._undo()

    # -- what is billed ---------------------------------------------------------------

    def _days(self):
        """The first and the last day of the month."""
        return (
            fields.Date.start_of(self.month, "month"),
            fields.Date.end_of(self.month, "month"),
        )

    def _contracts(self):
        """The contracts to bill: those chosen, else all that are due this month."""
        self.ensure_one()
        if self.contract_ids:
            return self.contract_ids
        first_day, last_day = self._days()
        domain = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "draft"),
                # What is in advance is due on the day after.
                ("date_start", "<=", last_day + timedelta(days=1)),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", first_day),
            ]
        )
        if self.partner_ids:
            domain &= Domain("partner_id", "in", self.partner_ids.ids)
        if self.tag_ids:
            domain &= Domain("partner_id.category_id", "child_of", self.tag_ids.ids)
        if self.salesperson_ids:
            domain &= Domain("partner_id.user_id", "in", self.salesperson_ids.ids)
        return (
            self.env["focalist.contract"]
            .search(domain)
            .filtered(
                lambda contract: any(
                    contract._due_in_month(first_day, last_day, charge)
                    for charge in ("pages", "fees", "advance", "true_up")
                    if charge == "pages" or contract._has_fees(charge)
                )
            )
        )

    # -- steps ------------------------------------------------------------------------

    def action_start(self):
        """Make the draft statements: a few at once, many in the background.

        Safe to be called twice and by two at once.
        """
        self._take("draft")
        if self.state == "draft":
            contracts = self._contracts()
            if not contracts:
                raise UserError(
                    self.env._("No contract has a period that ends in this month.")
                )
            self.row_ids.sudo().create(
                [{"run_id": self.id, "contract_id": one.id} for one in contracts]
            )
            self._enter("measuring")
        if len(self.row_ids) == 1 and self.row_ids.statement_ids:
            if not self.row_ids.message:
                return self.row_ids.action_open_statements()
        return True

    def action_invoice(self):
        """Make the invoices of all rows that are ready.

        Those with blocking anomalies wait; where no other is left, they are asked for.
        """
        self._take("review")
        ready = self.row_ids.filtered(lambda row: row.state == "ready")
        if self.state == "review" and not ready:
            raise UserError(
                self.env._(
                    "No contract is ready to invoice: look at those that have a"
                    " problem, or finish the run."
                )
            )
        if self.state == "review":
            return (ready._without_blocking() or ready).action_invoice()
        return True

    def action_stop(self):
        """Leave the rest for later; the batch that is at work ends."""
        self._take(*PHASES)
        if self.state in PHASES:
            self.sudo().state = "stopped"

    def action_resume(self):
        """Go on where it was stopped."""
        self._take("stopped")
        if self.state == "stopped":
            states = set(self.row_ids.mapped("state"))
            self._enter("measuring" if "to_do" in states else "invoicing")

    def action_finish(self):
        """Set aside what is left, and be done."""
        self._take("review")
        if self.state == "review":
            left = self.row_ids.filtered(lambda row: row.state in ("ready", "problem"))
            left.sudo().state = "skipped"
            self.sudo().state = "done"

    def action_cancel(self):
        """Undo the run: its statements are cancelled, their periods unbilled again."""
        self.check_access("write")
        self._undo()

    def _undo(self):
        for run in self:
            if run.state in PHASES:
                raise UserError(
                    self.env._("%(run)s is at work: stop it first.", run=run.name)
                )
            statements = run.row_ids.statement_ids
            if "invoiced" in statements.mapped("state"):
                raise UserError(
                    self.env._(
                        "%(run)s has invoices: cancel or delete them first, or set"
                        " aside the rest of it.",
                        run=run.name,
                    )
                )
            run._lock(run.row_ids)
            run.row_ids._cancel_drafts()
            run.row_ids.sudo().state = "skipped"
            run.sudo().state = "cancel"

    def _take(self, *states):
        """Check that one run may be changed, and lock it: no other does the same.

        :param states: where it is to be, else its last user was faster, or stopped it
        """
        self.check_access("write")
        self.ensure_one()
        self._lock(self)
        if self.state == "cancel":
            raise UserError(
                self.env._("%(run)s was undone: make another one.", run=self.name)
            )
        if self.state in states:
            # Its batches are done with the rights of whoever asked for them last.
            self.sudo().user_id = self.env.user

    def _lock(self, records):
        try:
            records.lock_for_update(allow_referencing=True)
        except LockError:
            raise UserError(
                self.env._(
                    "%(run)s is being worked at. Try again in a moment.", run=self.name
                )
            ) from None

    def _enter(self, state):
        """Begin a step: do it now where it is little, else in the background."""
        self.ensure_one()
        self.sudo().state = state
        waiting = self.row_ids.filtered(lambda row: row.state == PHASES[state])
        if len(waiting) <= AT_ONCE:
            waiting.sudo()._work()
        if self.state in PHASES:
            cron = self.env.ref("focalist_billing.billing_runs").sudo()
            if not cron.active:
                raise UserError(
                    self.env._(
                        "Large runs are done by the scheduled action %(action)s,"
                        " which is switched off. Ask an administrator to switch it on.",
                        action=cron.name,
                    )
                )
            self._begin_batches(cron)

    def _begin_batches(self, cron):
        """Have what waits done soon; the place for another queue than Odoo's jobs.

        :param cron: the scheduled action that does it in any case, at its next tick
        """
        cron._trigger()

    def _settle(self):
        """End the present step of runs that have nothing left of it."""
        found = self.env["focalist.billing.run.contract"]._read_group(
            [("run_id", "in", self.ids)], ["run_id"], ["state:array_agg"]
        )
        states = {run: set(some) for run, some in found}
        for run in self.filtered(lambda run: run.state in PHASES):
            left = states.get(run, set())
            if PHASES[run.state] not in left:
                run.state = "done" if left <= {"done", "skipped"} else "review"
                run._tell_result()

    def _tell_result(self):
        """Tell what a step came to: on the run, and to who has started it."""
        self.ensure_one()
        told = self.with_context(lang=self.user_id.lang)
        told.invalidate_recordset(["result", "row_count", "problem_count"])
        told.message_post(body=told.result)
        # Who waits for a short one sees its end.
        if told.row_count > AT_ONCE:
            self.user_id._bus_send(
                "simple_notification",
                {
                    "type": "warning" if told.problem_count else "success",
                    "title": told.display_name,
                    "message": told.result,
                },
            )

    # -- screens ----------------------------------------------------------------------

    def action_open_rows(self):
        """Open the review: what there is by client, what to look at first."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_billing_run_contract_action"
        )
        return action | {
            "name": self.display_name,
            "domain": [("run_id", "=", self.id)],
            "context": {},
        }

    def action_open_statements(self):
        """Open the statements of the run."""
        self.check_access("read")
        return self.row_ids.action_open_statements()

    def action_open_invoices(self):
        """Open the invoices of the run."""
        self.check_access("read")
        return self.row_ids.action_open_invoices()
