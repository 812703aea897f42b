from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Date
from odoo.tools import format_date

from ..tools.billed_meters import DEFAULT_TYPE, TYPES
from ..tools.rating import Prices, Rates, Usage, rate

#: The pages of the manual's example of tiers, to begin with.
EXAMPLE_MONO, EXAMPLE_COLOR = 13207, 11216


class FocalistPricing(models.Model):
    """One version of a contract's prices: it holds from a date until the next one.

    There are four models, and nobody makes a fifth: a user picks one, and its values.
    """

    _name = "focalist.pricing"
    _description = "Prices of a Contract"
    _inherit = ["focalist.price.mixin"]
    _order = "contract_id, date_from desc"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "focalist.contract",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    partner_id = fields.Many2one(related="contract_id.partner_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date_from = fields.Date(
        "Valid from",
        required=True,
        default=lambda self: self._default_date_from(),
        help="The first day of a billing period. Periods before it keep their prices.",
    )
    model = fields.Selection(
        [
            ("simple", "Simple"),
            ("device", "By device model"),
            ("tiered", "Tiers of total pages"),
            ("supply", "Per supply"),
        ],
        "Pricing model",
        required=True,
        default="simple",
    )
    meter_type = fields.Selection(
        [
            ("total", "Total only"),
            ("mono_color", "Mono and colour"),
            ("mono_color_scan", "Mono, colour and scan"),
            ("function", "By function: print, copy, fax, scan"),
            ("format", "By format: A4, A3"),
        ],
        "Type",
        required=True,
        default=DEFAULT_TYPE,
        help="Which meters are read for the bill, and have a price.",
    )
    has_allowance = fields.Boolean(
        "Pages included",
        help="So many pages of each device and month cost nothing; those beyond them"
        " cost the prices here.",
    )
    missing = fields.Selection(
        [
            ("wait", "Bill it once it is read"),
            ("estimate", "Estimate it from its daily average"),
            ("ask", "Let a person type its meters"),
        ],
        "A device is not read",
        required=True,
        default="wait",
        help="Where no reading closes a period. An estimate is the average of the last"
        " three months, and is corrected when the device is read again.",
    )
    a3_factor = fields.Integer(
        "An A3 page is",
        help="A3 pages cost so many times an A4 page; 0: they have a price of their"
        " own.",
    )
    override_ids = fields.One2many(
        "focalist.pricing.override", "pricing_id", "Other prices", copy=True
    )
    add_manufacturer_id = fields.Many2one(
        "focalist.manufacturer", "Manufacturer", store=False
    )
    add_model_ids = fields.Many2many(
        "focalist.device.model",
        string="Device models",
        store=False,
        help="Each gets a line below, with the default prices to begin with.",
    )
    pool_ids = fields.One2many(
        "focalist.pool", "pricing_id", "Shared included pages", copy=True
    )
    tier_ids = fields.One2many(
        "focalist.pricing.tier", "pricing_id", "Tiers", copy=True
    )
    supply_ids = fields.One2many(
        "focalist.pricing.supply", "pricing_id", "Supplies", copy=True
    )
    fee_ids = fields.One2many(
        "focalist.pricing.fee", "pricing_id", "Fixed fees", copy=True
    )
    tiers_by = fields.Selection(
        [
            ("month", "Pages of a month: a quarter has three times as many"),
            ("period", "Pages of a billing period, however long"),
        ],
        "Tiers count",
        required=True,
        default="month",
    )
    example_mono = fields.Integer(
        "Example: mono pages",
        compute="_compute_example_pages",
        readonly=False,
        help="Try the tiers: nothing of it is kept.",
    )
    example_color = fields.Integer(
        "Example: colour pages", compute="_compute_example_pages", readonly=False
    )
    example = fields.Json(compute="_compute_example")
    statement_ids = fields.One2many("focalist.statement", "pricing_id")

    _date_uniq = models.UniqueIndex(
        "(contract_id, date_from)", "The contract has prices from this date already."
    )
    _a3_factor_not_negative = models.Constraint(
        "CHECK (a3_factor >= 0)", "An A3 page is no less than nothing."
    )

    @api.depends("date_from")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for pricing in self:
            pricing.display_name = self.env._(
                "Prices from %(date)s", date=format_date(self.env, pricing.date_from)
            )

    @api.model
    def _default_date_from(self):
        # A contract that is still on the form has no prices to ask for.
        start = self.env.context.get("focalist_draft_start")
        if start:
            return start
        contract = self.env["focalist.contract"].browse(
            self.env.context.get("default_contract_id")
        )
        if contract.pricing_ids:
            return contract._change_date()
        return contract.date_start or fields.Date.start_of(
            fields.Date.context_today(self), "month"
        )

    @api.depends("model")
    def _compute_example_pages(self):
        self.example_mono, self.example_color = EXAMPLE_MONO, EXAMPLE_COLOR

    @api.depends(
        "tier_ids.kind",
        "tier_ids.page_from",
        "tier_ids.price",
        "example_mono",
        "example_color",
    )
    def _compute_example(self):
        """The bill of one month with these tiers: list of dict(kind, rows, amount)."""
        for pricing in self:
            tiers = pricing.tier_ids.filtered("page_from")._tiers()
            pages = {
                "total": pricing.example_mono + pricing.example_color,
                "mono": pricing.example_mono,
                "color": pricing.example_color,
            }
            titles = dict(tiers and pricing.tier_ids._kinds())
            pricing.example = [
                pricing._example_of(kind, titles[kind], pages[kind], tiers)
                for kind in pages
                if kind in tiers
            ]

    def _example_of(self, kind, title, pages, tiers):
        usage = Usage(kind, None, kind, max(pages, 0))
        _shares, charges = rate([usage], Prices(self._rates((), False), tiers=tiers))
        rows = [
            {
                "first": charge.tier.first,
                "last": charge.tier.last,
                "pages": charge.quantity,
                "price": charge.price,
                "amount": charge.quantity * charge.price,
            }
            for charge in charges
        ]
        amount = sum(row["amount"] for row in rows)
        return {"kind": kind, "title": title, "rows": rows, "amount": amount}

    @api.onchange("add_model_ids")
    def _onchange_add_model_ids(self):
        """Several models at a time; nothing is stored before the prices are saved."""
        values = self._rate_values()
        priced = self.override_ids.filtered(lambda other: not other.device_id).model_id
        for model in self.add_model_ids._origin - priced._origin:
            self.override_ids += self.override_ids.new({"model_id": model.id, **values})
        self.add_model_ids = False

    @api.onchange("model")
    def _onchange_model(self):
        """Supplies that were detected already are there to get their prices."""
        if self.model == "supply":
            devices = self.contract_id.member_ids.filtered_domain(
                self.contract_id._present_members()
            ).device_id
            lines = self.supply_ids
            for model in devices.supply_ids.supply_model_id - lines.supply_model_id:
                lines += lines.new({"supply_model_id": model._origin.id})
            self.supply_ids = lines

    @api.constrains("date_from", "contract_id")
    def _check_date_from(self):
        for pricing in self:
            contract = pricing.contract_id
            start, _end = contract._period_of(pricing.date_from)
            if pricing.date_from not in (start, contract.date_start):
                raise ValidationError(
                    self.env._(
                        "Prices change with a billing period: from %(start)s, not from"
                        " %(date)s.",
                        start=format_date(self.env, start),
                        date=format_date(self.env, pricing.date_from),
                    )
                )
            later = pricing.contract_id.statement_ids.filtered(
                lambda s, p=pricing: (
                    s.state == "invoiced"
                    # What was charged in advance stays; pages may change yet.
                    and s.charge != "advance"
                    and s.date_end >= p.date_from
                    and s.pricing_id != p
                )
            )
            if later:
                raise ValidationError(
                    self.env._(
                        "%(statement)s of that time is invoiced: its prices stay. New"
                        " prices hold from %(date)s at the earliest.",
                        statement=later[0].name,
                        date=format_date(self.env, contract._change_date()),
                    )
                )

    @api.constrains("model", "meter_type", "tier_ids")
    def _check_tiers(self):
        for pricing in self.filtered(lambda pricing: pricing.model == "tiered"):
            problem = pricing._tiers_problem()
            if problem:
                raise ValidationError(problem)

    def _tiers_problem(self):
        """What is wrong with the tiers, in a sentence; empty where nothing is."""
        self.ensure_one()
        tiers = self.tier_ids._tiers()
        expected = {"total"} if self.meter_type == "total" else {"mono", "color"}
        titles = dict(self.tier_ids._kinds())
        for kind in sorted(expected - tiers.keys()):
            return self.env._("There are no tiers for: %(kind)s.", kind=titles[kind])
        for kind in sorted(tiers):
            if kind not in expected:
                return self.env._(
                    "The Type of these prices has no pages for the tiers of:"
                    " %(kind)s. Delete them.",
                    kind=titles[kind],
                )
            if tiers[kind][0].first != 1:
                return self.env._(
                    "The first tier of %(kind)s begins with page %(page)s: the pages"
                    " before it would have no price. Let it begin with page 1.",
                    kind=titles[kind],
                    page=tiers[kind][0].first,
                )
        return ""

    @api.model
    def default_get(self, fields):
        """A new version begins with the values of the one before it."""
        defaults = super().default_get(fields)
        contract = self.env["focalist.contract"].browse(
            self.env.context.get("default_contract_id")
        )
        # Not one that is announced for later.
        day = self.env.context.get("default_date_from")
        present = contract and day and contract._pricing_at(Date.to_date(day))
        present = present or contract.pricing_ids[:1]
        if present:
            # Without the contract, a copy asks for defaults that are nobody's.
            [values] = present.with_context(default_contract_id=False).copy_data()
            defaults |= {
                name: value
                for name, value in values.items()
                if name in fields and name not in ("contract_id", "date_from")
            }
        return defaults

    def write(self, vals):
        """Prices of a period that was invoiced stay; drafts follow."""
        if "contract_id" in vals and any(
            pricing.contract_id.id != vals["contract_id"] for pricing in self
        ):
            raise UserError(self.env._("Prices stay with their contract."))
        self._check_not_invoiced()
        result = super().write(vals)
        self.contract_id._price_drafts()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        versions = super().create(vals_list)
        versions.contract_id._price_drafts()
        return versions

    def unlink(self):
        """Drafts go back to the version before."""
        contracts = self.contract_id
        drafts = contracts._drafts()
        drafts.sudo().pricing_id = False
        result = super().unlink()
        contracts._price_drafts()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_not_invoiced(self):
        self._check_not_invoiced()

    def _check_not_invoiced(self):
        for pricing in self:
            if statement := pricing._invoiced_statement():
                raise UserError(
                    self.env._(
                        "%(statement)s was invoiced with these prices: they stay as"
                        " they are. Add a version that holds from %(date)s.",
                        statement=statement.name,
                        date=format_date(self.env, pricing.contract_id._change_date()),
                    )
                )

    def _invoiced_statement(self):
        """A statement that was invoiced with these prices; empty where none was."""
        self.ensure_one()
        # Fees of a long period may be those of several versions.
        charges = self.fee_ids.charge_ids | self.minimum_ids.charge_ids
        statements = self.statement_ids | charges.statement_id
        return statements.filtered(lambda s: s.state == "invoiced")[:1]

    # -- what the rating takes --------------------------------------------------------

    def _meters(self):
        """The meters that are billed, in the order of the invoice."""
        self.ensure_one()
        return TYPES[self.meter_type]

    def _prices(self, places):
        """This version as the rating takes it.

        :param dict places: device id -> site id, of the devices that are billed
        :return: focalist_billing.tools.rating.Prices
        """
        self.ensure_one()
        if self.model == "supply":
            return Prices(Rates({}))
        meters, included = self._meters(), self.has_allowance and self.model != "tiered"
        of_model, of_device = {}, {}
        if self.model == "device":
            for override in self.override_ids:
                rates = override._rates(meters, included)
                if override.device_id:
                    of_device[override.device_id.id] = rates
                else:
                    of_model[override.model_id.id] = rates
        return Prices(
            self._rates(meters, included),
            of_model,
            of_device,
            tiers=self.tier_ids._tiers() if self.model == "tiered" else {},
            tiers_grow=self.tiers_by == "month",
            a3_factor=self.a3_factor if self.meter_type == "format" else 0,
            pools=self.pool_ids._pools(meters, places) if included else (),
        )
