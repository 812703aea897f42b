from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .focalist_pricing import PRECISION

PERIOD_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class FocalistContract(models.Model):
    """A client's agreement with one of the dealer's companies: what is billed, when."""

    _name = "focalist.contract"
    _description = "Print Contract"
    _inherit = ["mail.thread", "mail.activity.mixin"]
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
        domain="[('is_focalist_client', '=', True)]",
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
        help="Periods follow the calendar: the first quarter begins in January.",
    )
    pricing_ids = fields.One2many(
        "focalist.pricing", "contract_id", "Prices", copy=True
    )
    pricing_id = fields.Many2one(
        "focalist.pricing", "Present prices", compute="_compute_pricing_id"
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

    @api.depends("partner_id")
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = (
                contract.partner_id.focalist_currency_id
                or contract.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("partner_id")
    def _compute_payer_id(self):
        for contract in self:
            client = contract.partner_id
            contract.payer_id = client.address_get(["invoice"])["invoice"]

    @api.depends(
        "pricing_ids.date_from",
        "pricing_ids.price_mono",
        "pricing_ids.price_color",
        "pricing_ids.price_scan",
    )
    def _compute_pricing_id(self):
        today = fields.Date.context_today(self)
        for contract in self:
            pricing = contract._pricing_at(today)
            contract.pricing_id = pricing
            contract.price_mono = pricing.price_mono
            contract.price_color = pricing.price_color
            contract.price_scan = pricing.price_scan

    @api.depends("member_ids.end_at")
    def _compute_device_count(self):
        counts = dict(
            self.env["focalist.contract.device"]._read_group(
                [("contract_id", "in", self.ids), ("end_at", "=", False)],
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

    @api.constrains("period", "partner_id")
    def _check_nothing_billed(self):
        """What a statement rests on stays, or its period would be another's."""
        billed = self.env["focalist.statement"]._read_group(
            [("contract_id", "in", self.ids), ("state", "!=", "cancel")],
            ["contract_id"],
            ["date_start:array_agg", "partner_id:recordset"],
        )
        for contract, starts, partners in billed:
            if partners != contract.partner_id or any(
                contract._period_of(start)[0] != start for start in starts
            ):
                raise ValidationError(
                    self.env._(
                        "%(contract)s has statements: its client and its periods stay."
                        " Close it and make a new contract.",
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
        return super().write(vals)

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
            if contract.state != "draft" or contract.statement_ids:
                raise UserError(
                    self.env._(
                        "%(contract)s cannot be deleted: its statements rest on it."
                        " Close it instead.",
                        contract=contract.name,
                    )
                )

    # -- periods and prices -----------------------------------------------------------

    def _period_of(self, day):
        """The billing period that a day is in, by the calendar.

        :return: (first day, last day)
        """
        self.ensure_one()
        months = PERIOD_MONTHS[self.period]
        start = day.replace(day=1)
        start -= relativedelta(months=(start.month - 1) % months)
        return start, start + relativedelta(months=months, days=-1)

    def _pricing_at(self, day):
        """The version of the prices that holds on a day; empty where there is none."""
        self.ensure_one()
        return self.pricing_ids.filtered(
            lambda pricing: pricing.date_from and pricing.date_from <= day
        ).sorted("date_from")[-1:]

    def _change_date(self):
        """The first day from which prices may still change.

        That of the present period, or the day after the last one invoiced.
        """
        self.ensure_one()
        start, _end = self._period_of(
            max(fields.Date.context_today(self), self.date_start)
        )
        invoiced = self.statement_ids.filtered(lambda s: s.state == "invoiced")
        ends = invoiced.mapped("date_end")
        return max([start, *(fields.Date.add(end, days=1) for end in ends)])

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
        self.filtered(lambda contract: contract.state == "draft").state = "active"
        self.env["focalist.contract.device"]._join_contracts(self)

    def action_close(self):
        """End the contract; pages until then are billed by a last statement."""
        self._check_accountant()
        today = fields.Date.context_today(self)
        for contract in self.filtered(lambda contract: contract.state == "active"):
            contract.write(
                {
                    "state": "closed",
                    "date_end": contract.date_end or max(today, contract.date_start),
                }
            )

    def action_reopen(self):
        """Take back a closing."""
        self._check_accountant()
        self.filtered(lambda contract: contract.state == "closed").write(
            {"state": "active", "date_end": False}
        )

    def _check_accountant(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "focalist_base.group_focalist_accountant"
        ):
            raise AccessError(
                self.env._("Only accountants activate and close contracts.")
            )

    # -- billing ----------------------------------------------------------------------

    def _bill(self, day):
        """Make the statement of the period that `day` is in, where there is none yet.

        Safe to be called twice and by two at once: the contracts are locked, and what
        is billed already is left out.

        :return: (focalist.statement records made, dict contract -> why it has none)
        """
        self.lock_for_update()
        periods = {contract: contract._period_of(day) for contract in self}
        done = self.env["focalist.statement"].search(
            [("contract_id", "in", self.ids), ("state", "!=", "cancel")]
        )
        billed = {(s.contract_id, s.date_start) for s in done}
        wanted, problems = {}, {}
        for contract, (start, end) in periods.items():
            problem = contract._why_not_billed(start, end, billed)
            if problem:
                problems[contract] = problem
            else:
                wanted[contract] = (start, end)
        lines = self.env["focalist.statement.line"]._measure(wanted)
        for contract in wanted.keys() - lines.keys():
            problems[contract] = self.env._(
                "No device has two readings that this period could lie between."
            )
        statements = self.env["focalist.statement"].create(
            [
                contract._prepare_statement(*wanted[contract], values)
                for contract, values in lines.items()
            ]
        )
        return statements, problems

    def _why_not_billed(self, start, end, billed):
        """Why a period cannot be billed, in a sentence; empty where it can.

        :param set billed: (contract, first day) of the statements that there are
        """
        self.ensure_one()
        if (self, start) in billed:
            return self.env._("This period has its statement already.")
        if self.state == "draft":
            return self.env._("The contract is a draft: activate it first.")
        if end < self.date_start or (self.date_end and start > self.date_end):
            return self.env._("The contract does not hold in this period.")
        if not self._pricing_at(max(start, self.date_start)):
            return self.env._("The contract has no prices for this period.")
        return ""

    def _prepare_statement(self, start, end, lines):
        """Values of a period's statement.

        :param list lines: values of its lines, prices still missing
        """
        self.ensure_one()
        pricing = self._pricing_at(max(start, self.date_start))
        return {
            "contract_id": self.id,
            "pricing_id": pricing.id,
            "date_start": start,
            "date_end": end,
            "line_ids": [
                Command.create(line | {"price_unit": pricing._price(line["meter"])})
                for line in lines
            ],
        }

    def action_open_statements(self):
        """Open the contract's statements."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_statement_action"
        )
        return action | {"domain": [("contract_id", "=", self.id)], "context": {}}

    def action_bill(self):
        """Ask for the month to bill these contracts for."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_billing_run_action"
        )
        return action | {"context": {"default_contract_ids": self.ids}}
