"""A client with active devices and an agent; readings' rows to create over RPC.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the number of `reports`.
"""

import json
import os
from datetime import datetime
from pathlib import Path

count = json.loads(os.environ["FOCALIST_VALUES"])["reports"]
company = env.ref("base.main_company")
client = env["res.partner"].create(
    {
        "name": "Bench",
        "is_company": True,
        "is_focalist_client": True,
        "focalist_company_id": company.id,
    }
)
site = env["focalist.site"].create({"name": "Bench", "partner_id": client.id})
models = env["focalist.device.model"]._find_or_create([("Ricoh", "MP C4503")])
devices = env["focalist.device"].create(
    [
        {
            "company_id": company.id,
            "model_id": models["Ricoh", "MP C4503"].id,
            "serial_number": f"BENCH{number:05}",
            "proposed_site_id": site.id,
        }
        for number in range(count)
    ]
)
devices._activate(datetime(2020, 1, 1))
agent = env["focalist.agent"].create({"name": "Bench", "partner_id": client.id})
key = agent._new_enrolment_key()
# Nobody may create readings but the superuser, whom no access rule slows down: the
# peer of this benchmark.
peer = env.ref("base.user_root")
peer.password = "bench"
env.flush_all()
env.cr.execute("UPDATE res_users SET active = TRUE WHERE id = %s", [peer.id])
env.cr.commit()
rows = [
    {
        "device_id": device.id,
        "placement_id": device.placement_ids.id,
        "partner_id": client.id,
        "site_id": site.id,
        "company_id": company.id,
        "read_at": "2021-01-01 10:00:00",
        "source": "agent",
        "meter_life": 1009,
        "meter_total": 1000,
        "meter_mono": 1000,
        "meter_color": 0,
    }
    for device in devices
]
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps({"key": key, "user": peer.id, "rows": rows})
)
