import itertools

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import reading_field

from ..tools.billed_meters import DEFAULT_TYPE, TYPES, counters


class FocalistStatementLine(models.Model):
    """From readings to lines: which two readings a period lies between."""

    _inherit = "focalist.statement.line"

    @api.model
    def _measure(self, periods, types=None):
        """Find the readings that each period's pages lie between.

        A device's pages are the client's for as long as it stays there without a break.
        Within a stay, the first reading is the one that closed the last statement of
        this device and meter; without one, the last before the period (or before the
        device joined the contract), else the first in it. The last one is the last in
        the period, by the clock of the site where the device stood, and no later than
        where another statement begins. So a page is billed once or never.

        Within a segment of the meter each: a period with a reset has two lines of that
        meter, and what lies between the two counters is on neither.

        :param dict periods: contract -> (first day, last day)
        :param dict types: contract -> Type, in place of that of its prices
        :return: dict contract -> list of values of its lines, prices missing;
            contracts without any are left out
        """
        if not periods:
            return {}
        self.env.flush_all()
        types = dict(types or {})
        for contract, (start, _end) in periods.items():
            if contract not in types:
                pricing = contract._pricing_at(max(start, contract.date_start))
                types[contract] = pricing.meter_type or DEFAULT_TYPE
        used = {type_: counters(TYPES[type_]) for type_ in set(types.values())}
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH period AS (
                    SELECT * FROM (VALUES %(periods)s)
                        AS v(contract_id, meter_type, first_day, last_day)
                ), counter AS (
                    SELECT * FROM (VALUES %(counters)s)
                        AS v(meter_type, meter, counter, split)
                ), member AS (%(members)s
                ), break AS MATERIALIZED (%(breaks)s
                ), bound AS (%(bounds)s)
                SELECT * FROM bound
                 ORDER BY contract_id, site_id, device_id, meter, read_from_at
                """,
                periods=SQL(", ").join(
                    SQL(
                        "(%s, %s, %s::date, %s::date)",
                        contract.id,
                        types[contract],
                        start,
                        end,
                    )
                    for contract, (start, end) in periods.items()
                ),
                counters=SQL(", ").join(
                    SQL(
                        "(%s, %s, %s, %s::text[])",
                        type_,
                        counter.meter,
                        counter.name,
                        list(counter.split),
                    )
                    for type_, some in used.items()
                    for counter in some
                ),
                members=self._measured_members(),
                breaks=self._measured_breaks(),
                bounds=SQL(" UNION ALL ").join(
                    self._bounds(counter)
                    for counter in dict.fromkeys(itertools.chain(*used.values()))
                ),
            )
        )
        lines = {}
        for row in rows:
            contract = self.env["focalist.contract"].browse(row.pop("contract_id"))
            row["pages"] = row["value_to"] - row["value_from"]
            lines.setdefault(contract, []).append(row)
        return lines

    @api.model
    def _insert(self, lines):
        """Write measured lines, all in one statement: a large run has 100,000 of them.

        What the ORM would do besides is done here: stored values that follow from the
        statement, and whose hand it was.

        :param dict lines: focalist.statement record -> list of values of its lines
        """
        rows = [
            values
            | {
                "statement_id": statement.id,
                "partner_id": statement.partner_id.id,
                "company_id": statement.company_id.id,
                "billable": values["pages"],
            }
            for statement, some in lines.items()
            for values in some
        ]
        if not rows:
            return
        names = list(rows[0])
        self.env["focalist.statement"].flush_model()
        self.env.execute_query(
            SQL(
                """
                INSERT INTO focalist_statement_line
                       (%(columns)s, cancelled, included, tiered, amount,
                        create_uid, write_uid, create_date, write_date)
                SELECT *, FALSE, 0, FALSE, 0, %(user)s, %(user)s,
                       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM unnest(%(values)s)
             RETURNING id
                """,
                columns=SQL(", ").join(map(SQL.identifier, names)),
                user=self.env.uid,
                values=SQL(", ").join(
                    SQL(
                        "%s::%s[]",
                        [row[name] for row in rows],
                        SQL.identifier(self._fields[name].column_type[0]),
                    )
                    for name in names
                ),
            )
        )
        statements = self.env["focalist.statement"].union(*lines)
        statements.invalidate_recordset(["line_ids"])
        statements.modified(["line_ids"])

    @api.model
    def _measured_members(self):
        """SQL of the devices of each period with the counters that bill them.

        The days are cut by the contract's own start and end. `stay_start` is when the
        device came to the client without having left since. A mono printer that tells
        no mono meter is billed by its total; if it was, it is until it tells one.
        """
        return SQL(
            """
            SELECT period.contract_id, c.partner_id, m.device_id, d.serial_number,
                   counter.meter, counter.counter,
                   GREATEST(period.first_day, c.date_start) AS first_day,
                   LEAST(period.last_day, c.date_end) AS last_day,
                   m.start_at, m.end_at,
                   COALESCE(stay.start_at, m.start_at) AS stay_start, c.bill_sheets
              FROM period
              JOIN counter ON counter.meter_type = period.meter_type
              JOIN focalist_contract c ON c.id = period.contract_id
              JOIN focalist_contract_device m ON m.contract_id = c.id
               AND m.start_at < period.last_day + INTERVAL '2 days'
               AND (m.end_at IS NULL
                    OR m.end_at >= period.first_day - INTERVAL '1 day')
              JOIN focalist_device d ON d.id = m.device_id
              JOIN focalist_device_model model ON model.id = d.model_id
         LEFT JOIN LATERAL (
                   SELECT MAX(p.start_at) AS start_at
                     FROM focalist_device_placement p
                    WHERE p.device_id = m.device_id AND p.partner_id = c.partner_id
                      AND p.start_at <= m.start_at
                      AND NOT EXISTS (
                          SELECT FROM focalist_device_placement earlier
                           WHERE earlier.device_id = p.device_id
                             AND earlier.partner_id = p.partner_id
                             AND earlier.end_at = p.start_at)) AS stay ON TRUE
             WHERE d.last_meters ? counter.counter
               AND (cardinality(counter.split) = 0
                    OR model.is_color IS NOT TRUE AND (
                       NOT d.last_meters ?| counter.split
                       OR EXISTS (SELECT FROM focalist_statement_line l
                                   WHERE l.device_id = d.id
                                     AND l.meter = counter.meter
                                     AND l.counter = counter.counter)))
            """
        )

    @api.model
    def _measured_breaks(self):
        """SQL of the moments at which counters of the members begin anew."""
        return SQL(
            """
            SELECT sg.device_id, sg.meter AS counter, sg.start_at
              FROM focalist_meter_segment sg
             WHERE sg.reason <> 'first'
               AND sg.device_id IN (SELECT device_id FROM member)
            """
        )

    @api.model
    def _bounds(self, counter):
        """SQL of the first and the last reading of one counter, by period and device.

        And by segment of the counter, from one break to the next. A whole counter is
        read where the reading does not split it.

        The local date of a reading is asked of the site where it was read; the plain
        bounds beside it, a day wider than any time zone, are for the index.
        """
        column = SQL.identifier(reading_field(counter.name))
        usable = [SQL("r.%s IS NOT NULL", column)]
        usable += [
            SQL("r.%s IS NULL", SQL.identifier(reading_field(name)))
            for name in counter.split
        ]
        if counter.name == "total":
            usable.append(
                SQL(
                    "(member.bill_sheets"
                    " OR COALESCE(r.raw #>> '{meter_units,total}', '') <> 'sheets')"
                )
            )
        own = SQL(
            """
              FROM focalist_meter_reading r
              JOIN focalist_site s ON s.id = r.site_id
             WHERE r.device_id = member.device_id
               AND r.partner_id = member.partner_id
               AND r.read_at >= member.stay_start
               AND r.read_at >= segment.start_at AND r.read_at < segment.end_at
               AND %s
            """,
            SQL(" AND ").join(usable),
        )
        local_day = SQL("(r.read_at AT TIME ZONE 'UTC' AT TIME ZONE s.tz)::date")
        return SQL(
            """
            SELECT member.contract_id, member.device_id, member.serial_number,
                   member.meter, member.counter, last.site_id,
                   first.id AS reading_from_id, last.id AS reading_to_id,
                   first.read_at AS read_from_at, last.read_at AS read_to_at,
                   first.value AS value_from, last.value AS value_to
              FROM member
        CROSS JOIN LATERAL (
                   SELECT start_at, LEAD(start_at, 1, 'infinity'::timestamp)
                              OVER (ORDER BY start_at) AS end_at
                     FROM (SELECT '-infinity'::timestamp AS start_at
                     UNION SELECT break.start_at FROM break
                            WHERE break.device_id = member.device_id
                              AND break.counter = member.counter) AS start
                   ) AS segment
         LEFT JOIN LATERAL (
                   SELECT l.reading_to_id AS id
                     FROM focalist_statement_line l
                     JOIN focalist_statement st ON st.id = l.statement_id
                    WHERE l.device_id = member.device_id
                      AND l.partner_id = member.partner_id
                      AND l.meter = member.meter AND l.counter = member.counter
                      AND l.cancelled IS NOT TRUE
                      AND l.read_to_at >= member.stay_start
                      AND l.read_from_at >= segment.start_at
                      AND l.read_from_at < segment.end_at
                      AND (st.date_end < member.first_day
                           OR l.read_to_at <= member.start_at)
                    ORDER BY l.read_to_at DESC LIMIT 1) AS billed ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id %(own)s
                      AND r.read_at < GREATEST(member.first_day + INTERVAL '1 day',
                                               member.start_at + INTERVAL '1 second')
                      AND (%(local_day)s < member.first_day
                           OR r.read_at <= member.start_at)
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS before ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id %(own)s
                      AND r.read_at >= GREATEST(member.first_day - INTERVAL '1 day',
                                                member.start_at)
                      AND %(local_day)s >= member.first_day
                    ORDER BY r.read_at, r.id LIMIT 1) AS within ON TRUE
              JOIN LATERAL (
                   SELECT r.id, r.read_at, r.%(column)s AS value
                     FROM focalist_meter_reading r
                    WHERE r.id = COALESCE(billed.id, before.id, within.id)
                   ) AS first ON TRUE
         LEFT JOIN LATERAL (
                   SELECT MIN(l.read_from_at) AS read_at
                     FROM focalist_statement_line l
                    WHERE l.device_id = member.device_id AND l.meter = member.meter
                      AND l.cancelled IS NOT TRUE AND l.read_from_at >= first.read_at
                   ) AS following ON TRUE
              JOIN LATERAL (
                   SELECT r.id, r.read_at, r.site_id, r.%(column)s AS value %(own)s
                      AND r.read_at > first.read_at
                      AND r.read_at < member.last_day + INTERVAL '2 days'
                      AND (member.end_at IS NULL OR r.read_at <= member.end_at)
                      AND (following.read_at IS NULL
                           OR r.read_at <= following.read_at)
                      AND %(local_day)s <= member.last_day
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS last ON TRUE
             WHERE member.meter = %(meter)s AND member.counter = %(counter)s
            """,
            own=own,
            local_day=local_day,
            column=column,
            meter=counter.meter,
            counter=counter.name,
        )
