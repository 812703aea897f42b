from odoo import models


class FocalistContract(models.Model):
    """Indexed versions of the prices follow those that they were computed from."""

    _name = "focalist.contract"
    _inherit = ["focalist.contract"]

    def _price_drafts(self):
        """Before drafts are priced anew, the later versions are that follow."""
        self.pricing_ids._follow_base()
        return super()._price_drafts()
