"""Clients with a contract each, devices, readings of March, and two accountants.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the number of `clients` and
of `devices` of each; device D of client C prints 10 + 3C + D pages a day.
"""

import json
import os
from pathlib import Path

from odoo import Command

values = json.loads(os.environ["FOCALIST_VALUES"])
env = env(context={**env.context, "tracking_disable": True})
company = env.ref("base.main_company")
model = env["focalist.device.model"]._find_or_create([("Ricoh", "MP 2555")])
model = model["Ricoh", "MP 2555"]
accountants = env["res.users"].with_context(no_reset_password=True)
accountants = accountants.create(
    [
        {
            "name": name,
            "login": name,
            "password": name,
            "group_ids": [
                Command.set(env.ref("focalist_base.group_focalist_accountant").ids)
            ],
        }
        for name in ("anna", "bob")
    ]
)
clients = env["res.partner"].create(
    [
        {
            "name": f"Client {number:05}",
            "ref": str(number),
            "is_company": True,
            "is_focalist_client": True,
            "focalist_company_id": company.id,
        }
        for number in range(values["clients"])
    ]
)
env["focalist.site"].create(
    [
        {"name": "Site", "partner_id": client.id, "tz": "Europe/Paris"}
        for client in clients
    ]
)
prices = {"date_from": "2026-01-01", "price_mono": 0.004567}
contracts = env["focalist.contract"].create(
    [
        {
            "partner_id": client.id,
            "date_start": "2026-01-01",
            "pricing_ids": [Command.create(prices)],
        }
        for client in clients
    ]
)
env.flush_all()
env.cr.execute(
    """
    INSERT INTO focalist_device (
           company_id, model_id, manufacturer_id, serial_number, serial_key, state,
           active, site_id, partner_id, create_date, last_meters)
    SELECT %(company)s, m.id, m.manufacturer_id, 'RUN' || s.id || '-' || n,
           'RUN' || s.id || '-' || n, 'active', TRUE, s.id, s.partner_id, now(),
           '{"mono": 1}'
      FROM focalist_site s
CROSS JOIN generate_series(1, %(devices)s) AS n
      JOIN focalist_device_model m ON m.id = %(model)s
     WHERE s.partner_id = ANY (%(clients)s);

    INSERT INTO focalist_device_placement (
           device_id, site_id, partner_id, company_id, start_at)
    SELECT id, site_id, partner_id, company_id, '2025-12-01'
      FROM focalist_device WHERE starts_with(serial_number, 'RUN');

    INSERT INTO focalist_meter_reading (
           placement_id, device_id, partner_id, site_id, company_id, read_at, source,
           state, uid, meter_mono)
    SELECT p.id, d.id, d.partner_id, d.site_id, d.company_id, moment, 'agent',
           'accepted', d.id || ' ' || moment,
           1000 + day * (
               10 + 3 * c.ref::int + split_part(d.serial_number, '-', 2)::int)
      FROM focalist_device d
      JOIN focalist_device_placement p ON p.device_id = d.id
      JOIN res_partner c ON c.id = d.partner_id
CROSS JOIN generate_series(
               TIMESTAMP '2026-02-27 08:00', '2026-04-02 08:00', INTERVAL '1 day')
           WITH ORDINALITY AS days(moment, day)
     WHERE starts_with(d.serial_number, 'RUN');
    """,
    {
        "company": company.id,
        "devices": values["devices"],
        "model": model.id,
        "clients": clients.ids,
    },
)
env.invalidate_all()
contracts.action_activate()
env.cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(json.dumps({"contracts": contracts.ids}))
