from odoo import fields, models

from ..tools.precision import PRECISION

#: Type -> kind of pages -> the meter whose default price a missing page has.
PRICED_AS = {
    "total": {"total": "total"},
    "mono_color": {"mono": "mono", "color": "color"},
    "mono_color_scan": {"mono": "mono", "color": "color"},
    "format": {"mono": "a4_mono", "color": "a4_color"},
    "function": {},
}


class FocalistPricingMinimum(models.Model):
    """Pages of a month that the client pays for, printed or not.

    What is short of them is billed when the true-up period of the contract is over:
    until then, a month's overs make good another month's unders.
    """

    _name = "focalist.pricing.minimum"
    _description = "Minimum Volume"
    _inherit = ["focalist.part.mixin"]
    _order = "pricing_id, id"
    _rec_name = "kind"
    _check_company_auto = True

    kind = fields.Selection(
        [("total", "All pages"), ("mono", "Mono"), ("color", "Colour")],
        "Pages",
        required=True,
        default="mono",
        help="Scans and faxes are no pages.",
    )
    pages = fields.Integer("Guaranteed a month", required=True)
    per = fields.Selection(
        [
            ("contract", "All devices together"),
            ("site", "Devices of a site together"),
            ("device", "Each device"),
        ],
        "By",
        required=True,
        default="contract",
        help="A device guarantees its pages for the days that it is in the contract.",
    )
    site_id = fields.Many2one(
        "focalist.site", index="btree_not_null", ondelete="restrict", check_company=True
    )
    price = fields.Float(
        "Price of a missing page",
        digits=PRECISION,
        help="0: the default price of a page.",
    )
    charge_ids = fields.One2many(
        "focalist.statement.charge", "minimum_id", readonly=True
    )

    _uniq = models.UniqueIndex(
        "(pricing_id, kind, COALESCE(site_id, 0))",
        "These pages have their minimum already.",
    )
    _pages_positive = models.Constraint(
        "CHECK (pages > 0)", "A minimum is one page or more."
    )
    _price_not_negative = models.Constraint(
        "CHECK (price >= 0)", "A price is not negative."
    )
    _site = models.Constraint(
        "CHECK ((per = 'site') = (site_id IS NOT NULL))",
        "Choose the minimum's site, where it is one of a site.",
    )

    def unlink(self):
        """Statements that are not invoiced ask for it no more."""
        self.pricing_id._check_not_invoiced()
        # The rights on it were checked; charges are nobody's to write.
        self.check_access("unlink")
        self.sudo().charge_ids.unlink()
        return super().unlink()

    def _price(self):
        """What a missing page costs; 0 where nothing says it."""
        self.ensure_one()
        if self.price:
            return self.price
        pricing = self.pricing_id
        meter = PRICED_AS[pricing.meter_type].get(self.kind)
        return pricing[f"price_{meter}"] if meter and pricing.model != "tiered" else 0.0

    def _part_title(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return self.env._("%(pages)s short of the minimum", pages=kinds[self.kind])
