"""Bill the last month of every contract of the demo, up to one invoice's PDF.

Run in an Odoo shell (`env` is its environment) by `launcher/demo.py`.
"""

import json
import os
from pathlib import Path

from dateutil.relativedelta import relativedelta

from odoo import fields


def main():
    month = fields.Date.today().replace(day=1) - relativedelta(months=1)
    accountant = env["res.users"].search([("login", "=", "accountant")])
    books = env(user=accountant)
    runs = books["focalist.billing.run"]
    # What was stopped before its end goes on.
    begun = [("month", "=", month), ("state", "in", ("draft", "review"))]
    run = runs.search(begun, limit=1) or runs.create(
        {
            "month": month,
            "invoicing": "post",
            "invoice_date": month + relativedelta(months=1),
        }
    )
    if run.state == "draft":
        run.action_start()
    if run.state == "review":
        unusual = run.row_ids.statement_ids._open_anomalies()
        before = unusual.filtered(lambda anomaly: anomaly.kind == "gap")
        before._accept("Billed with the software we had before")
        (unusual - before)._accept("Seen: the technician looks at these devices")
        run.action_invoice()
    env.cr.commit()
    statements = books["focalist.statement"].search(
        [("date_start", "=", month), ("state", "!=", "cancel")]
    )
    shown = env["res.users"].search([("login", "=", "coordinator")]).partner_id
    statement = statements.filtered(lambda s: s.partner_id == shown.parent_id)
    move = statement.move_id
    if env["ir.actions.report"].get_wkhtmltopdf_state() == "ok":
        env["account.move.send"]._generate_and_send_invoices(
            move, sending_methods=["manual"]
        )
    link = move.get_portal_url()  # makes the token that it holds
    env.cr.commit()
    return {
        "statement": statement.name,
        "lines": len(statement.line_ids),
        "serials": statement.line_ids.mapped("serial_number"),
        "client": statement.partner_id.name,
        "invoice": move.name,
        "untaxed": f"{move.amount_untaxed:.2f}",
        "total": f"{move.amount_total:.2f}",
        "currency": move.currency_id.name,
        "pdf_bytes": len(move.invoice_pdf_report_id.raw or b""),
        "portal_url": link,
    }


Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(main()))
