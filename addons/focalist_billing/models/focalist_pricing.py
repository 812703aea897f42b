from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

PRECISION = "Focalist Unit Price"


class FocalistPricing(models.Model):
    """One version of a contract's prices: it holds from a date until the next one."""

    _name = "focalist.pricing"
    _description = "Prices of a Contract"
    _order = "contract_id, date_from desc"
    _rec_name = "date_from"
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
    currency_id = fields.Many2one(related="contract_id.currency_id")
    model = fields.Selection(
        [("simple", "Simple")], "Pricing model", required=True, default="simple"
    )
    date_from = fields.Date(
        "Valid from",
        required=True,
        default=lambda self: self._default_date_from(),
        help="The first day of a billing period. Periods before it keep their prices.",
    )
    price_mono = fields.Float("Mono page", digits=PRECISION)
    price_color = fields.Float("Colour page", digits=PRECISION)
    price_scan = fields.Float("Scanned page", digits=PRECISION)
    statement_ids = fields.One2many("focalist.statement", "pricing_id")

    _date_uniq = models.UniqueIndex(
        "(contract_id, date_from)", "The contract has prices from this date already."
    )
    _not_negative = models.Constraint(
        "CHECK (price_mono >= 0 AND price_color >= 0 AND price_scan >= 0)",
        "A price is not negative.",
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
                        start=start,
                        date=pricing.date_from,
                    )
                )
            later = pricing.contract_id.statement_ids.filtered(
                lambda s, p=pricing: (
                    s.state == "invoiced"
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
                        date=contract._change_date(),
                    )
                )

    def write(self, vals):
        """Prices of a period that was invoiced stay; drafts follow."""
        if "contract_id" in vals and any(
            pricing.contract_id.id != vals["contract_id"] for pricing in self
        ):
            raise UserError(self.env._("Prices stay with their contract."))
        priced = vals.keys() & {"model", "date_from", *self._price_fields()}
        if priced:
            self._check_not_invoiced()
        result = super().write(vals)
        if priced:
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
            invoiced = pricing.statement_ids.filtered(lambda s: s.state == "invoiced")
            if invoiced:
                raise UserError(
                    self.env._(
                        "%(statement)s was invoiced with these prices: they stay as"
                        " they are. Add a version that holds from %(date)s.",
                        statement=invoiced[0].name,
                        date=pricing.contract_id._change_date(),
                    )
                )

    @api.model
    def _price_fields(self):
        return ("price_mono", "price_color", "price_scan")

    def _price(self, meter):
        """The price of a page of a meter, in the contract's currency, or 0."""
        return self[f"price_{meter}"]
