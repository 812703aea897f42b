from itertools import pairwise

from odoo import api, fields, models

from ..tools.precision import PRECISION
from ..tools.rating import Tier


class FocalistPricingTier(models.Model):
    """From which page of a month on a page costs what (P4).

    A tier ends where the next one begins: there is no gap, and no overlap.
    """

    _name = "focalist.pricing.tier"
    _description = "Tier of Prices"
    _inherit = ["focalist.part.mixin"]
    _order = "pricing_id, kind desc, page_from, id"
    _rec_name = "page_from"

    kind = fields.Selection(
        [("total", "All pages"), ("mono", "Mono"), ("color", "Colour")],
        "Pages",
        required=True,
        default="mono",
    )
    page_from = fields.Integer("From page", required=True, default=1)
    page_to = fields.Integer("To page", compute="_compute_page_to")
    price = fields.Float("Price of a page", digits=PRECISION)

    _from_uniq = models.UniqueIndex(
        "(pricing_id, kind, page_from)", "Two tiers begin with the same page."
    )
    _from_page = models.Constraint(
        "CHECK (page_from >= 1)", "A tier begins with page 1 or a later one."
    )
    _price_not_negative = models.Constraint(
        "CHECK (price >= 0)", "A price is not negative."
    )

    @api.depends("kind", "page_from", "pricing_id.tier_ids.page_from")
    def _compute_page_to(self):
        for tier in self:
            later = [
                other.page_from
                for other in tier.pricing_id.tier_ids
                if other.kind == tier.kind and other.page_from > tier.page_from
            ]
            tier.page_to = min(later) - 1 if later else False

    @api.model
    def _kinds(self):
        """The kinds of pages that have tiers, by name in the user's language."""
        return self._fields["kind"]._description_selection(self.env)

    def _tiers(self):
        """As the rating takes them: kind -> list of Tier in their order."""
        found = {}
        for kind, tiers in self.grouped("kind").items():
            tiers = tiers.sorted("page_from")
            found[kind] = [
                Tier(tier.page_from, following.page_from - 1, tier.price)
                for tier, following in pairwise(tiers)
            ] + [Tier(tiers[-1].page_from, None, tiers[-1].price)]
        return found

    def _part_title(self):
        return self.env._(
            "%(kind)s, from page %(page)s on",
            kind=dict(self._kinds())[self.kind],
            page=self.page_from,
        )
