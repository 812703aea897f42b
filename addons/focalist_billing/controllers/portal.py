from odoo.addons.account.controllers.portal import PortalAccount

#: So many meters are on the invoice's page; the statement's page has them all.
SHOWN = 100


class FocalistPortalAccount(PortalAccount):
    """The client's invoice page, with the meters behind it."""

    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        values = super()._invoice_get_page_view_values(invoice, access_token, **kwargs)
        # The invoice was opened by right or by its link; its meters are part of it.
        statements = invoice.sudo().focalist_statement_ids
        return values | {
            "focalist_statements": statements,
            "focalist_meters": statements.line_ids[:SHOWN]._annex_meters(),
            "focalist_more": len(statements.line_ids) > SHOWN,
        }
