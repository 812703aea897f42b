"""A client with an agent whose plan rests, and a network to scan; then Scan now.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has ranges and port, or the id of
the agent that is to scan; FOCALIST_RESULT is where the answer goes.
"""

import json
import os
from pathlib import Path

from odoo import Command

values = json.loads(os.environ["FOCALIST_VALUES"])
if "agent" in values:
    agent = env["focalist.agent"].browse(values["agent"])
    scan = agent.schedule_ids.filtered(lambda schedule: schedule.action == "scan")
    scan.action_run_now()
    # What the agent makes of it is later.
    answer = {"task": agent.task_ids.uid, "state": agent.task_ids.state}
else:
    client = env["res.partner"].create(
        {
            "name": "End-to-end client",
            "is_company": True,
            "is_focalist_client": True,
            "focalist_company_id": env.ref("base.main_company").id,
        }
    )
    agent = env["focalist.agent"].create(
        {
            "name": "End-to-end agent",
            "partner_id": client.id,
            "network_ids": [
                Command.create(
                    {
                        "name": "LAN",
                        "ranges": values["ranges"],
                        "snmp_port": values["port"],
                        "credential_ids": [
                            Command.create({"community": "wrong"}),
                            Command.create({"community": "public"}),
                        ],
                    }
                )
            ],
        }
    )
    agent.schedule_ids.is_on = False
    answer = {"agent": agent.id, "key": agent._new_enrolment_key()}
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(answer))
