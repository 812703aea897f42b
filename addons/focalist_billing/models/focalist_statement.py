from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare, format_date

from .focalist_statement_line import BILLED_METERS


class FocalistStatement(models.Model):
    """A contract's bill for one period before it is an invoice."""

    _name = "focalist.statement"
    _description = "Meter Statement"
    _inherit = ["focalist.guarded.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "partner_id.name"]

    name = fields.Char(required=True, readonly=True, copy=False)
    contract_id = fields.Many2one(
        "focalist.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    pricing_id = fields.Many2one(
        "focalist.pricing",
        "Prices",
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    charge = fields.Selection(
        [("pages", "Pages")], required=True, readonly=True, default="pages"
    )
    # Those of its moment: a contract's client does not change once it has statements.
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        compute="_compute_parties",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        compute="_compute_parties",
        store=True,
        precompute=True,
        index=True,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_parties",
        store=True,
        precompute=True,
    )
    date_start = fields.Date("From", required=True, readonly=True)
    date_end = fields.Date("To", required=True, readonly=True)
    service_start = fields.Date(
        required=True,
        readonly=True,
        help="The first day of the period that the contract holds in.",
    )
    service_end = fields.Date(required=True, readonly=True)
    line_ids = fields.One2many(
        "focalist.statement.line", "statement_id", "Meters", readonly=True
    )
    cancelled = fields.Boolean(readonly=True, copy=False)
    move_id = fields.Many2one(
        "account.move",
        "Invoice",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    state = fields.Selection(
        [
            ("draft", "To invoice"),
            ("empty", "Nothing to invoice"),
            ("invoiced", "Invoiced"),
            ("cancel", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        precompute=True,
        tracking=True,
        help="Deleting or cancelling the invoice opens the statement again.",
    )
    # Meters of a large fleet add up to more than an integer of the database holds.
    pages = fields.Float(compute="_compute_amounts", store=True, digits=(16, 0))
    amount_untaxed = fields.Monetary(compute="_compute_amounts", store=True)
    missing_device_ids = fields.Many2many(
        "focalist.device",
        compute="_compute_missing",
        string="Devices without readings",
        help="Devices of the contract of which a priced meter is missing here.",
    )
    missing_note = fields.Text(compute="_compute_missing")
    differs = fields.Boolean(
        compute="_compute_differs",
        help="Somebody has changed the invoice's quantities, prices or lines.",
    )

    _period_uniq = models.UniqueIndex(
        "(contract_id, charge, date_start) WHERE cancelled IS NOT TRUE",
        "This period of the contract has its statement already.",
    )
    _dates = models.Constraint(
        "CHECK (date_end >= date_start)", "A period ends after its start."
    )

    @api.depends("contract_id")
    def _compute_parties(self):
        for statement in self:
            statement.partner_id = statement.contract_id.partner_id
            statement.company_id = statement.contract_id.company_id
            statement.currency_id = statement.contract_id.currency_id

    @api.depends("cancelled", "move_id.state", "line_ids.pages", "line_ids.price_unit")
    def _compute_state(self):
        for statement in self:
            if statement.cancelled:
                statement.state = "cancel"
            elif statement.move_id.state in ("draft", "posted"):
                statement.state = "invoiced"
            elif statement._billable():
                statement.state = "draft"
            else:
                statement.state = "empty"

    @api.depends("line_ids.pages", "line_ids.price_unit", "currency_id")
    def _compute_amounts(self):
        for statement in self:
            groups = statement._by_meter()
            statement.pages = sum(group["pages"] for group in groups)
            # As Odoo adds the invoice up: by line, or over all lines of a tax.
            if statement.company_id.tax_calculation_rounding_method == "round_per_line":
                amount = sum(group["amount"] for group in groups)
            else:
                amount = sum(group["pages"] * group["price_unit"] for group in groups)
            statement.amount_untaxed = statement.currency_id.round(amount)

    @api.depends("line_ids.device_id", "contract_id.member_ids.end_at", "pricing_id")
    def _compute_missing(self):
        members = self.env["focalist.contract.device"].search(
            [("contract_id", "in", self.contract_id.ids)]
        )
        titles = dict(self.line_ids._fields["meter"]._description_selection(self.env))
        for statement in self:
            there = members.filtered(
                lambda member, s=statement: (
                    member.contract_id == s.contract_id
                    and member.start_at.date() <= s.service_end
                    and (not member.end_at or member.end_at.date() > s.service_start)
                )
            ).device_id
            billed = {(line.device_id, line.meter) for line in statement.line_ids}
            missing = {}
            for device in there:
                for meter in self._expected_meters(device):
                    priced = statement.pricing_id._price(meter)
                    if priced and (device, meter) not in billed:
                        missing.setdefault(device, []).append(titles[meter])
            statement.missing_device_ids = self.env["focalist.device"].union(*missing)
            statement.missing_note = "\n".join(
                f"{device.display_name}: {', '.join(meters)}"
                for device, meters in missing.items()
            )

    @api.model
    def _expected_meters(self, device):
        """The meters that a device tells, of those that are billed.

        A device that was never read, or tells a total alone, is expected to tell mono.
        """
        told = [meter for meter in BILLED_METERS if meter in (device.last_meters or ())]
        return told if {"mono", "color"} & set(told) else ["mono", *told]

    @api.depends(
        "move_id.invoice_line_ids.quantity",
        "move_id.invoice_line_ids.price_unit",
        "move_id.invoice_line_ids.discount",
        "line_ids.move_line_id",
    )
    def _compute_differs(self):
        for statement in self:
            statement.differs = statement.state == "invoiced" and any(
                len(line := group["lines"].move_line_id) != 1
                or line.quantity != group["pages"]
                or float_compare(line.price_unit, group["price_unit"], 6)
                or line.discount
                for group in statement._billable()
            )

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = f"{statement.name}, {statement.partner_id.name}"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code(
                "focalist.statement", sequence_date=vals.get("date_start")
            )
        return super().create(vals_list)

    def _billable(self):
        """The groups of `_by_meter` that become lines of the invoice."""
        return [
            group
            for group in self._by_meter()
            if group["pages"] and group["price_unit"]
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_not_invoiced(self):
        for statement in self:
            if statement.state == "invoiced":
                raise UserError(
                    self.env._(
                        "%(statement)s is invoiced: delete or cancel its invoice.",
                        statement=statement.name,
                    )
                )

    def _by_meter(self):
        """The statement's lines added up as they stand on the invoice.

        :return: list of dict(meter, price_unit, pages, amount, lines), the amount
            rounded once, as Odoo rounds an invoice line
        """
        self.ensure_one()
        order = list(BILLED_METERS)
        groups = self.line_ids.grouped(lambda line: (line.meter, line.price_unit))
        return [
            {
                "meter": meter,
                "price_unit": price,
                "pages": sum(lines.mapped("pages")),
                "amount": self.currency_id.round(sum(lines.mapped("pages")) * price),
                "lines": lines,
            }
            for (meter, price), lines in sorted(
                groups.items(), key=lambda group: (order.index(group[0][0]), group[0])
            )
        ]

    def _take_prices(self):
        """Give drafts the version of the prices that holds in their period now."""
        for statement in self.sudo():
            contract = statement.contract_id
            pricing = contract._pricing_at(statement.service_start)
            statement.pricing_id = pricing
            for meter, lines in statement.line_ids.grouped("meter").items():
                lines.price_unit = pricing._price(meter)

    # -- invoice ----------------------------------------------------------------------

    def _create_invoices(self):
        """Make a draft invoice of each statement.

        The caller has checked the rights: what links both is written by nobody's hand.

        :return: account.move records
        :raise UserError: for a statement that is no draft or has nothing to bill
        """
        self.lock_for_update()
        for statement in self:
            if statement.state == "empty":
                raise UserError(
                    self.env._(
                        "%(statement)s has nothing to invoice: no page, or no price."
                        " Enter the prices, or cancel it.",
                        statement=statement.name,
                    )
                )
            if statement.state != "draft":
                raise UserError(
                    self.env._(
                        "%(statement)s is invoiced or cancelled already.",
                        statement=statement.name,
                    )
                )
        moves = self.env["account.move"]
        for company, statements in self.sorted("id").grouped("company_id").items():
            created = (
                self.env["account.move"]
                .sudo()
                .with_company(company)
                .create([statement._prepare_invoice() for statement in statements])
            )
            for statement, move in zip(statements, created, strict=True):
                statement.sudo().move_id = move
            moves += created.sudo(False)
        return moves

    def _prepare_invoice(self):
        """Values of the statement's invoice, in its receiver's language."""
        self.ensure_one()
        payer = self.contract_id.payer_id
        statement = self.with_context(lang=payer.lang or self.env.lang)
        return {
            "move_type": "out_invoice",
            "partner_id": payer.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "invoice_origin": self.name,
            "invoice_line_ids": [
                Command.create(statement._prepare_invoice_line(group))
                for group in statement._billable()
            ],
            "focalist_origin_ids": [Command.set(self.ids)],
        }

    def _prepare_invoice_line(self, group):
        """Values of the invoice's line of one meter.

        :param dict group: see _by_meter
        """
        self.ensure_one()
        product = self.env.ref(f"focalist_billing.product_{group['meter']}")
        return {
            "product_id": product.id,
            "name": self.env._(
                "%(product)s from %(start)s to %(end)s",
                product=product.with_context(lang=self.env.lang).name,
                start=format_date(self.env, self.service_start),
                end=format_date(self.env, self.service_end),
            ),
            "quantity": group["pages"],
            "price_unit": group["price_unit"],
            "focalist_statement_line_ids": [Command.set(group["lines"].ids)],
        }

    def action_create_invoice(self):
        """Make the draft invoices and open them; of many, those that can be made."""
        self.check_access("write")
        if len(self) == 1:
            return self._create_invoices()._focalist_open()
        ready = self.filtered(lambda statement: statement.state == "draft")
        if not ready:
            raise UserError(self.env._("None of these statements is to invoice."))
        return ready._create_invoices()._focalist_open()

    def action_open_invoice(self):
        """Open the statement's invoice."""
        self.check_access("read")
        return self.move_id._focalist_open()

    def action_cancel(self):
        """Leave the period unbilled, so that it can be billed anew."""
        self.check_access("write")
        for statement in self:
            if statement.state == "invoiced":
                raise UserError(
                    self.env._(
                        "%(statement)s is invoiced: cancel its invoice first.",
                        statement=statement.name,
                    )
                )
        self.sudo().write({"cancelled": True, "pricing_id": False})

    def action_open_missing(self):
        """Open the devices that the statement has no readings of."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_action"
        )
        return action | {
            "domain": [("id", "in", self.missing_device_ids.ids)],
            "context": {},
        }
