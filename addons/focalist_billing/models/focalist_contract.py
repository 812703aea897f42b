import logging
from datetime import datetime, time, timedelta
from fractions import Fraction

import psycopg2
import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, groupby

from ..tools.billed_meters import DEFAULT_TYPE
from ..tools.precision import PRECISION
from ..tools.presence import Presence, together

_logger = logging.getLogger(__name__)

PERIOD_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class FocalistContract(models.Model):
    """A client's agreement with one of the dealer's companies: what is billed, when."""

    _name = "focalist.contract"
    _description = "Print Contract"
    _inherit = ["focalist.guarded.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "partner_id, date_start desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "partner_id.name", "partner_id.focalist_prefix"]

    name = fields.Char(
        required=True,
        copy=False,
        default=lambda self: self.env._("New"),
        tracking=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        domain="[('is_focalist_client', '=', True),"
        " ('focalist_company_id', 'in', allowed_company_ids)]",
    )
    client_reference = fields.Char(
        tracking=True,
        help="The client's order or agreement: what its invoices refer to.",
    )
    company_id = fields.Many2one(
        related="partner_id.focalist_company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    payer_id = fields.Many2one(
        "res.partner",
        "Invoice to",
        required=True,
        compute="_compute_payer_id",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
        help="Who receives the invoices: the client's invoice address if it has one.",
    )
    fee_payer_id = fields.Many2one(
        "res.partner",
        "Fixed fees to",
        tracking=True,
        help="Who receives the invoices of fixed fees, a leasing company perhaps;"
        " empty: whoever receives those of pages.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("closed", "Closed")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    date_start = fields.Date(
        "Start",
        required=True,
        tracking=True,
        default=lambda self: fields.Date.start_of(
            fields.Date.context_today(self), "month"
        ),
    )
    date_end = fields.Date("End", copy=False, tracking=True)
    stopped_on = fields.Date(
        "Stopped on",
        readonly=True,
        copy=False,
        help="The end that the contract got as its client was deactivated.",
    )
    planned_end = fields.Date(
        "Planned end",
        readonly=True,
        copy=False,
        help="The end that comes back when the client is reactivated.",
    )
    period = fields.Selection(
        [
            ("month", "Monthly"),
            ("quarter", "Quarterly"),
            ("half_year", "Half-yearly"),
            ("year", "Yearly"),
        ],
        "Billed",
        required=True,
        default="month",
        tracking=True,
    )
    fee_period = fields.Selection(
        selection=lambda self: self._fields["period"]._description_selection(self.env),
        string="Fixed fees",
        required=True,
        compute="_compute_fee_period",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
        help="How often fixed fees are billed.",
    )
    anchor = fields.Selection(
        [("calendar", "The calendar"), ("contract", "The contract's start")],
        "Periods follow",
        required=True,
        default="calendar",
        tracking=True,
        help="By the calendar the first quarter begins in January; else on the day on"
        " which the contract begins.",
    )
    lines_by_site = fields.Boolean(
        "Lines for each site",
        tracking=True,
        help="Invoices have lines of their own for each site. Tiers have not: their"
        " pages are counted over all sites together.",
    )
    bill_sheets = fields.Boolean(
        "Bill sheets as pages",
        tracking=True,
        help="Some printers count sheets of paper, not printed sides. Without this,"
        " such a meter is not billed.",
    )
    tolerance_days = fields.Integer(
        "Tolerance of readings",
        default=7,
        tracking=True,
        help="A reading closes a period that is from so many days before its end to as"
        " many after it. Else the last one in the period bills what it can, and the"
        " device is not read for the rest.",
    )
    pricing_ids = fields.One2many(
        "focalist.pricing", "contract_id", "Prices", copy=True
    )
    pricing_id = fields.Many2one(
        "focalist.pricing", "Present prices", compute="_compute_pricing_id"
    )
    pricing_model = fields.Selection(
        lambda self: (
            self.env["focalist.pricing"]
            ._fields["model"]
            ._description_selection(self.env)
        ),
        compute="_compute_pricing_id",
    )
    price_mono = fields.Float(
        "Mono page", digits=PRECISION, compute="_compute_pricing_id"
    )
    price_color = fields.Float(
        "Colour page", digits=PRECISION, compute="_compute_pricing_id"
    )
    price_scan = fields.Float(
        "Scanned page", digits=PRECISION, compute="_compute_pricing_id"
    )
    member_ids = fields.One2many("focalist.contract.device", "contract_id", "Devices")
    device_count = fields.Integer(compute="_compute_device_count")
    statement_ids = fields.One2many("focalist.statement", "contract_id")
    statement_count = fields.Integer(compute="_compute_statement_count")

    _dates = models.Constraint(
        "CHECK (date_end IS NULL OR date_end >= date_start)",
        "A contract ends after its start.",
    )
    _tolerance = models.Constraint(
        "CHECK (tolerance_days BETWEEN 0 AND 31)",
        "Readings are tolerated up to 31 days from the end of a period.",
    )

    @api.depends("partner_id")
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = (
                contract.partner_id.focalist_currency_id
                or contract.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("period")
    def _compute_fee_period(self):
        for contract in self:
            contract.fee_period = contract.period

    @api.depends("partner_id")
    def _compute_payer_id(self):
        for contract in self:
            # On a form the client is a shadow of its record, which finds any contact.
            client = contract.partner_id._origin
            contract.payer_id = client.address_get(["invoice"])["invoice"]

    @api.depends(
        "pricing_ids.date_from",
        "pricing_ids.model",
        "pricing_ids.price_mono",
        "pricing_ids.price_color",
        "pricing_ids.price_scan",
    )
    def _compute_pricing_id(self):
        today = fields.Date.context_today(self)
        for contract in self:
            pricing = contract._pricing_at(today)
            contract.pricing_id = pricing
            contract.pricing_model = pricing.model
            contract.price_mono = pricing.price_mono
            contract.price_color = pricing.price_color
            contract.price_scan = pricing.price_scan

    @api.model
    def _present_members(self):
        """The devices in contracts now: also where the contract's end is planned."""
        return Domain("end_at", "=", False) | Domain(
            "end_at", ">", fields.Datetime.now()
        )

    @api.depends("member_ids.end_at")
    def _compute_device_count(self):
        counts = dict(
            self.env["focalist.contract.device"]._read_group(
                Domain("contract_id", "in", self.ids) & self._present_members(),
                ["contract_id"],
                ["__count"],
            )
        )
        for contract in self:
            contract.device_count = counts.get(contract, 0)

    @api.depends("statement_ids")
    def _compute_statement_count(self):
        counts = dict(
            self.env["focalist.statement"]._read_group(
                [("contract_id", "in", self.ids)], ["contract_id"], ["__count"]
            )
        )
        for contract in self:
            contract.statement_count = counts.get(contract, 0)

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for contract in self:
            client = contract.partner_id.name
            contract.display_name = (
                f"{contract.name}, {client}" if client else contract.name
            )

    @api.constrains("period", "fee_period", "anchor", "partner_id", "date_start")
    def _check_nothing_billed(self):
        """What a statement rests on stays, or its period would be another's."""
        for statement in self.env["focalist.statement"].search(
            [("contract_id", "in", self.ids), ("cancelled", "=", False)]
        ):
            contract = statement.contract_id
            period = statement.date_start, statement.date_end
            if (
                statement.partner_id != contract.partner_id
                or contract._period_of(statement.date_start, statement.charge) != period
                or statement.service_start
                != max(statement.date_start, contract.date_start)
            ):
                raise ValidationError(
                    self.env._(
                        "%(contract)s has statements: its client, start and periods"
                        " stay. Close it and make a new contract.",
                        contract=contract.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_clients({vals.get("partner_id") for vals in vals_list})
        for vals in vals_list:
            if not vals.get("name") or vals["name"] == self.env._("New"):
                vals["name"] = self.env["ir.sequence"].next_by_code("focalist.contract")
        return super().create(vals_list)

    def write(self, vals):
        if "partner_id" in vals:
            self._check_clients({vals["partner_id"]})
        moving = self.env["focalist.pricing"]
        if "date_start" in vals:
            moving = self._first_prices()
        members = self.env["focalist.contract.device"].sudo()
        ended = members
        if "date_end" in vals:
            for contract in self.sudo().filtered("date_end"):
                end = contract._end_at()
                ended += contract.member_ids.filtered(lambda m, e=end: m.end_at == e)
        result = super().write(vals)
        if moving:
            moving.date_from = vals["date_start"]
        if vals.keys() & {"date_end", "state"}:
            ended._stay_on()
            members._end_with(self.sudo())
        return result

    def _first_prices(self):
        """The prices that begin with a draft: they begin with it still if it moves."""
        return self.filtered(
            lambda contract: contract.state == "draft"
        ).pricing_ids.filtered(
            lambda pricing: pricing.date_from == pricing.contract_id.date_start
        )

    @api.model
    def _check_clients(self, partner_ids):
        """Only a client has a dealer's company, which a contract is with."""
        for partner in self.env["res.partner"].browse(filter(None, partner_ids)):
            if not partner.is_focalist_client:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is not a client yet: tick Focalist client on its"
                        " form first.",
                        partner=partner.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_draft_only(self):
        for contract in self:
            if contract.state == "closed":
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be deleted: it is closed, and kept.",
                        contract=contract.name,
                    )
                )
            if contract.statement_ids:
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be deleted: its statements rest on it."
                        " Close it instead.",
                        contract=contract.name,
                    )
                )
            if contract.state != "draft":
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be deleted: it is active. Close it"
                        " instead.",
                        contract=contract.name,
                    )
                )

    # -- periods and prices -----------------------------------------------------------

    def _period_of(self, day, charge="pages"):
        """The billing period of a charge that a day is in.

        By the calendar, or counted from the contract's start.

        :return: (first day, last day)
        """
        return self._period_around(day, self._period_months(charge))

    def _period_around(self, day, months):
        """The time of so many months that a day is in, as periods are counted."""
        self.ensure_one()
        origin = self.date_start if self.anchor == "contract" else day.replace(1, 1, 1)
        count = (day.year - origin.year) * 12 + day.month - origin.month
        if origin + relativedelta(months=count) > day:
            count -= 1
        count -= count % months
        # From the origin, so that the 31st of one month is not the 28th of the next.
        return (
            origin + relativedelta(months=count),
            origin + relativedelta(months=count + months) - timedelta(days=1),
        )

    def _period_months(self, charge):
        return PERIOD_MONTHS[self.period if charge == "pages" else self.fee_period]

    def _pricing_at(self, day):
        """The version of the prices that holds on a day; empty where there is none."""
        self.ensure_one()
        return self.pricing_ids.filtered(
            lambda pricing: pricing.date_from and pricing.date_from <= day
        ).sorted("date_from")[-1:]

    def _months(self, start, end, charge="pages"):
        """How many months a part of a period is, by its days: a Fraction.

        :param start, end: first and last day, both in one period
        """
        self.ensure_one()
        first, last = self._period_of(start, charge)
        days = Fraction((end - start).days + 1, (last - first).days + 1)
        return self._period_months(charge) * days

    def _presence(self, start, end):
        """How much of a time each device was in the contract, by its days.

        :return: dict device id -> Fraction of the days
        """
        return {
            device: stay.share for device, stay in self._presences(start, end).items()
        }

    def _presences(self, start, end):
        """When each device was in the contract within a time, by its days.

        The day on which a device joins counts, that on which it leaves does not.

        :return: dict device id -> Presence
        """
        self.ensure_one()
        stays = []
        for member in self.member_ids:
            joined, left = start, end + timedelta(days=1)
            # A day is no more than a day off by any clock: most members are not asked.
            if member.start_at.date() >= start - timedelta(days=1):
                joined = max(_local_day(member.start_at, self._zone()), start)
            if member.end_at and member.end_at.date() <= left:
                left = min(_local_day(member.end_at, self._zone()), left)
            if left > joined:
                stay = Presence.between(start, end, joined, left)
                stays.append((member.device_id.id, stay))
        return together(stays)

    def _drafts(self):
        """The statements of these contracts that are not invoiced."""
        return self.statement_ids.filtered(lambda s: s.state in ("draft", "empty"))

    def _price_drafts(self):
        """Let statements that are not invoiced follow a change of prices."""
        self.invalidate_recordset(["pricing_ids"])
        self._drafts()._take_prices()

    def _change_date(self):
        """The first day from which prices may still change.

        That of the present period, or the day after the last one invoiced.
        """
        self.ensure_one()
        start, _end = self._period_of(
            max(fields.Date.context_today(self), self.date_start)
        )
        invoiced = self.statement_ids.filtered(
            lambda s: s.state == "invoiced" and s.charge != "advance"
        )
        ends = invoiced.mapped("date_end")
        return max([start, *(fields.Date.add(end, days=1) for end in ends)])

    def action_change_prices(self):
        """Open the prices that may be changed now: from the present period on.

        The version of that time where there is one, else a new one that begins with
        the values of the one before it. Nothing is stored before it is saved.
        """
        self.check_access("read")
        self.ensure_one()
        start = self._change_date() if self.pricing_ids else self.date_start
        version = self.pricing_ids.filtered(lambda pricing: pricing.date_from == start)
        if self.state == "draft":
            version = self.pricing_ids[:1]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Prices of %(contract)s", contract=self.display_name),
            "res_model": "focalist.pricing",
            "res_id": version.id,
            "views": [(False, "form")],
            "context": {
                "default_contract_id": self.id,
                "default_date_from": start,
                "focalist_draft_start": self.state == "draft" and self.date_start,
            },
        }

    # -- life -------------------------------------------------------------------------

    def action_activate(self):
        """Bill the contract from its start on; the client's devices join it."""
        self._check_accountant()
        for contract in self:
            if not contract.pricing_ids:
                raise UserError(
                    self.env._(
                        "Enter the prices of %(contract)s first.",
                        contract=contract.name,
                    )
                )
        self.filtered(
            lambda contract: contract.state == "draft"
        ).sudo().state = "active"
        self.env["focalist.contract.device"]._join_contracts(self)

    def action_close(self):
        """End the contract; pages until then are billed by a last statement."""
        self._check_accountant()
        today = fields.Date.context_today(self)
        for contract in self.filtered(lambda contract: contract.state == "active"):
            contract.sudo().write(
                {
                    "state": "closed",
                    "date_end": contract.date_end or max(today, contract.date_start),
                }
            )

    def action_reopen(self):
        """Take back a closing; an end that was planned for later stays."""
        self._check_accountant()
        today = fields.Date.context_today(self)
        for contract in self.filtered(lambda contract: contract.state == "closed"):
            planned = contract.date_end and contract.date_end > today
            contract.sudo().write(
                {
                    "state": "active",
                    "date_end": contract.date_end if planned else False,
                }
            )

    def _stop_with_client(self):
        """End these contracts as their client is deactivated: one last statement."""
        today = fields.Date.context_today(self)
        for contract in self.filtered(
            lambda contract: (
                contract.state != "draft"
                and (not contract.date_end or contract.date_end > today)
            )
        ):
            last = max(today, contract.date_start)
            contract.write(
                {
                    "planned_end": contract.date_end,
                    "stopped_on": last,
                    "date_end": last,
                }
            )

    def _go_on_with_client(self):
        """Take that end back; one that somebody changed since stays."""
        for contract in self.filtered("stopped_on"):
            vals = {"stopped_on": False, "planned_end": False}
            if contract.date_end == contract.stopped_on:
                vals["date_end"] = contract.planned_end
            contract.write(vals)

    def _check_accountant(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "focalist_base.group_focalist_accountant"
        ):
            raise AccessError(
                self.env._("Only accountants activate and close contracts.")
            )

    # -- billing ----------------------------------------------------------------------

    def _end_at(self):
        """When the contract's last day is over by its main site's clock: naive UTC."""
        self.ensure_one()
        midnight = datetime.combine(self.date_end + timedelta(days=1), time())
        local = self._zone().localize(midnight)
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _until(self, moment):
        """The moment or the contract's end, whichever is first; False where none is."""
        end = self.date_end and self._end_at()
        return min(filter(None, [moment, end]), default=False)

    def _zone(self):
        """The time zone of the client's main site."""
        self.ensure_one()
        main = self.partner_id.focalist_site_ids.sorted("is_main", reverse=True)[:1]
        return pytz.timezone(main.tz or "UTC")

    def _due_on(self, day, charge="pages"):
        """When the period that `day` is in can be billed: its last day in force.

        In advance, its first one.
        """
        self.ensure_one()
        start, end = self._period_of(day, charge)
        if charge == "advance":
            return max(start, self.date_start)
        return min(end, self.date_end or end)

    def _day_due_in(self, first, last, charge="pages"):
        """A day of the last period that can be billed between two days.

        :return: date, or None where no period of the charge is due then
        """
        self.ensure_one()
        return next(
            (
                day
                for day in (last, first)
                if first <= self._due_on(day, charge) <= last
            ),
            None,
        )

    def _bill(self, day):
        """Make the statements of the periods that `day` is in, where there are none.

        Periods before it that were left out since the last statement are billed first:
        pages stay in their period, at its prices. Safe to be called twice and by two at
        once: the contracts are locked, and what is billed already is left out. A
        contract that cannot be billed holds up no other.

        :return: (focalist.statement records made, dict contract -> why its period has
            no new statement)
        """
        return self._bill_charges(lambda contract, charge: day)

    def _due_in_month(self, first, last, charge):
        """A day of the period of a charge that is due in a month; None where none is.

        Fees in advance until the day after: a run for October, made in November,
        charges November's.

        :param first, last: the days of the month
        """
        until = last + timedelta(days=1) if charge == "advance" else last
        if self.date_start > until:
            return None
        return self._day_due_in(first, until, charge)

    def _bill_month(self, first, last):
        """Make the statements that are due in a month; see `_bill`."""
        made, problems = self._bill_charges(
            lambda contract, charge: contract._due_in_month(first, last, charge)
        )
        for contract in self - made.contract_id - self.browse().union(*problems):
            problems[contract] = self._told_not_due()
        return made, problems

    @api.model
    def _told_not_due(self):
        return self.env._("Nothing of it is due in this month.")

    @api.model
    def _told_billed(self):
        return self.env._("This period has its statement already.")

    @api.model
    def _is_no_problem(self, message):
        """Whether that a contract was not billed may only mean that it was before."""
        return message in (self._told_billed(), self._told_not_due())

    def _bill_charges(self, day):
        """Make the statements of each kind of charge; see `_bill`.

        :param day: callable(contract, charge) -> a day of the period to bill, or None
        """
        self.lock_for_update()
        made, reasons, unbilled = self._bill_charge("pages", day)
        problems = reasons | unbilled
        for charge in ("fees", "advance", "true_up"):
            with_fees = self.filtered(lambda c, charge=charge: c._has_fees(charge))
            if charge == "fees":
                with_fees |= self.browse().union(*self._fees_to_settle())
            if charge == "true_up":
                # Pages that could not be billed are not missing ones.
                with_fees -= self.browse().union(*unbilled)
            # That they are not due yet is told of pages, and not once more.
            statements, _reasons, failures = with_fees._bill_charge(charge, day)
            made += statements
            problems |= failures
        return made, problems

    def _has_fees(self, charge):
        """Whether any version of the prices has fees of this kind."""
        return bool(self._fee_versions(charge))

    def _fee_versions(self, charge):
        """The versions of the prices that have fees of this kind, the newest first."""
        self.ensure_one()
        in_advance = charge == "advance"
        return self.pricing_ids.filtered(
            lambda pricing: any(fee.in_advance == in_advance for fee in pricing.fee_ids)
        ).sorted("date_from", reverse=True)

    def _bill_charge(self, charge, day):
        """Make the statements of one kind of charge; see `_bill_charges`.

        :return: (statements, dict contract -> why it has none, dict contract -> what
            went wrong with one)
        """
        billed = dict(
            self.env["focalist.statement"]._read_group(
                [
                    ("contract_id", "in", self.ids),
                    ("charge", "=", charge),
                    ("cancelled", "=", False),
                ],
                ["contract_id"],
                ["date_start:array_agg"],
            )
        )
        asked, reasons, failures = {}, {}, {}
        for contract in self:
            done = set(billed.get(contract, ())) - contract._reopened(charge)
            wanted = day(contract, charge)
            if not wanted:
                continue
            reason = contract._why_not_billed(charge, wanted, done)
            if reason:
                reasons[contract] = reason
            else:
                asked[contract] = wanted, done
        waiting = self._periods_to_bill(charge, asked)
        made = self.env["focalist.statement"]
        while waiting:
            step = {contract: periods.pop(0) for contract, periods in waiting.items()}
            statements, failed = self._make_statements(charge, step)
            made += statements
            failures |= failed
            for contract in step.keys() - failed.keys() - set(statements.contract_id):
                if not waiting[contract]:
                    reasons[contract] = self.env._(
                        "No device has two readings that this period could lie between."
                    )
            waiting = {
                contract: periods
                for contract, periods in waiting.items()
                if periods and contract not in failures
            }
        return made, reasons, failures

    def _why_not_billed(self, charge, day, done):
        """Why a period cannot be billed, in a sentence; empty where it can.

        :param set done: first days of the periods that have their statement
        """
        self.ensure_one()
        start, end = self._period_of(day, charge)
        due = self._due_on(day, charge)
        if start in done:
            return self._told_billed()
        if self.state == "draft":
            return self.env._("The contract is a draft: activate it first.")
        if end < self.date_start or (self.date_end and start > self.date_end):
            return self.env._("The contract does not hold in this period.")
        if due > fields.Date.context_today(self):
            return self.env._(
                "This period ends on %(date)s: bill it then, or close the contract.",
                date=format_date(self.env, due),
            )
        if not self._pricing_at(max(start, self.date_start)):
            return self.env._("The contract has no prices for this period.")
        return ""

    @api.model
    def _periods_to_bill(self, charge, asked):
        """The periods to bill of each contract; those without any are left out.

        :param dict asked: contract -> (day, first days that have their statement)
        :return: dict contract -> list of (first day, last day)
        """
        found = {
            contract: contract._periods_until(charge, day, done)
            for contract, (day, done) in asked.items()
        }
        return {contract: periods for contract, periods in found.items() if periods}

    def _periods_until(self, charge, day, done):
        """The periods to bill: those skipped since the last bill, then that of `day`.

        Fees that were never billed, from the first prices that have them on.

        :param set done: first days of the periods that have their statement
        """
        self.ensure_one()
        periods = [self._period_of(day, charge)]
        since = max((start for start in done if start < periods[0][0]), default=None)
        if since:
            _start, since = self._period_of(since, charge)
        elif charge != "pages":
            first = self._fee_versions(charge)[-1].date_from
            since = max(first, self.date_start) - timedelta(days=1)
        while since and periods[0][0] > since + timedelta(days=1):
            periods.insert(
                0, self._period_of(periods[0][0] - timedelta(days=1), charge)
            )
        return periods

    @api.model
    def _make_statements(self, charge, periods):
        """Make the statements of these periods; one that fails holds up no other.

        :param str charge: a value of focalist.statement's field
        :param dict periods: contract -> (first day, last day)
        :return: (focalist.statement records, dict contract -> what went wrong)
        """
        parts = self._statement_parts(charge, periods)

        def make(parts):
            # The run's rights were checked; its records are written by nobody's hand.
            statements = self.env["focalist.statement"].sudo()
            # That it was made is no news in its chatter: its run says so.
            made = statements.with_context(mail_create_nolog=True).create(
                [
                    contract._prepare_statement(*periods[contract], charge) | values
                    for contract, values, _lines in parts
                ]
            )
            statements = statements.browse(made.ids)
            statements._rate(
                {
                    statement: lines
                    for (_contract, _values, lines), statement in zip(
                        parts, statements, strict=True
                    )
                }
            )
            return statements.sudo(False)

        failures = {}
        try:
            with self.env.cr.savepoint():
                return make(parts), failures
        except (UserError, psycopg2.IntegrityError, psycopg2.DataError):
            _logger.info("A statement cannot be made; making them one by one.")
        made = self.env["focalist.statement"]
        for contract, some in groupby(parts, lambda part: part[0]):
            try:
                with self.env.cr.savepoint():
                    statements = make(some)
                made += statements
            except UserError as error:
                failures[contract] = str(error)
            except (psycopg2.IntegrityError, psycopg2.DataError):
                failures[contract] = self.env._(
                    "Its readings do not fit together: look for a meter that jumped, or"
                    " for another statement of the same pages."
                )
        return made, failures

    def _prepare_statement(self, start, end, charge="pages"):
        """Values of a period's statement, what it charges not among them."""
        self.ensure_one()
        pricing = self._pricing_at(max(start, self.date_start))
        return {
            "contract_id": self.id,
            "charge": charge,
            "pricing_id": pricing.id,
            "meter_type": pricing.meter_type or DEFAULT_TYPE,
            "date_start": start,
            "date_end": end,
            "service_start": max(start, self.date_start),
            "service_end": min(end, self.date_end or end),
        }

    def _devices_outside(self):
        """The active devices of these contracts' clients that are in no contract.

        :return: dict partner -> focalist.device records
        """
        devices = self.env["focalist.device"].search(
            [
                # Of a deactivated client nothing is to be billed.
                ("partner_id", "in", self.partner_id.filtered("focalist_active").ids),
                ("state", "=", "active"),
            ]
        )
        inside = (
            self.env["focalist.contract.device"]
            .search(Domain("device_id", "in", devices.ids) & self._present_members())
            .device_id
        )
        return (devices - inside).grouped("partner_id")

    def action_open_statements(self):
        """Open the contract's statements."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_statement_action"
        )
        return action | {"domain": [("contract_id", "=", self.id)], "context": {}}

    def action_bill(self):
        """Begin a billing run of these contracts; its month is asked for."""
        self.check_access("read")
        if len(self.company_id) > 1:
            raise UserError(
                self.env._(
                    "A billing run is one company's: choose contracts of one company."
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_billing_run_action"
        )
        return action | {
            "views": [(False, "form")],
            "context": {
                "default_contract_ids": self.ids,
                "default_company_id": self.company_id.id,
            },
        }


def _local_day(moment, zone):
    """The day of a moment, naive UTC, by the clock of a time zone."""
    return pytz.utc.localize(moment).astimezone(zone).date()
