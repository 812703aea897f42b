from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_compare, format_date, groupby

from ..tools.billed_meters import TIER_KINDS


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
        [
            ("pages", "Pages"),
            ("fees", "Fixed fees"),
            ("advance", "Fixed fees in advance"),
            ("true_up", "True-up of minimums"),
        ],
        required=True,
        readonly=True,
        default="pages",
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
    supply_ids = fields.One2many(
        "focalist.statement.supply", "statement_id", "Supplies", readonly=True
    )
    charge_ids = fields.One2many(
        "focalist.statement.charge", "statement_id", "Charges", readonly=True
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
    differs = fields.Boolean(
        compute="_compute_differs",
        help="Somebody has changed the invoice's quantities, prices or lines.",
    )

    _period_uniq = models.UniqueIndex(
        "(contract_id, charge, date_start, COALESCE(site_id, 0),"
        " COALESCE(cost_centre, '')) WHERE cancelled IS NOT TRUE",
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

    @api.depends(
        "cancelled", "move_id.state", "charge_ids.quantity", "charge_ids.price_unit"
    )
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

    @api.depends("line_ids.pages", "charge_ids.amount", "currency_id")
    def _compute_amounts(self):
        # A large fleet's lines are not read one by one.
        pages = dict(
            self.env["focalist.statement.line"]._read_group(
                [("statement_id", "in", self.ids)], ["statement_id"], ["pages:sum"]
            )
        )
        for statement in self:
            charges = statement.charge_ids
            statement.pages = pages.get(statement, 0)
            # As Odoo adds the invoice up: by line, or over all lines of a tax.
            if statement.company_id.tax_calculation_rounding_method == "round_per_line":
                amount = sum(charges.mapped("amount"))
            else:
                amount = sum(charge.quantity * charge.price_unit for charge in charges)
            statement.amount_untaxed = statement.currency_id.round(amount)

    @api.depends(
        "move_id.invoice_line_ids.quantity",
        "move_id.invoice_line_ids.price_unit",
        "move_id.invoice_line_ids.discount",
        "charge_ids.move_line_id",
    )
    def _compute_differs(self):
        for statement in self:
            statement.differs = statement.state == "invoiced" and any(
                not (line := charge.move_line_id)
                or line.quantity != charge.quantity * statement._invoice_sign()
                or float_compare(line.price_unit, charge.price_unit, 6)
                or line.discount
                for charge in statement._billable()
            )

    @api.depends("name", "partner_id.name", "site_id.name", "cost_centre")
    def _compute_display_name(self):
        for statement in self:
            parts = (
                statement.name,
                statement.partner_id.name,
                statement.site_id.name,
                statement.cost_centre,
            )
            statement.display_name = ", ".join(filter(None, parts))

    @api.model_create_multi
    def create(self, vals_list):
        for vals, name in zip(vals_list, self._next_names(len(vals_list)), strict=True):
            vals["name"] = name
        return super().create(vals_list)

    @api.model
    def _next_names(self, count):
        """Numbers of new statements, of the company's own sequence or the usual one."""
        sequence = self.env["ir.sequence"].search(
            [
                ("code", "=", "focalist.statement"),
                ("company_id", "in", (self.env.company.id, False)),
            ],
            order="company_id",
            limit=1,
        )
        return [sequence.next_by_id() for _number in range(count)]

    def _billable(self):
        """The charges that become lines of the invoice."""
        return self.charge_ids.filtered(
            lambda charge: charge.quantity and charge.price_unit
        )

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

    def _take_prices(self):
        """Give drafts the version of the prices that holds in their period now."""
        drafts = self.sudo()
        for statement in drafts:
            statement.pricing_id = statement.contract_id._pricing_at(
                statement.service_start
            )
        (drafts - drafts._take_types())._rate()

    def _rate(self, measured=None):
        """Make the charges of these statements' meters, in place of those there are.

        Drafts of the same period that are invoiced apart are rated with them.

        :param dict measured: statement -> list of values of lines of it that are new:
            they are written once it is known what became of their pages, since the
            database checks a line as often as it is written
        """
        lines = self.env["focalist.statement.line"]
        measured = lines._numbered(measured or {})
        families = [(some, some._not_invoiced()) for some in self._families()]
        rated_anew = self.browse().union(*(drafts for _all, drafts in families))
        rated_anew.charge_ids.unlink()
        charges, shares = rated_anew._prepare_fee_charges(), {}
        # All at once: below, each family reads its own.
        rated_anew.contract_id.member_ids.device_id.fetch(["model_id"])
        for family, drafts in families:
            if priced := drafts.filtered(
                lambda s: s.charge == "pages" and s.pricing_id
            ):
                rated, made = family._rate_pages(priced, measured)
                shares |= rated
                charges += family._prepare_page_charges(priced, made)
        lines._insert(measured, shares)
        priced = rated_anew.filtered(lambda s: s.charge == "pages" and s.pricing_id)
        corrections = priced._corrections()
        # The earlier first: what they correct is known to the later ones.
        for statement in priced.sorted(lambda s: s._turn()):
            charges += statement._prepare_supply_charges()
            if statement in corrections:
                rated, made = statement._rate_corrections(
                    corrections[statement], charges
                )
                shares |= rated
                charges += made
        self._write_shares(shares)
        for sequence, values in enumerate(charges):
            values["sequence"] = sequence
        self.env["focalist.statement.charge"].create(charges)
        rated_anew._detect_anomalies()

    def _turn(self):
        """In which order corrections are known: by the periods that have them."""
        return self.date_start, self.id

    def _prepare_page_charges(self, drafts, made):
        """Values of the charges of a family's pages, in the order of the invoice.

        :param drafts: those of it that were rated
        :param list made: focalist_billing.tools.rating.Charge
        """
        order = [*TIER_KINDS, *drafts[0].pricing_id._meters()]
        made.sort(
            key=lambda charge: (
                order.index(charge.meter),
                charge.tier.first if charge.tier else charge.price,
            )
        )
        return [
            self.browse(charge.group or self.id)._prepare_charge(charge)
            for charge in made
        ]

    def _prepare_charge(self, charge):
        """Values of a charge as the rating gave it."""
        tier = charge.tier
        return {
            "statement_id": self.id,
            "meter": charge.meter,
            "site_id": charge.site,
            "tier_from": tier.first if tier else False,
            "tier_to": tier.last if tier else False,
            "printed": charge.printed,
            "quantity": charge.quantity,
            "price_unit": charge.price,
        }

    def _prepare_supply_charges(self):
        """Values of the charges of supplies: one for each supply, price and site."""
        self.ensure_one()
        if not self.supply_ids:
            return []
        pricing = self.pricing_id
        prices = {line.supply_model_id: line.price for line in pricing.supply_ids}
        for supply in self.supply_ids:
            # One that was found late has the price of its own moment's version.
            if supply._replaced_on() >= pricing.date_from:
                supply.price_unit = prices.get(supply.supply_model_id, 0)
        by_site = self.contract_id.lines_by_site
        groups = self.supply_ids.grouped(
            lambda supply: (
                supply.supply_model_id,
                supply.price_unit,
                supply.site_id if by_site else supply.site_id.browse(),
            )
        )
        return [
            {
                "statement_id": self.id,
                "supply_model_id": model.id,
                "site_id": site.id,
                "quantity": len(supplies),
                "printed": len(supplies),
                "price_unit": price,
            }
            for (model, price, site), supplies in groups.items()
        ]

    @api.model
    def _write_shares(self, shares):
        """Write what became of each line's pages, all in one statement.

        :param dict shares: line id -> focalist_billing.tools.rating.Share
        """
        if not shares:
            return
        lines = self.env["focalist.statement.line"]
        names = ["included", "billable", "tiered", "price_unit", "amount"]
        lines.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE focalist_statement_line AS line
                   SET included = share.included,
                       billable = line.pages - share.included,
                       tiered = share.price_unit IS NULL,
                       price_unit = COALESCE(share.price_unit, 0),
                       amount = share.amount
                  FROM unnest(%s::int[], %s::int[], %s::numeric[], %s::numeric[])
                       AS share(id, included, price_unit, amount)
                 WHERE line.id = share.id
             RETURNING line.id
                """,
                list(shares),
                [share.included for share in shares.values()],
                [share.price for share in shares.values()],
                [share.amount for share in shares.values()],
            )
        )
        lines.browse(shares).invalidate_recordset(names)

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
        groups = self.sorted("id").grouped(
            lambda statement: (
                statement._payer(),
                statement.contract_id,
                statement._group_key(),
            )
        )
        moves = self.env["account.move"]
        by_company = groupby(groups.items(), lambda group: group[1].company_id)
        for company, some in by_company:
            # Made in the dealer's company, whichever is chosen on screen; all at once.
            accounts = self.env["account.move"].sudo().with_company(company)
            # One note each, in place of Odoo's: a run makes them all at once.
            created = accounts.with_context(mail_create_nolog=True).create(
                [
                    each.with_prefetch(self._prefetch_ids)._prepare_invoice(payer)
                    for (payer, *_same), each in some
                ]
            )
            created = accounts.browse(created.ids)
            made_from, invoiced = {}, {}
            for (_same, statements), move in zip(some, created, strict=True):
                statements.sudo().move_id = move
                made_from[move.id] = statements._told_made_from()
                invoiced |= dict.fromkeys(statements.ids, self._told_invoiced(move))
            created._message_log_batch(made_from)
            # In place of that their state changed.
            own = self.sudo().browse(invoiced)
            own._track_discard()
            own._message_log_batch(invoiced)
            moves += created.sudo(False)
        return moves

    def _told_made_from(self):
        """What an invoice's chatter says of where it is from."""
        return self.env._(
            "Made from %(statements)s.",
            statements=Markup(", ").join(each._get_html_link() for each in self),
        )

    @api.model
    def _told_invoiced(self, move):
        """What a statement's chatter says of its invoice."""
        return self.env._("Invoiced: %(invoice)s.", invoice=move._get_html_link())

    def _payer(self):
        """Who receives the invoice: of fees it may be another one than of pages."""
        self.ensure_one()
        contract = self.contract_id
        of_fees = self.charge in ("fees", "advance")
        return (of_fees and contract.fee_payer_id) or contract.payer_id

    def _prepare_invoice(self, payer):
        """Values of the invoice of statements, in its receiver's language.

        They are of one contract, and have one payer.
        """
        statements = self.with_context(lang=payer.lang or self.env.lang)
        # Corrections may take back more than the period asks for.
        total = sum(self._billable().mapped("amount"))
        sign = -1 if self.currency_id.compare_amounts(total, 0) < 0 else 1
        return {
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "partner_id": payer.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "invoice_origin": ", ".join(self.mapped("name")),
            "ref": self.contract_id.client_reference,
            "invoice_line_ids": [
                Command.create(statement._prepare_invoice_line(charge, sign))
                for statement in statements
                for charge in statement._billable()
            ],
            "focalist_origin_ids": [Command.set(self.ids)],
            **self._prepare_invoice_terms(payer),
        }

    def _invoice_sign(self):
        """-1 where a credit note asks for what these statements do, else 1."""
        return -1 if self.move_id[:1].move_type == "out_refund" else 1

    def _prepare_invoice_line(self, charge, sign=1):
        """Values of the invoice's line of one charge, in the language of the context.

        :param charge: focalist.statement.charge record
        :param int sign: -1 for a line of a credit note
        """
        self.ensure_one()
        charge = charge.with_context(lang=self.env.lang)
        start = charge.date_start or self.service_start
        end = charge.date_end or self.service_end
        period = self.env._(
            "%(charge)s, from %(start)s to %(end)s",
            charge=charge._title(),
            start=format_date(self.env, start),
            end=format_date(self.env, end),
        )
        return {
            "product_id": charge._product().id,
            "name": "\n".join(filter(None, [period, charge._included_note()])),
            "quantity": charge.quantity * sign,
            "price_unit": charge.price_unit,
            "focalist_service_start": start,
            "focalist_service_end": end,
            "focalist_charge_ids": [Command.set(charge.ids)],
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
