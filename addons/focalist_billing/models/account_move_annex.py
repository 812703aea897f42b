from odoo import fields, models


class AccountMove(models.Model):
    """An invoice's annex: the meters behind it, as pages of its PDF and as XLSX."""

    _name = "account.move"
    _inherit = ["account.move"]

    focalist_annex_file = fields.Binary("Meters (XLSX)", attachment=True, copy=False)
    focalist_annex_id = fields.Many2one(
        "ir.attachment",
        "Meters as sent",
        compute=lambda self: self._compute_linked_attachment_id(
            "focalist_annex_id", "focalist_annex_file"
        ),
        depends=["focalist_annex_file"],
    )

    def _get_fields_to_detach(self):
        """What was sent stays among the attachments of an invoice that is reopened."""
        return [*super()._get_fields_to_detach(), "focalist_annex_file"]

    def action_focalist_annex_xlsx(self):
        """Download the invoice's meters and charges as XLSX."""
        self.check_access("read")
        self.ensure_one()
        return self.focalist_statement_ids[:1].action_annex_xlsx()

    def _focalist_annex(self):
        """The annex of the PDF; None of an invoice without statements.

        The report that shows it has checked the right to the invoice.

        :return: focalist_billing.tools.annex.Annex, in the language of the context
        """
        self.ensure_one()
        statements = self.sudo().focalist_statement_ids
        return statements._annex() if statements else None

    def _focalist_annex_attachment(self):
        """Values of the attachment that holds the annex as XLSX."""
        self.ensure_one()
        # It goes out with the invoice that the sender may read.
        name, content = self.sudo().focalist_statement_ids._annex_xlsx()
        return {
            "name": name,
            "raw": content,
            "res_model": self._name,
            "res_id": self.id,
            "res_field": "focalist_annex_file",
        }
