from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.billed_meters import BILLED_METERS


class FocalistPricing(models.Model):
    """Minimum volumes of a version of the prices."""

    _name = "focalist.pricing"
    _inherit = ["focalist.pricing"]

    has_minimum = fields.Boolean(
        "Minimum volume",
        help="The client pays for so many pages at least; what is short of them is"
        " billed when the true-up period of the contract is over.",
    )
    minimum_ids = fields.One2many(
        "focalist.pricing.minimum", "pricing_id", "Minimum volumes", copy=True
    )
    true_up_period = fields.Selection(related="contract_id.true_up_period")

    def _minimums(self):
        """The minimums that count: prices of supplies have no pages."""
        self.ensure_one()
        counts = self.has_minimum and self.model != "supply"
        return self.minimum_ids if counts else self.minimum_ids.browse()

    @api.constrains(
        "has_minimum",
        "model",
        "meter_type",
        "minimum_ids",
        *(f"price_{meter}" for meter in BILLED_METERS),
    )
    def _check_minimums(self):
        for pricing in self:
            problem = pricing._minimums_problem()
            if problem:
                raise ValidationError(problem)
        self.contract_id._check_true_up_period()

    def unlink(self):
        """Charges of its parts that are not invoiced go first: they hold the parts."""
        self.fee_ids.unlink()
        self.minimum_ids.unlink()
        return super().unlink()

    def _minimums_problem(self):
        """What is wrong with the minimums, in a sentence; empty where nothing is."""
        self.ensure_one()
        minimums = self._minimums()
        kinds = minimums.grouped("kind")
        titles = dict(minimums._fields["kind"]._description_selection(self.env))
        if "total" in kinds and len(kinds) > 1:
            return self.env._(
                "A minimum of all pages counts mono and colour, too: enter one of all"
                " pages, or those of mono and colour, not both."
            )
        for kind, some in kinds.items():
            if kind != "total" and self.meter_type == "total":
                return self.env._(
                    "The Type of these prices has no pages for the minimum of:"
                    " %(kind)s. Delete it.",
                    kind=titles[kind],
                )
            if len(set(some.mapped("per"))) > 1:
                return self.env._(
                    "Pages would count for several minimums of: %(kind)s. Enter them"
                    " for all devices, for sites, or for each device.",
                    kind=titles[kind],
                )
        for minimum in minimums:
            if not minimum._price():
                return self.env._(
                    "Enter what a page costs that is short of the minimum of:"
                    " %(kind)s. These prices have no default price for it.",
                    kind=titles[minimum.kind],
                )
        return ""
