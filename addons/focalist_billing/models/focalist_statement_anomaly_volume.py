from odoo import api, models
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import volume_field

from ..tools.billed_meters import BILLED_METERS, counters
from ..tools.rating import whole

#: So many periods are looked back to, and so many there must be.
PERIODS, ENOUGH = 6, 3
#: Those of an allowance.
LONG = 12
#: So many times what is usual, no allowance is meant to be.
ALLOWANCE_FACTOR = 10


class FocalistStatementAnomaly(models.Model):
    """Volumes and allowances against what was printed before."""

    _name = "focalist.statement.anomaly"
    _inherit = ["focalist.statement.anomaly"]

    @api.model
    def _find_volumes(self, statements):
        """Volumes far from their history, and devices that printed nothing.

        Of each device and meter, its pages a day are those of the contract's six
        statements before, of the same site where each has its own; where it is on fewer
        than three of them, those of the six months before in which it printed at this
        client; with fewer than three of these, nothing is said. Their median, which one
        odd month does not move, times the days between the two readings is what was to
        be expected. A volume is unusual that is more than three times as much, or less
        than a third, and differs by more than 500 pages (both a company's settings).
        Corrections of earlier periods are no pages of the one that has them.

        A device is idle that has no page on any meter though it had some in each of
        these periods.
        """
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH printed AS MATERIALIZED (
                    SELECT l.statement_id, l.device_id, l.meter, l.partner_id,
                           l.company_id, MIN(l.counter) AS counter,
                           MAX(l.site_id) AS site_id, SUM(l.pages) AS pages,
                           %(days)s AS days, MIN(l.read_from_at) AS from_at,
                           SUM(SUM(l.pages)) OVER (
                               PARTITION BY l.statement_id, l.device_id) AS of_device
                      FROM focalist_statement_line l
                     WHERE l.statement_id = ANY (%(ids)s) AND l.settles_id IS NULL
                     GROUP BY 1, 2, 3, 4, 5
                ), billed AS MATERIALIZED (
                    SELECT statement_id, device_id, meter, %(past)s
                      FROM (%(billed)s) AS billed
                     GROUP BY 1, 2, 3
                    HAVING COUNT(*) >= %(enough)s
                ), measured AS MATERIALIZED (
                    SELECT statement_id, device_id, meter, %(past)s
                      FROM (%(measured)s) AS measured
                     GROUP BY 1, 2, 3
                    HAVING COUNT(*) >= %(enough)s
                ), past AS (
                    SELECT *, 'statement' AS by FROM billed
                 UNION ALL
                    SELECT *, 'month' FROM measured
                ), expected AS (
                    SELECT printed.*, past.count, past.by,
                           past.median * printed.days AS pages_expected,
                           printed.of_device = 0 AND past.least > 0 AS idle
                      FROM printed
                      JOIN past USING (statement_id, device_id, meter)
                )
                SELECT expected.*
                  FROM expected
                  JOIN res_company company ON company.id = expected.company_id
                 WHERE idle
                    OR (ABS(pages - pages_expected) > company.focalist_anomaly_floor
                        AND (pages > pages_expected * company.focalist_anomaly_factor
                             OR pages * company.focalist_anomaly_factor
                                < pages_expected))
                 ORDER BY statement_id, device_id, meter
                """,
                ids=statements.ids,
                enough=ENOUGH,
                days=self._days_read(),
                past=SQL(
                    """
                    COUNT(*) AS count, MIN(rate) AS least,
                    percentile_cont(0.5) WITHIN GROUP (ORDER BY rate) AS median
                    """
                ),
                billed=self._billed_rates(statements),
                measured=self._measured_rates(),
            )
        )
        idle = {(r["statement_id"], r["device_id"]) for r in rows if r["idle"]}
        found, told = [], set()
        for row in rows:
            key = row["statement_id"], row["device_id"]
            values = {name: row[name] for name in ("statement_id", "device_id")}
            values["site_id"] = row["site_id"]
            days = round(row["days"])
            if key not in idle:
                values |= {
                    "kind": "volume",
                    "meter": row["meter"],
                    "figures": {
                        "pages": int(row["pages"]),
                        "days": days,
                        "expected": round(row["pages_expected"]),
                        "count": row["count"],
                        "by": row["by"],
                    },
                }
            elif row["idle"] and key not in told:
                told.add(key)
                values |= {
                    "kind": "idle",
                    "figures": {"days": days, "count": row["count"]},
                }
            else:
                continue
            found.append(values)
        return found

    @api.model
    def _days_read(self):
        """SQL of the days between the readings of lines, one at least."""
        return SQL(
            "GREATEST(SUM(EXTRACT(EPOCH FROM l.read_to_at - l.read_from_at))::float"
            " / 86400, 1)"
        )

    @api.model
    def _billed_rates(self, statements):
        """SQL of the pages a day on the statements before, by device and meter.

        Those of the same site or cost centre, where each has its own.
        """
        return SQL(
            """
            SELECT st.id AS statement_id, l.device_id, l.meter,
                   SUM(l.pages)::float / %s AS rate
              FROM focalist_statement st
        CROSS JOIN LATERAL (
                   SELECT o.id
                     FROM focalist_statement o
                    WHERE o.contract_id = st.contract_id AND o.charge = 'pages'
                      AND o.cancelled IS NOT TRUE AND o.date_start < st.date_start
                      AND o.site_id IS NOT DISTINCT FROM st.site_id
                      AND COALESCE(o.cost_centre, '') = COALESCE(st.cost_centre, '')
                    ORDER BY o.date_start DESC
                    LIMIT %s) AS before
              JOIN focalist_statement_line l ON l.statement_id = before.id
               AND l.settles_id IS NULL
             WHERE st.id = ANY (%s)
             GROUP BY st.id, l.device_id, l.meter, l.statement_id
            """,
            self._days_read(),
            PERIODS,
            statements.ids,
        )

    @api.model
    def _measured_rates(self):
        """SQL of the pages a day of the months before, of what `billed` has not."""
        pages = SQL("SUM(%s)", self._volume_of(SQL("p.counter")))
        return SQL(
            """
            SELECT p.statement_id, p.device_id, p.meter,
                   %(pages)s::float
                       / EXTRACT(DAY FROM v.month + INTERVAL '1 month - 1 day') AS rate
              FROM printed p
              JOIN focalist_volume_month v ON v.device_id = p.device_id
               AND v.partner_id = p.partner_id
               AND v.month < date_trunc('month', p.from_at)
               AND v.month >= date_trunc('month', p.from_at)
                              - %(periods)s * INTERVAL '1 month'
             WHERE NOT EXISTS (
                   SELECT FROM billed
                    WHERE billed.statement_id = p.statement_id
                      AND billed.device_id = p.device_id AND billed.meter = p.meter)
             GROUP BY p.statement_id, p.device_id, p.meter, v.month
            HAVING %(pages)s IS NOT NULL
            """,
            pages=pages,
            periods=PERIODS,
        )

    @api.model
    def _volume_of(self, counter):
        """SQL of the pages of a line's counter in the volume `v` of its device."""
        used = {each.name for each in counters(BILLED_METERS)}
        return SQL(
            "CASE %s %s END",
            counter,
            SQL(" ").join(
                SQL("WHEN %s THEN %s", name, SQL.identifier("v", volume_field(name)))
                for name in sorted(used)
            ),
        )

    @api.model
    def _find_allowances(self, statements):
        """Included pages that somebody may have mistyped.

        Those of all devices and pools together, by meter, against the pages of the
        contract's last twelve periods by their days: also where each site has a
        statement of its own. More than ever was printed, or ten times the median; with
        fewer than three periods before, ten times what was printed in this one. Always
        by more than 500 pages (a setting, see `_find_volumes`).
        """
        families = statements._families()
        together = statements.union(*families)._ids
        given, drafts = {}, {}
        for family in families:
            own = (family & statements).with_prefetch(together)
            first = own[:1].with_prefetch(together)
            pages = first._pages_given(family.with_prefetch(together))
            if pages:
                given[first.id], drafts[first.id] = pages, own
        if not given:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                SELECT st.id, printed.meter, printed.pages, past.count,
                       past.median * days.number, past.most * days.number
                  FROM focalist_statement st
            CROSS JOIN LATERAL (
                       SELECT st.service_end - st.service_start + 1 AS number) AS days
            CROSS JOIN LATERAL (
                       SELECT l.meter, SUM(l.pages)::bigint AS pages
                         FROM focalist_statement o
                         JOIN focalist_statement_line l ON l.statement_id = o.id
                        WHERE o.contract_id = st.contract_id
                          AND o.charge = 'pages' AND o.cancelled IS NOT TRUE
                          AND o.date_start = st.date_start
                          AND l.settles_id IS NULL
                        GROUP BY l.meter) AS printed
            CROSS JOIN LATERAL (
                       SELECT COUNT(*) AS count, MAX(rate) AS most,
                              percentile_cont(0.5) WITHIN GROUP (ORDER BY rate)
                                  AS median
                         FROM (
                           SELECT SUM(l.pages)::float
                                  / (MAX(o.service_end) - MIN(o.service_start) + 1)
                                  AS rate
                             FROM focalist_statement o
                             JOIN focalist_statement_line l ON l.statement_id = o.id
                            WHERE o.contract_id = st.contract_id
                              AND o.charge = 'pages' AND o.cancelled IS NOT TRUE
                              AND o.date_start < st.date_start
                              AND l.meter = printed.meter
                              AND l.settles_id IS NULL
                            GROUP BY o.date_start
                            ORDER BY o.date_start DESC
                            LIMIT %s) AS rates) AS past
                 WHERE st.id = ANY (%s)
                """,
                LONG,
                list(given),
            )
        )
        found = []
        for statement_id, meter, printed, count, median, most in rows:
            included = given[statement_id].get(meter, 0)
            own = drafts[statement_id]
            if count >= ENOUGH:
                usual, most = round(median), max(round(most), printed)
                odd = included > most or included >= ALLOWANCE_FACTOR * usual
            else:
                count, usual, most = 0, printed, printed
                odd = included >= ALLOWANCE_FACTOR * printed
            if not odd or included - usual <= own.company_id.focalist_anomaly_floor:
                continue
            # Each of their invoices has a part of it.
            found += [
                {
                    "statement_id": statement.id,
                    "kind": "allowance",
                    "meter": meter,
                    "figures": {
                        "included": included,
                        "usual": usual,
                        "most": most,
                        "count": count,
                    },
                }
                for statement in own
                if meter in statement.line_ids.mapped("meter")
            ]
        return found


class FocalistStatement(models.Model):
    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _pages_given(self, family):
        """The pages that its prices include in the period.

        :param family: the statements that are rated with it
        :return: dict meter -> pages
        """
        self.ensure_one()
        pricing, contract = self.pricing_id, self.contract_id
        if not pricing.has_allowance or pricing.model not in ("simple", "device"):
            return {}
        lines = family.line_ids.filtered(lambda line: not line.settles_id)
        places = {line.device_id.id: line.site_id.id for line in lines}
        prices = pricing._prices(places)
        months = contract._months(self.service_start, self.service_end)
        presence = contract._presence(self.service_start, self.service_end)
        given = {}
        pooled = set()
        for pool in prices.pools:
            pooled |= pool.devices
            for meter, pages in pool.included.items():
                given[meter] = given.get(meter, 0) + whole(pages * months)
        # Once each: a reset or an estimate is a line of its own.
        for device, meter in {(line.device_id, line.meter) for line in lines}:
            if device.id in pooled:
                continue
            rates = prices.of_device.get(
                device.id, prices.of_model.get(device.model_id.id, prices.default)
            )
            pages = rates.included.get(meter, 0)
            part = presence.get(device.id, 1)
            given[meter] = given.get(meter, 0) + whole(pages * months * part)
        return {meter: pages for meter, pages in given.items() if pages}
