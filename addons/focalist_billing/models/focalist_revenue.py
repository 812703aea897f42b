from odoo import fields, models
from odoo.tools import SQL

from .focalist_statement_line import METERS


class FocalistRevenue(models.Model):
    """What posted invoices of statements ask, by client, site and device.

    A statement whose invoice was cancelled, deleted or credited as a whole has none,
    and is not here. Each meter has its own part of what was charged; what is of no
    device, as a fee of the contract or a cent of rounding, is a row of its own: all
    rows of a statement are its untaxed amount. What somebody changed on its invoice, or
    credited in part, is one more: all rows of an invoice are what it asks in the end.
    """

    _name = "focalist.revenue"
    _description = "Revenue"
    _auto = False
    _order = "month desc, id desc"
    _rec_name = "statement_id"
    _depends = {
        "focalist.statement": [
            "amount_untaxed",
            "company_id",
            "contract_id",
            "currency_id",
            "move_id",
            "partner_id",
            "service_end",
        ],
        "focalist.statement.line": [
            "amount",
            "billable",
            "device_id",
            "meter",
            "site_id",
            "statement_id",
        ],
        "focalist.statement.supply": [
            "device_id",
            "price_unit",
            "site_id",
            "statement_id",
        ],
        "focalist.statement.charge": [
            "amount",
            "device_id",
            "fee_id",
            "site_id",
            "statement_id",
        ],
        "account.move": [
            "amount_untaxed",
            "currency_id",
            "invoice_date",
            "move_type",
            "reversed_entry_id",
            "state",
        ],
    }

    month = fields.Date(
        readonly=True, help="First day of the month in which the period ended."
    )
    invoice_date = fields.Date(readonly=True)
    statement_id = fields.Many2one("focalist.statement", readonly=True)
    move_id = fields.Many2one("account.move", "Invoice", readonly=True)
    contract_id = fields.Many2one("focalist.contract", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    site_id = fields.Many2one("focalist.site", readonly=True)
    device_id = fields.Many2one("focalist.device", readonly=True)
    company_id = fields.Many2one("res.company", "Dealer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    kind = fields.Selection(
        [
            ("pages", "Pages"),
            ("supply", "Supplies"),
            ("fee", "Fixed fees"),
            ("other", "Rounding and others"),
            ("by_hand", "Changes and credits by hand"),
        ],
        "Charge",
        readonly=True,
    )
    meter = fields.Selection(METERS, readonly=True)
    pages = fields.Integer("Billed pages", readonly=True)
    amount = fields.Monetary("Revenue", readonly=True)

    @property
    def _table_query(self):
        # Each part has ids of its own.
        head = SQL(
            """
            date_trunc('month', st.service_end)::date AS month, mv.invoice_date,
            st.id AS statement_id, st.move_id, st.contract_id, st.partner_id,
            st.company_id, st.currency_id
            """
        )
        posted = SQL(
            "JOIN account_move mv ON mv.id = st.move_id AND mv.state = 'posted'"
        )
        return SQL(
            """
            SELECT l.id::bigint * 5 AS id, %(head)s, l.site_id, l.device_id,
                   'pages' AS kind, l.meter, l.billable AS pages, l.amount
              FROM focalist_statement st
              JOIN focalist_statement_line l ON l.statement_id = st.id
              %(posted)s
         UNION ALL
            SELECT s.id::bigint * 5 + 1, %(head)s, s.site_id, s.device_id,
                   'supply', NULL, 0, s.price_unit
              FROM focalist_statement st
              JOIN focalist_statement_supply s ON s.statement_id = st.id
              %(posted)s
         UNION ALL
            SELECT c.id::bigint * 5 + 2, %(head)s, c.site_id, c.device_id,
                   'fee', NULL, 0, c.amount
              FROM focalist_statement st
              JOIN focalist_statement_charge c ON c.statement_id = st.id
               AND c.fee_id IS NOT NULL
              %(posted)s
         UNION ALL
            SELECT st.id::bigint * 5 + 3, %(head)s, NULL, NULL, 'other', NULL, 0,
                   st.amount_untaxed - told.amount
              FROM focalist_statement st
              %(posted)s
        CROSS JOIN LATERAL (
                   SELECT COALESCE((SELECT SUM(l.amount)
                                      FROM focalist_statement_line l
                                     WHERE l.statement_id = st.id), 0)
                        + COALESCE((SELECT SUM(s.price_unit)
                                      FROM focalist_statement_supply s
                                     WHERE s.statement_id = st.id), 0)
                        + COALESCE((SELECT SUM(c.amount)
                                      FROM focalist_statement_charge c
                                     WHERE c.statement_id = st.id
                                       AND c.fee_id IS NOT NULL), 0) AS amount) AS told
             WHERE st.amount_untaxed <> told.amount
         UNION ALL
            SELECT mv.id::bigint * 5 + 4, %(head)s, NULL, NULL, 'by_hand', NULL, 0,
                   CASE mv.move_type WHEN 'out_refund' THEN -1 ELSE 1 END
                   * mv.amount_untaxed - credited.amount - told.amount
              FROM focalist_statement st
              %(posted)s
        CROSS JOIN LATERAL (
                   SELECT MIN(own.id) AS first_id, SUM(own.amount_untaxed) AS amount
                     FROM focalist_statement own
                    WHERE own.move_id = mv.id) AS told
        CROSS JOIN LATERAL (
                   SELECT COALESCE(SUM(credit.amount_untaxed), 0) AS amount
                     FROM account_move credit
                    WHERE credit.reversed_entry_id = mv.id
                      AND credit.state = 'posted' AND credit.move_type = 'out_refund'
                      AND credit.currency_id = mv.currency_id) AS credited
             WHERE st.id = told.first_id
               AND CASE mv.move_type WHEN 'out_refund' THEN -1 ELSE 1 END
                   * mv.amount_untaxed <> credited.amount + told.amount
            """,
            head=head,
            posted=posted,
        )
