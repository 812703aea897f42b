from odoo import fields, models

from ..tools.billed_meters import BILLED_METERS


class FocalistIncludedMixin(models.AbstractModel):
    """Pages that a month includes, of each meter that any Type bills (P2)."""

    _name = "focalist.included.mixin"
    _description = "Included Pages"

    included_total = fields.Integer("Pages included")
    included_mono = fields.Integer("Mono pages included")
    included_color = fields.Integer("Colour pages included")
    included_scan = fields.Integer("Scanned pages included")
    included_print_mono = fields.Integer("Mono prints included")
    included_print_color = fields.Integer("Colour prints included")
    included_copy_mono = fields.Integer("Mono copies included")
    included_copy_color = fields.Integer("Colour copies included")
    included_fax = fields.Integer("Fax pages included")
    included_a4_mono = fields.Integer("Mono A4 pages included")
    included_a4_color = fields.Integer("Colour A4 pages included")
    included_a3_mono = fields.Integer("Mono A3 pages included")
    included_a3_color = fields.Integer("Colour A3 pages included")

    _included_not_negative = models.Constraint(
        "CHECK (LEAST({}) >= 0)".format(
            ", ".join(f"included_{meter}" for meter in BILLED_METERS)
        ),
        "Included pages are not negative.",
    )

    def _included(self, meters):
        """What the rating takes: dict meter -> pages a month."""
        self.ensure_one()
        return {meter: self[f"included_{meter}"] for meter in meters}
