from odoo import models


class AccountEdiXmlCii(models.AbstractModel):
    _inherit = "account.edi.xml.cii"

    def _export_invoice_vals(self, invoice):
        """Factur-X with the period that was served, and the contract.

        Odoo states the invoice's date to its due date, and for want of the client's
        order, the invoice's own number.
        """
        vals = super()._export_invoice_vals(invoice)
        charges = invoice._focalist_charges()
        if not charges:
            return vals
        vals["billing_start"], vals["billing_end"] = charges._service_period()
        for line_vals in vals["invoice_line_vals_list"]:
            start, end = line_vals["line"]._focalist_service_period()
            line_vals |= {"billing_start": start, "billing_end": end}
        if vals["purchase_order_reference"] == invoice.name:
            vals["purchase_order_reference"] = invoice.ref or ""
        vals["contract_reference"] = vals["contract_reference"] or ", ".join(
            charges.statement_id.contract_id.mapped("name")
        )
        return vals
