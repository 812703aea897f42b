"""A dealer with a client, its portal user, a contract, an agent and the fleet's past.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has devices, sites, seed, epoch
and until (ISO dates), FOCALIST_RESULT is where the answer goes.
"""

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from odoo import Command

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

from focalist_simulator import Fleet

values = json.loads(os.environ["FOCALIST_VALUES"])
epoch = datetime.fromisoformat(values["epoch"]).replace(tzinfo=timezone.utc)
until = datetime.fromisoformat(values["until"]).replace(tzinfo=timezone.utc)
company = env.ref("base.main_company")
company.write({"vat": "US123", "report_footer": "<p>Registered in Lyon</p>"})

client = env["res.partner"].create(
    {
        "name": "End-to-end client",
        "is_company": True,
        "is_focalist_client": True,
        "focalist_company_id": company.id,
        "child_ids": [
            Command.create({"name": "Portal person", "is_focalist_coordinator": True})
        ],
    }
)
env["res.users"].with_context(no_reset_password=True).create(
    {
        "login": "portal-person",
        "password": "portal-person",
        "partner_id": client.child_ids.id,
        "group_ids": [Command.set(env.ref("base.group_portal").ids)],
    }
)
sites = env["focalist.site"].create(
    [
        {"name": f"Site {number}", "partner_id": client.id, "tz": "Europe/Paris"}
        for number in range(values["sites"])
    ]
)
contract = env["focalist.contract"].create(
    {
        "partner_id": client.id,
        "date_start": epoch.date(),
        "pricing_ids": [
            Command.create(
                {
                    "date_from": epoch.date(),
                    "price_mono": 0.004567,
                    "price_color": 0.0412,
                    "price_scan": 0.001,
                }
            )
        ],
    }
)
contract.action_activate()
agent = env["focalist.agent"].create(
    {
        "name": "End-to-end agent",
        "partner_id": client.id,
        "network_ids": [Command.create({"name": "LAN", "snmp_port": values["port"]})],
    }
)
fleet = Fleet(
    devices=values["devices"],
    sites=values["sites"],
    seed=values["seed"],
    epoch=epoch,
)
devices = env["focalist.device"]
for number, site in enumerate(sites):
    printers = [one for one in fleet.printers if one.site == number]
    first = list(fleet.reports(epoch, epoch + timedelta(hours=1), printers=printers))
    devices._ingest(first, Origin(company, "agent", site))
devices.search([])._activate(epoch.replace(tzinfo=None))
devices._ingest(
    list(fleet.reports(epoch + timedelta(hours=9), until)), Origin(company, "agent")
)
key = agent._new_enrolment_key()
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps(
        {
            "key": key,
            "devices": devices.search_count([]),
            "readings": env["focalist.meter.reading"].search_count([]),
        }
    )
)
