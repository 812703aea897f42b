from odoo import api, fields, models
from odoo.tools import formatLang

from ..tools.billed_meters import TIERED
from ..tools.precision import PRECISION
from .focalist_statement_line import METERS


class FocalistStatementCharge(models.Model):
    """What a statement asks for: pages of one price, and so a line of the invoice."""

    _name = "focalist.statement.charge"
    _description = "Charge of a Statement"
    _inherit = ["focalist.guarded.mixin"]
    _order = "statement_id, sequence, id"
    _rec_name = "id"

    statement_id = fields.Many2one(
        "focalist.statement",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(readonly=True)
    partner_id = fields.Many2one(
        related="statement_id.partner_id", string="Client", store=True, precompute=True
    )
    company_id = fields.Many2one(
        related="statement_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="statement_id.currency_id")
    meter = fields.Selection(METERS, readonly=True)
    supply_model_id = fields.Many2one(
        "focalist.supply.model", "Supply", readonly=True, ondelete="restrict"
    )
    fee_id = fields.Many2one(
        "focalist.pricing.fee",
        "Fixed fee",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    date_start = fields.Date(
        readonly=True, help="Of a fee; that of pages is the statement's."
    )
    date_end = fields.Date(readonly=True)
    site_id = fields.Many2one(
        "focalist.site",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Where the contract has lines for each site.",
    )
    device_id = fields.Many2one(
        "focalist.device",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Of a fee: one that was in the contract for a part of the period.",
    )
    tier_from = fields.Integer(readonly=True)
    tier_to = fields.Integer(readonly=True, help="0: the last tier, without an end.")
    printed = fields.Float(digits=(16, 0), readonly=True)
    quantity = fields.Float("Quantity billed", digits=(16, 0), readonly=True)
    price_unit = fields.Float("Price", digits=PRECISION, readonly=True)
    amount = fields.Monetary(compute="_compute_amount", store=True)
    move_line_id = fields.Many2one(
        "account.move.line",
        "Invoice line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    @api.depends("quantity", "price_unit", "currency_id")
    def _compute_amount(self):
        for charge in self:
            charge.amount = charge.currency_id.round(
                charge.quantity * charge.price_unit
            )

    @api.depends(
        "meter", "supply_model_id", "fee_id", "tier_from", "tier_to", "site_id"
    )
    def _compute_display_name(self):
        for charge in self:
            charge.display_name = charge._title()

    def _title(self):
        """What is charged, in the language of the context: a meter, perhaps a tier."""
        self.ensure_one()
        title = self.supply_model_id.display_name or self.fee_id.name
        if self.meter:
            title = self._product().with_context(lang=self.env.lang).name
        if self.tier_from:
            bounds = {
                "meter": title,
                "first": self._pages(self.tier_from),
                "last": self._pages(self.tier_to),
            }
            if self.tier_to:
                title = self.env._("%(meter)s, pages %(first)s to %(last)s", **bounds)
            else:
                title = self.env._("%(meter)s, pages from %(first)s on", **bounds)
        return self._title_in_place(title)

    def _title_in_place(self, title):
        """A title with the site and the device that it is of, where it is of one."""
        if self.site_id:
            title = self.env._(
                "%(site)s: %(charge)s", site=self.site_id.name, charge=title
            )
        if self.device_id:
            title = f"{title}, {self.device_id.display_name}"
        return title

    def _product(self):
        """The product that the charge is invoiced with: it has account and taxes."""
        charge = self.meter or ("fee" if self.fee_id else "supply")
        return self.company_id._focalist_product(charge)

    def _included_note(self):
        """How many of the pages cost nothing; empty where none does."""
        self.ensure_one()
        included = self.printed - self.quantity
        if not included:
            return ""
        return self.env._(
            "%(printed)s printed, %(included)s of them included",
            printed=self._pages(self.printed),
            included=self._pages(included),
        )

    def _pages(self, number):
        return formatLang(self.env, number, digits=0)

    def _statement_lines(self):
        """The meters that the charge adds up; those of its tiers for a tier."""
        self.ensure_one()
        if self.tier_from:
            return self.statement_id.line_ids.filtered(
                lambda line: line.tiered and TIERED[line.meter] == self.meter
            )
        return self.statement_id.line_ids.filtered(
            lambda line: (
                not line.tiered
                and line.meter == self.meter
                and line.price_unit == self.price_unit
                and (not self.site_id or line.site_id == self.site_id)
            )
        )
