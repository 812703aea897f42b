from odoo import api, models
from odoo.tools import SQL

from ..tools.billed_meters import DEFAULT_TYPE, TYPES, counters


class FocalistStatementAnomaly(models.Model):
    """What happened to devices inside the period: moves, resets, meters that wait."""

    _name = "focalist.statement.anomaly"
    _inherit = ["focalist.statement.anomaly"]

    @api.model
    def _find_moves(self, statements):
        """Billed devices that changed place, or left the client, in the period."""
        rows = self.env.execute_query(
            SQL(
                """
                WITH billed AS (
                    SELECT l.statement_id, l.device_id, l.partner_id,
                           st.service_start, st.service_end, MAX(l.site_id) AS site_id
                      FROM focalist_statement_line l
                      JOIN focalist_statement st ON st.id = l.statement_id
                     WHERE st.id = ANY (%s)
                     GROUP BY 1, 2, 3, 4, 5
                ), place AS (
                    SELECT billed.*, p.id, p.partner_id AS stood_at, p.end_at,
                           %s AS first_day, %s AS last_day,
                           LAG(p.id) OVER history AS before_id,
                           LAG(p.partner_id) OVER history AS before_at,
                           LEAD(p.id) OVER history AS after_id
                      FROM billed
                      JOIN focalist_device_placement p ON p.device_id = billed.device_id
                      JOIN focalist_site s ON s.id = p.site_id
                    WINDOW history AS (
                           PARTITION BY billed.statement_id, billed.device_id
                               ORDER BY p.start_at)
                )
                SELECT statement_id, device_id, site_id, first_day AS day,
                       before_id AS from_id, id AS to_id
                  FROM place
                 WHERE before_id IS NOT NULL AND partner_id IN (stood_at, before_at)
                   AND first_day BETWEEN service_start AND service_end
             UNION ALL
                SELECT statement_id, device_id, site_id, last_day, id, NULL
                  FROM place
                 WHERE end_at IS NOT NULL AND after_id IS NULL AND partner_id = stood_at
                   AND last_day BETWEEN service_start AND service_end
                 ORDER BY statement_id, device_id, day
                """,
                statements.ids,
                self._local_day(SQL("p.start_at")),
                self._local_day(SQL("p.end_at")),
            )
        )
        places = self.env["focalist.device.placement"]
        found = {}
        for statement_id, device_id, site_id, day, before, after in rows:
            values = found.setdefault(
                (statement_id, device_id),
                {
                    "statement_id": statement_id,
                    "kind": "moved",
                    "device_id": device_id,
                    "site_id": site_id,
                    "figures": {"moves": []},
                },
            )
            values["figures"]["moves"].append(
                {
                    "on": day.isoformat(),
                    "from": places.browse(before).display_name,
                    "to": after and places.browse(after).display_name,
                }
            )
        return list(found.values())

    @api.model
    def _local_day(self, moment):
        """SQL of the day of a moment by the clock of the site `s`."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE s.tz)::date", moment)

    @api.model
    def _find_resets(self, statements):
        """Billed counters that began anew in the period."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.statement_id, l.device_id, l.meter, MAX(l.site_id) AS site_id,
                       sg.reason, %(day)s AS day,
                       MAX(l.value_to) FILTER (WHERE l.read_to_at < sg.start_at),
                       MIN(l.value_from) FILTER (WHERE l.read_from_at >= sg.start_at)
                  FROM focalist_statement_line l
                  JOIN focalist_statement st ON st.id = l.statement_id
                  JOIN focalist_site s ON s.id = l.site_id
                  JOIN focalist_meter_segment sg ON sg.device_id = l.device_id
                   AND sg.meter = l.counter AND sg.reason <> 'first'
                 WHERE st.id = ANY (%(ids)s) AND %(day)s <= st.service_end
                   AND (%(day)s >= st.service_start OR l.read_from_at < sg.start_at)
                 GROUP BY 1, 2, 3, 5, 6, sg.start_at
                 ORDER BY 1, 2, 3, sg.start_at
                """,
                ids=statements.ids,
                day=self._local_day(SQL("sg.start_at")),
            )
        )
        found = {}
        for statement_id, device_id, meter, site_id, reason, day, before, after in rows:
            values = found.setdefault(
                (statement_id, device_id, meter),
                {
                    "statement_id": statement_id,
                    "kind": "reset",
                    "device_id": device_id,
                    "site_id": site_id,
                    "meter": meter,
                    "figures": {"changes": []},
                },
            )
            values["figures"]["changes"].append(
                {
                    "on": day.isoformat(),
                    "reason": reason,
                    "before": before,
                    "after": after,
                }
            )
        return list(found.values())

    @api.model
    def _find_to_check(self, statements):
        """Devices of the contract with values of a billed meter in quarantine."""
        return [
            {
                "statement_id": row["statement_id"],
                "kind": "to_check",
                "device_id": row["device_id"],
                "site_id": row["site_id"],
                "figures": {
                    "since": row["since"].isoformat(),
                    "meters": row["meters"],
                },
            }
            for row in self._meters_to_check(statements)
        ]

    @api.model
    def _meters_to_check(self, statements):
        """The values of billed meters in quarantine, by statement and device.

        A total that bills nothing, since the device tells mono and colour, may wait.
        What is not written yet is not seen.

        :return: list of dict (statement_id, device_id, site_id, the day since which
            they wait, names of the counters, ids of the readings)
        """
        return self.env.execute_query_dict(
            SQL(
                """
                WITH counter AS (
                    SELECT * FROM (VALUES %(counters)s) AS v(meter_type, name, split)
                )
                SELECT st.id AS statement_id, r.device_id, MAX(r.site_id) AS site_id,
                       MIN(%(day)s) AS since,
                       array_agg(DISTINCT held.key ORDER BY held.key) AS meters,
                       array_agg(DISTINCT r.id ORDER BY r.id) AS reading_ids
                  FROM focalist_statement st
             LEFT JOIN focalist_pricing p ON p.id = st.pricing_id
                  JOIN focalist_contract_device m ON m.contract_id = st.contract_id
                  JOIN focalist_meter_reading r ON r.device_id = m.device_id
                   AND r.state = 'quarantined' AND r.partner_id = st.partner_id
                   AND r.read_at >= m.start_at
                   AND (m.end_at IS NULL OR r.read_at <= m.end_at)
                  JOIN focalist_device d ON d.id = m.device_id
                  JOIN focalist_site s ON s.id = r.site_id
            CROSS JOIN LATERAL jsonb_each(r.held) AS held
                  JOIN counter ON counter.name = held.key
                   AND counter.meter_type = COALESCE(p.meter_type, %(type)s)
                   AND NOT COALESCE(d.last_meters ?| counter.split, FALSE)
                 WHERE st.id = ANY (%(ids)s)
                   AND held.value ->> 'state' = 'quarantined'
                   AND %(day)s BETWEEN st.service_start AND st.service_end
                 GROUP BY st.id, r.device_id
                 ORDER BY st.id, r.device_id
                """,
                ids=statements.ids,
                type=DEFAULT_TYPE,
                day=self._local_day(SQL("r.read_at")),
                counters=SQL(", ").join(
                    SQL(
                        "(%s, %s, %s::text[])",
                        type_,
                        counter.name,
                        list(counter.split),
                    )
                    for type_, meters in TYPES.items()
                    for counter in counters(meters)
                ),
            )
        )
