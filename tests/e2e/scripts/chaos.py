"""A client with an agent that reads these printers each hour, and nothing else.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the printers' first reports
and their port, FOCALIST_RESULT is where the answer goes.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from odoo import Command

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

values = json.loads(os.environ["FOCALIST_VALUES"])
company = env.ref("base.main_company")
client = env["res.partner"].create(
    {
        "name": "Client in chaos",
        "is_company": True,
        "is_focalist_client": True,
        "focalist_company_id": company.id,
    }
)
site = env["focalist.site"].create({"name": "Main", "partner_id": client.id})
agent = env["focalist.agent"].create(
    {
        "name": "Agent in chaos",
        "partner_id": client.id,
        "network_ids": [Command.create({"name": "LAN", "snmp_port": values["port"]})],
    }
)
agent.schedule_ids.filtered(lambda plan: plan.action != "supplies").is_on = False
devices = env["focalist.device"]
results = devices._ingest(values["reports"], Origin(company, "agent", site))
assert {result["status"] for result in results} == {"pending"}, results
devices.search([])._activate(datetime.fromisoformat(values["since"]))
key = agent._new_enrolment_key()
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps({"key": key}))
