"""OCA's contracts with recurring lines, and their invoices of a month, timed.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the number of `clients` and
of `lines` of each contract.
"""

import json
import os
import time
from datetime import date
from pathlib import Path

values = json.loads(os.environ["FOCALIST_VALUES"])
env = env(context={**env.context, "tracking_disable": True})
product = env["product.product"].create({"name": "Pages", "type": "service"})
journal = env["account.journal"].search([("type", "=", "sale")], limit=1)
line = {
    "product_id": product.id,
    "name": "Mono pages from #START# to #END#",
    "quantity": 1100,
    "price_unit": 0.0045,
    "recurring_interval": 1,
    "recurring_rule_type": "monthly",
    "recurring_invoicing_type": "pre-paid",
    "date_start": "2026-03-01",
    "recurring_next_date": "2026-03-01",
}
contracts = env["contract.contract"].create(
    [
        {
            "name": f"Contract {number}",
            "partner_id": env["res.partner"].create({"name": f"Client {number}"}).id,
            "journal_id": journal.id,
            "line_recurrence": True,
            "contract_line_ids": [(0, 0, line) for _line in range(values["lines"])],
        }
        for number in range(values["clients"])
    ]
)
env.flush_all()
env.cr.commit()
started = time.perf_counter()
moves = contracts._recurring_create_invoice(date(2026, 3, 1))
env.flush_all()
seconds = time.perf_counter() - started
assert len(moves) == values["clients"], len(moves)
assert len(moves.invoice_line_ids) == values["clients"] * values["lines"]
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps({"invoices_s": seconds}))
