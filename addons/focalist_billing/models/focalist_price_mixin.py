from odoo import fields, models

from ..tools.billed_meters import BILLED_METERS
from ..tools.precision import PRECISION
from ..tools.rating import Rates


class FocalistPriceMixin(models.AbstractModel):
    """The price of a page of each meter that any Type bills, and the pages included.

    The Type says which of them count.
    """

    _name = "focalist.price.mixin"
    _description = "Prices of Pages"
    _inherit = ["focalist.included.mixin"]

    price_total = fields.Float("Page", digits=PRECISION)
    price_mono = fields.Float("Mono page", digits=PRECISION)
    price_color = fields.Float("Colour page", digits=PRECISION)
    price_scan = fields.Float("Scanned page", digits=PRECISION)
    price_print_mono = fields.Float("Mono print", digits=PRECISION)
    price_print_color = fields.Float("Colour print", digits=PRECISION)
    price_copy_mono = fields.Float("Mono copy", digits=PRECISION)
    price_copy_color = fields.Float("Colour copy", digits=PRECISION)
    price_fax = fields.Float("Fax page", digits=PRECISION)
    price_a4_mono = fields.Float("Mono A4 page", digits=PRECISION)
    price_a4_color = fields.Float("Colour A4 page", digits=PRECISION)
    price_a3_mono = fields.Float("Mono A3 page", digits=PRECISION)
    price_a3_color = fields.Float("Colour A3 page", digits=PRECISION)

    _price_not_negative = models.Constraint(
        "CHECK (LEAST({}) >= 0)".format(
            ", ".join(f"price_{meter}" for meter in BILLED_METERS)
        ),
        "A price is not negative.",
    )

    def _rates(self, meters, with_included):
        """What the rating takes of these prices.

        :param meters: those that the Type bills
        :param bool with_included: whether pages are included at all
        """
        self.ensure_one()
        return Rates(
            {meter: self[f"price_{meter}"] for meter in meters},
            self._included(meters) if with_included else {},
        )

    def _rate_values(self):
        """The fields of this mixin, for another record to begin with."""
        self.ensure_one()
        return {
            f"{kind}_{meter}": self[f"{kind}_{meter}"]
            for kind in ("price", "included")
            for meter in BILLED_METERS
        }
