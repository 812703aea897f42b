from odoo import fields, models

from .focalist_statement_line import METERS


class FocalistChargeProduct(models.Model):
    """The product that a company invoices a charge with, in place of the usual one."""

    _name = "focalist.charge.product"
    _description = "Product of a Charge"
    _inherit = ["focalist.guarded.mixin"]
    _order = "company_id, charge"
    _rec_name = "charge"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    charge = fields.Selection(
        [
            *METERS,
            ("supply", "Supplies"),
            ("fee", "Fixed fees"),
            ("minimum", "Short of minimum volumes"),
        ],
        required=True,
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        check_company=True,
        ondelete="restrict",
        domain="[('sale_ok', '=', True)]",
        help="Account and taxes of the invoice's line are this product's.",
    )

    _charge_uniq = models.UniqueIndex(
        "(company_id, charge)", "The company has a product for this charge already."
    )
