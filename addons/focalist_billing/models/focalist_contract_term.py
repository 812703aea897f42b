from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, split_every

NOTICE = "focalist_billing.mail_activity_type_notice"
END = "focalist_billing.mail_activity_type_end"
BATCH = 200
DAY = timedelta(days=1)


class FocalistContract(models.Model):
    """The contract's term: its end, the notice before it, and what comes after."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        compute="_compute_user_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
        tracking=True,
        domain="[('share', '=', False), ('company_ids', '=', company_id)]",
        help="Who is reminded of notice and end: the client's salesperson, to begin"
        " with.",
    )
    renewal = fields.Selection(
        [("none", "The contract ends"), ("tacit", "It is renewed without notice")],
        "At its end",
        required=True,
        default="none",
        tracking=True,
    )
    renewal_months = fields.Integer(
        "Renewed by months", required=True, default=12, tracking=True
    )
    notice_months = fields.Integer(
        "Months of notice", required=True, default=3, tracking=True
    )
    notice_until = fields.Date(
        "Notice until",
        compute="_compute_notice_until",
        store=True,
        index="btree_not_null",
        help="The last day on which either side can give notice; the day after, the"
        " contract is renewed.",
    )
    notice_given_on = fields.Date(
        "Notice given on", readonly=True, copy=False, tracking=True
    )
    reminder_days = fields.Integer("Remind days before", required=True, default=30)
    # What lists are filtered by, and the cron looks for.
    notice_remind_on = fields.Date(
        compute="_compute_notice_until", store=True, index="btree_not_null"
    )
    end_remind_on = fields.Date(
        compute="_compute_notice_until", store=True, index="btree_not_null"
    )
    notice_reminded = fields.Date(readonly=True, copy=False)
    end_reminded = fields.Date(readonly=True, copy=False)

    _term_numbers = models.Constraint(
        "CHECK (renewal_months > 0 AND notice_months >= 0 AND reminder_days >= 0)",
        "A contract is renewed by one month or more; notice and reminders are not"
        " negative.",
    )

    @api.depends("partner_id")
    def _compute_user_id(self):
        for contract in self:
            person = contract.partner_id.user_id
            contract.user_id = person if not person.share else False

    @api.depends(
        "date_end", "renewal", "notice_months", "notice_given_on", "reminder_days"
    )
    def _compute_notice_until(self):
        for contract in self:
            renewed = contract.renewal == "tacit" and not contract.notice_given_on
            before = timedelta(days=contract.reminder_days)
            end = contract.date_end
            # From the day after, so that it is the end of a month as the end is.
            until = (
                renewed
                and end
                and end + DAY - relativedelta(months=contract.notice_months) - DAY
            )
            contract.notice_until = until
            contract.notice_remind_on = until and until - before
            contract.end_remind_on = end and not renewed and end - before

    def action_give_notice(self):
        """The contract ends as its term does: it is not renewed."""
        self._check_accountant()
        today = fields.Date.context_today(self)
        for contract in self.filtered(lambda c: not c.notice_given_on):
            if not contract.date_end:
                raise UserError(
                    self.env._(
                        "%(contract)s has no end: enter the day on which it ends.",
                        contract=contract.name,
                    )
                )
            contract.sudo().notice_given_on = today
        self.activity_feedback([NOTICE])

    def action_withdraw_notice(self):
        """Take a notice back: the contract is renewed as if there had been none."""
        self._check_accountant()
        self.sudo().notice_given_on = False

    # -- what time brings -------------------------------------------------------------

    @api.model
    def _cron_terms(self):
        """Renew what nobody gave notice of; remind of notices and ends to come."""
        cron = self.env["ir.cron"]
        today = fields.Date.context_today(self)
        # What was stopped with its client goes on, or does not, with that.
        alive = [("state", "=", "active"), ("stopped_on", "=", False)]
        jobs = [
            (self.search([*alive, ("notice_until", "<", today)]), "_renew"),
            (
                self.search(
                    [
                        *alive,
                        ("notice_remind_on", "<=", today),
                        ("notice_until", ">=", today),
                    ]
                ).filtered(lambda c: c.notice_reminded != c.notice_until),
                "_remind_of_notice",
            ),
            (
                self.search(
                    [*alive, ("end_remind_on", "<=", today), ("date_end", ">=", today)]
                ).filtered(lambda c: c.end_reminded != c.date_end),
                "_remind_of_end",
            ),
        ]
        cron._commit_progress(remaining=sum(len(found) for found, _job in jobs))
        for found, job in jobs:
            for some in split_every(BATCH, found.ids, self.browse):
                getattr(some.try_lock_for_update(), job)()
                if not cron._commit_progress(len(some)):
                    return

    def _renew(self):
        """Move the end of these contracts on: nobody gave notice in time."""
        today = fields.Date.context_today(self)
        ends = {}
        for contract in self:
            end, until, terms = contract.date_end, contract.notice_until, 0
            while until < today:
                terms += 1
                months = relativedelta(months=terms * contract.renewal_months)
                end = contract.date_end + DAY + months - DAY
                until = end + DAY - relativedelta(months=contract.notice_months) - DAY
            ends[contract] = end
        notes = {}
        for contract in self:
            contract = contract.with_context(lang=contract.company_id.partner_id.lang)
            notes[contract.id] = contract.env._(
                "Renewed until %(end)s: nobody gave notice until %(until)s.",
                end=format_date(contract.env, ends[contract]),
                until=format_date(contract.env, contract.notice_until),
            )
        by_end = {}
        for contract, end in ends.items():
            by_end.setdefault(end, self.browse())
            by_end[end] += contract
        for end, contracts in by_end.items():
            contracts.write({"date_end": end})
        if notes:
            self._message_log_batch(bodies=notes)
        self.activity_unlink([NOTICE])

    def _remind_of_notice(self):
        """Something to do for who is responsible, until the last day of notice."""
        for contract in self:
            contract.notice_reminded = contract.notice_until
            person, contract = contract._reminded()
            contract.activity_schedule(
                NOTICE,
                date_deadline=contract.notice_until,
                user_id=person.id,
                note=contract.env._(
                    "Without notice until then, the contract of %(client)s is renewed"
                    " by %(months)s months.",
                    client=contract.partner_id.name,
                    months=contract.renewal_months,
                ),
            )

    def _remind_of_end(self):
        """Something to do for who is responsible, until the contract's end."""
        for contract in self:
            contract.end_reminded = contract.date_end
            person, contract = contract._reminded()
            contract.activity_schedule(
                END,
                date_deadline=contract.date_end,
                user_id=person.id,
                note=contract.env._(
                    "The contract of %(client)s ends then: its devices are billed for"
                    " the last time.",
                    client=contract.partner_id.name,
                ),
            )

    def _reminded(self):
        """Who is reminded, and the contract in that one's language."""
        self.ensure_one()
        person = self.user_id if self.user_id.active else self._accountant()
        return person, self.with_context(lang=person.lang)
