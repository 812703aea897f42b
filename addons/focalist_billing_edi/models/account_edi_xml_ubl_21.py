from odoo import models


class AccountEdiXmlUbl21(models.AbstractModel):
    """UBL 2.1, and so BIS 3 and its kin: the period served, and the contract."""

    _inherit = "account.edi.xml.ubl_21"

    def _add_invoice_header_nodes(self, document_node, vals):
        result = super()._add_invoice_header_nodes(document_node, vals)
        charges = vals["invoice"]._focalist_charges()
        if charges:
            document_node["cac:InvoicePeriod"] = self._focalist_period_node(
                charges._service_period()
            )
            document_node["cac:ContractDocumentReference"] = {
                "cbc:ID": {
                    "_text": ", ".join(charges.statement_id.contract_id.mapped("name"))
                }
            }
        return result

    def _add_invoice_line_period_nodes(self, line_node, vals):
        result = super()._add_invoice_line_period_nodes(line_node, vals)
        # Odoo adds lines of its own, of taxes, which are no records.
        line = vals["base_line"]["record"]
        if line and (period := line._focalist_service_period()):
            line_node["cac:InvoicePeriod"] = self._focalist_period_node(period)
        return result

    def _focalist_period_node(self, period):
        start, end = period
        return {"cbc:StartDate": {"_text": start}, "cbc:EndDate": {"_text": end}}
