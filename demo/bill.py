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
    contracts = env["focalist.contract"].search([("state", "=", "active")], order="id")
    statements, problems = contracts._bill(month)
    for contract, problem in problems.items():
        print(f"{contract.display_name}: {problem}", flush=True)
    moves = statements._create_invoices()
    moves.invoice_date = month + relativedelta(months=1)
    moves.action_post()
    env.cr.commit()
    shown = env["res.users"].search([("login", "=", "coordinator")]).partner_id
    statement = statements.filtered(lambda s: s.partner_id == shown.parent_id)
    move = statement.move_id
    if env["ir.actions.report"].get_wkhtmltopdf_state() == "ok":
        env["account.move.send"]._generate_and_send_invoices(
            move, sending_methods=["manual"]
        )
    env.cr.commit()
    return {
        "statement": statement.name,
        "lines": len(statement.line_ids),
        "client": statement.partner_id.name,
        "invoice": move.name,
        "untaxed": f"{move.amount_untaxed:.2f}",
        "total": f"{move.amount_total:.2f}",
        "currency": move.currency_id.name,
        "pdf_bytes": len(move.invoice_pdf_report_id.raw or b""),
        "portal_url": move.get_portal_url(),
    }


Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(main()))
