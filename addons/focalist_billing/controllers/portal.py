from odoo.http import request

from odoo.addons.account.controllers.portal import PortalAccount


class FocalistPortalAccount(PortalAccount):
    """The client's invoice page, with the meters behind it."""

    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        # The invoice was opened by right or by its link; its meters are part of it.
        statements = invoice.sudo().focalist_statement_ids
        lines = statements.line_ids
        user = request.env.user
        if user._is_portal() and user.partner_id.focalist_coordinator_scope == "sites":
            lines = lines.with_user(user)._filtered_access("read").sudo()
        return values | {
            "focalist_statements": statements,
            "focalist_lines": lines,
        }
