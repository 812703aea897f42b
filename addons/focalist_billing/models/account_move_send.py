from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AccountMoveSend(models.AbstractModel):
    """An invoice goes out with its meters as XLSX, and a link to them that expires."""

    _inherit = "account.move.send"

    @api.model
    def _get_invoice_extra_attachments_data(self, move):
        """The annex goes along by mail; the legal document stays one file elsewhere."""
        return super()._get_invoice_extra_attachments_data(move) + [
            {
                "id": attachment.id,
                "name": attachment.name,
                "mimetype": attachment.mimetype,
                "placeholder": False,
                "protect_from_deletion": True,
            }
            for attachment in move.focalist_annex_id
        ]

    @api.model
    def _get_placeholder_mail_attachments_data(
        self, move, invoice_edi_format=None, extra_edis=None, pdf_report=None
    ):
        results = super()._get_placeholder_mail_attachments_data(
            move,
            invoice_edi_format=invoice_edi_format,
            extra_edis=extra_edis,
            pdf_report=pdf_report,
        )
        if move.sudo().focalist_statement_ids and not move.focalist_annex_id:
            name = move.sudo().focalist_statement_ids._annex_name()
            results.append(
                {
                    "id": f"placeholder_{name}",
                    "name": name,
                    "mimetype": XLSX,
                    "placeholder": True,
                }
            )
        return results

    @api.model
    def _link_invoice_documents(self, invoices_data):
        result = super()._link_invoice_documents(invoices_data)
        moves = self.env["account.move"].union(*invoices_data)
        moves = moves.filtered(
            lambda move: (
                move.sudo().focalist_statement_ids and not move.focalist_annex_id
            )
        )
        self.env["ir.attachment"].sudo().create(
            [move._focalist_annex_attachment() for move in moves]
        )
        moves.invalidate_recordset(["focalist_annex_id", "focalist_annex_file"])
        return result

    @api.model
    def _get_default_mail_body(self, move, mail_template, mail_lang):
        body = super()._get_default_mail_body(move, mail_template, mail_lang)
        statements = move.sudo().focalist_statement_ids.with_context(lang=mail_lang)
        if not statements:
            return body
        links = Markup("").join(
            Markup('<p><a href="%s">%s</a> (%s)</p>')
            % (
                url,
                statement.env._("Meters of each device, questions on a line"),
                statement.env._(
                    "until %(day)s", day=format_date(statement.env, last_day)
                ),
            )
            for statement in statements
            for url, last_day in [statement._signed_url()]
        )
        return (body or Markup("")) + links
