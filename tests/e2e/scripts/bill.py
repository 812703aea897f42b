"""End the only contract today, bill its last period, and post the invoice."""

import json
import os
from pathlib import Path

from odoo import fields

contract = env["focalist.contract"].search([])
# By the client's clock: where it is tomorrow already, the printers are read tomorrow.
contract = contract.with_context(tz=contract._zone().zone)
contract.action_close()
statements, problems = contract._bill(fields.Date.context_today(contract))
assert not problems, problems
move = statements._create_invoices()
move.action_post()
portal = move.get_portal_url()  # makes the token that it holds
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps(
        {
            "statement": statements.name,
            "lines": [
                {
                    "serial": line.serial_number,
                    "meter": line.meter,
                    "from": line.value_from,
                    "to": line.value_to,
                    "read_to_at": str(line.read_to_at),
                    "source": line.reading_to_id.source,
                }
                for line in statements.line_ids
            ],
            "invoice": move.name,
            "invoice_id": move.id,
            "untaxed": move.amount_untaxed,
            "portal": portal,
        }
    )
)
