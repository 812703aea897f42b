from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.http import content_disposition, request

from ..models.account_move_send import XLSX
from .portal_statements import STATEMENT, FocalistStatementsPortal


class FocalistStatementFiles(FocalistStatementsPortal):
    """Statements and their invoices as files, by right or by a link that expires."""

    @http.route(
        "/my/statements/<int:statement_id>/<any(xlsx, pdf):kind>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
    )
    def portal_statement_file(self, statement_id, kind, access_token=None, **kw):
        """The invoice as PDF, or its meters as XLSX."""
        try:
            statement = self._statement(statement_id, access_token)
            move = statement.move_id
            if kind == "pdf" and not statement._is_opened_by(access_token):
                # Who reads a statement may have no right to what was added by hand.
                move.with_user(request.env.user).check_access("read")
        except (AccessError, MissingError):
            return self._not_open(access_token)
        if kind == "xlsx":
            return self._xlsx(statement)
        if not move:
            raise request.not_found()
        document = move._get_invoice_legal_documents("pdf", allow_fallback=True)
        return self._file(document["filename"], document["content"], "application/pdf")

    @http.route(
        "/focalist/statement/<int:statement_id>/xlsx",
        type="http",
        auth="user",
        readonly=True,
    )
    def statement_xlsx(self, statement_id):
        """The meters of a statement for the dealer's own people, billed or not."""
        statement = request.env[STATEMENT].browse(statement_id).exists()
        if not statement:
            raise request.not_found()
        statement.check_access("read")
        return self._xlsx(statement.sudo())

    def _xlsx(self, statement):
        """The annex of the statement's invoice; of one without, its own.

        :param statement: with superuser rights, checked by the caller
        """
        move = statement.move_id
        if move.focalist_annex_id:
            attachment = move.focalist_annex_id
            return self._file(attachment.name, attachment.raw, XLSX)
        billed = move.focalist_statement_ids or statement
        return self._file(*billed._annex_xlsx(), XLSX)

    def _file(self, name, content, mimetype):
        return request.make_response(
            content,
            [
                ("Content-Type", mimetype),
                ("Content-Disposition", content_disposition(name)),
                ("X-Robots-Tag", "noindex"),
            ],
        )
