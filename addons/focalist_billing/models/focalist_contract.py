from datetime import datetime, time, timedelta
from fractions import Fraction

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..tools.precision import PRECISION
from ..tools.presence import Presence, together

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

    # -- time and place ---------------------------------------------------------------

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


def _local_day(moment, zone):
    """The day of a moment, naive UTC, by the clock of a time zone."""
    return pytz.utc.localize(moment).astimezone(zone).date()
