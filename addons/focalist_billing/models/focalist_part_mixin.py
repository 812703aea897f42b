from odoo import api, fields, models
from odoo.exceptions import UserError


class FocalistPartMixin(models.AbstractModel):
    """What belongs to a version of the prices, and stays once that is invoiced."""

    _name = "focalist.part.mixin"
    _description = "Part of a Version of Prices"
    _inherit = ["focalist.guarded.mixin"]

    pricing_id = fields.Many2one(
        "focalist.pricing", required=True, index=True, ondelete="cascade"
    )
    contract_id = fields.Many2one(related="pricing_id.contract_id")
    currency_id = fields.Many2one(related="pricing_id.currency_id")
    company_id = fields.Many2one(
        related="pricing_id.company_id", store=True, precompute=True, index=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.pricing_id._check_not_invoiced()
        parts.contract_id._price_drafts()
        return parts

    def write(self, vals):
        if "pricing_id" in vals and any(
            part.pricing_id.id != vals["pricing_id"] for part in self
        ):
            raise UserError(self.env._("Prices stay with their version."))
        self.pricing_id._check_not_invoiced()
        result = super().write(vals)
        self.contract_id._price_drafts()
        return result

    def unlink(self):
        contracts = self.contract_id
        self.pricing_id._check_not_invoiced()
        result = super().unlink()
        contracts._price_drafts()
        return result

    def _part_title(self):
        """What it is the price of, for people."""
        return self.display_name
