"""A client with an agent and devices whose panels are unlocked, and a technician.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has devices, a list of
dict(serial, address, port); FOCALIST_RESULT is where the answer goes. Or it has the
proxy's url and the domain of panels, to be set.
"""

import json
import os
from pathlib import Path

from odoo import Command

values = json.loads(os.environ["FOCALIST_VALUES"])
answer = {}
if "domain" in values:
    parameters = env["ir.config_parameter"]
    parameters.set_param("web.base.url", values["url"])
    parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param("focalist_agents.panel_domain", values["domain"])
else:
    client = env["res.partner"].create(
        {
            "name": "End-to-end client",
            "is_company": True,
            "is_focalist_client": True,
            "focalist_company_id": env.ref("base.main_company").id,
        }
    )
    client.focalist_panel_unlocked = True
    site = env["focalist.site"].create({"name": "Office", "partner_id": client.id})
    agent = env["focalist.agent"].create(
        {
            "name": "End-to-end agent",
            "partner_id": client.id,
            "network_ids": [
                Command.create(
                    {
                        "name": str(number),
                        "ranges": device["address"],
                        "web_port": device["port"],
                    }
                )
                for number, device in enumerate(values["devices"])
            ],
        }
    )
    agent.schedule_ids.is_on = False
    model = env["focalist.device.model"]._find_or_create([("Ricoh", "MP C4503")])
    devices = env["focalist.device"].create(
        [
            {
                "model_id": next(iter(model.values())).id,
                "serial_number": device["serial"],
                "ip_address": device["address"],
                "proposed_site_id": site.id,
                "agent_id": agent.id,
            }
            for device in values["devices"]
        ]
    )
    devices._activate()
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "name": "Technician",
            "login": "technician",
            "password": "technician",
            "group_ids": [
                Command.set(env.ref("focalist_base.group_focalist_technician").ids)
            ],
        }
    )
    answer = {
        "client": client.id,
        "devices": devices.ids,
        "keys": [agent._new_enrolment_key()],
        "authority": env["focalist.certificate.authority"]._get().certificate,
    }
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps(answer))
