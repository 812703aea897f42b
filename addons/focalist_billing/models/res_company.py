from odoo import Command, models

from ..tools.billed_meters import BILLED_METERS

#: The products that the charges are invoiced with.
CHARGES = tuple(
    f"product_{name}" for name in (*BILLED_METERS, "supply", "fee", "minimum")
)


class ResCompany(models.Model):
    _inherit = "res.company"

    def _set_focalist_charge_taxes(self):
        """Give the products of our charges each company's tax on services.

        Odoo gives products the default tax of the companies that there are as they are
        made, and in France that is the one on goods: the invoice would then name the
        wrong kind of operation. Taxes that somebody chose since are left alone.
        """
        products = self._focalist_charge_templates()
        for company in self:
            default = company.account_sale_tax_id
            tax = company._focalist_service_tax()
            for product in products.sudo():
                own = product.taxes_id._filter_taxes_by_company(company)
                if tax and own <= default:
                    product.taxes_id = [
                        *(Command.unlink(other.id) for other in own),
                        Command.link(tax.id),
                    ]

    def _focalist_charge_templates(self):
        """The products that charges are invoiced with where no other was chosen."""
        products = self.env["product.template"]
        for charge in CHARGES:
            product = self.env.ref(f"focalist_billing.{charge}", False)
            products |= product.product_tmpl_id if product else products
        return products

    def _focalist_service_tax(self):
        """The default sales tax, or the one on services that is like it."""
        self.ensure_one()
        taxes = self.env["account.tax"]
        default = self.account_sale_tax_id
        if default.tax_scope != "consu":
            return default
        return (
            taxes.search(
                [
                    *taxes._check_company_domain(self),
                    ("type_tax_use", "=", "sale"),
                    ("tax_scope", "=", "service"),
                    ("amount_type", "=", default.amount_type),
                    ("amount", "=", default.amount),
                    ("price_include_override", "=", default.price_include_override),
                    ("country_id", "=", default.country_id.id),
                ],
                limit=1,
            )
            or default
        )
