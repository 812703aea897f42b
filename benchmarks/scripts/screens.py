"""Clients, sites, devices, and 13 months of a volume a day, by SQL where it is many.

Run in an Odoo shell by `Site.script`: FOCALIST_VALUES has the number of `clients`, of
`sites` a client, and of `devices` in all.
"""

import json
import os
from pathlib import Path

values = json.loads(os.environ["FOCALIST_VALUES"])
env = env(context={**env.context, "tracking_disable": True})
company = env.ref("base.main_company")
makers = ("Ricoh", "Canon", "Kyocera", "HP", "Xerox", "Brother")
models = env["focalist.device.model"]._find_or_create(
    [(maker, f"Model {number}") for maker in makers for number in range(5)]
)
for number, model in enumerate(models.values()):
    model.is_color = number % 3 > 0
clients = env["res.partner"].create(
    [
        {
            "name": f"Client {number:03}",
            "is_company": True,
            "is_focalist_client": True,
            "focalist_company_id": company.id,
            "focalist_prefix": f"C{number:03}",
        }
        for number in range(values["clients"])
    ]
)
sites = env["focalist.site"].create(
    [
        {"name": f"Site {number}", "partner_id": client.id, "tz": "Europe/Paris"}
        for client in clients
        for number in range(values["sites"])
    ]
)
env.flush_all()
cr = env.cr
cr.execute(
    """
    INSERT INTO focalist_device (
           company_id, model_id, manufacturer_id, serial_number, serial_key, state,
           active, site_id, partner_id, create_date, last_report_at, last_reading_at)
    SELECT %(company)s, m.id, m.manufacturer_id, 'BENCH' || n, 'BENCH' || n, 'active',
           TRUE, s.id, s.partner_id, now(), now() AT TIME ZONE 'UTC',
           now() AT TIME ZONE 'UTC'
      FROM generate_series(0, %(devices)s - 1) AS n
      JOIN focalist_site s
        ON s.id = (%(sites)s::int[])[1 + mod(n, %(site_count)s)]
      JOIN focalist_device_model m
        ON m.id = (%(models)s::int[])[1 + mod(n / 7, %(model_count)s)]
    """,
    {
        "company": company.id,
        "devices": values["devices"],
        "sites": sites.ids,
        "site_count": len(sites),
        "model_count": len(models),
        "models": [model.id for model in models.values()],
    },
)
cr.execute(
    """
    INSERT INTO focalist_device_placement (
           device_id, site_id, partner_id, company_id, start_at)
    SELECT id, site_id, partner_id, company_id, now() - INTERVAL '2 years'
      FROM focalist_device WHERE starts_with(serial_number, 'BENCH')
    """
)

# Rows are written in the order of their days, as they come in. Indexes come after, and
# foreign keys, which only what writes needs, are not looked at.
tables = ("focalist_volume", "focalist_volume_month")
cr.execute(
    """
    SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', c.conrelid::regclass, conname)
      FROM pg_constraint c
     WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])
    """,
    [list(tables)],
)
for (statement,) in cr.fetchall():
    cr.execute(statement)
cr.execute(
    """
    SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename = ANY (%s) AND indexname NOT LIKE '%%_pkey'
    """,
    [list(tables)],
)
indexes = cr.fetchall()
for name, _definition in indexes:
    cr.execute(f'DROP INDEX "{name}"')
for table in tables:
    cr.execute(f"ALTER TABLE {table} SET UNLOGGED")
cr.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '512MB'")
cr.execute(
    """
    INSERT INTO focalist_volume (
           placement_id, day, device_id, partner_id, site_id, company_id,
           pages_total, pages_mono, pages_color)
    SELECT p.id, day, p.device_id, p.partner_id, p.site_id, p.company_id,
           mono + COALESCE(color, 0), mono, color
      FROM generate_series(
               date_trunc('month', now()) - INTERVAL '12 months', now(),
               INTERVAL '1 day') AS moment
CROSS JOIN LATERAL (SELECT moment::date AS day, moment::date - DATE '2020-01-01' AS n
                   ) AS days
CROSS JOIN focalist_device_placement p
      JOIN focalist_device d ON d.id = p.device_id
      JOIN focalist_device_model m ON m.id = d.model_id
CROSS JOIN LATERAL (SELECT 10 + mod(p.id * 7 + n * 13, 80) AS mono,
                           CASE WHEN m.is_color THEN mod(p.id * 3 + n * 5, 40) END
                               AS color) AS pages
           -- Each device has days without a page.
     WHERE mod(p.id + n, 13) > 0
    """
)
days = cr.rowcount
cr.execute(
    """
    INSERT INTO focalist_volume_month (
           placement_id, month, device_id, partner_id, site_id, company_id,
           pages_total, pages_mono, pages_color)
    SELECT placement_id, date_trunc('month', day)::date AS month, device_id, partner_id,
           site_id, company_id, SUM(pages_total), SUM(pages_mono), SUM(pages_color)
      FROM focalist_volume
     GROUP BY 1, 2, 3, 4, 5, 6
     ORDER BY 2, 1
    """
)
months = cr.rowcount
for _name, definition in indexes:
    cr.execute(definition)
cr.commit()
Path(os.environ["FOCALIST_RESULT"]).write_text(
    json.dumps({"client": clients[0].id, "days": days, "months": months})
)
