import itertools
import json

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import reading_field

from ..tools.billed_meters import DEFAULT_TYPE, TYPES, counters
from ..tools.rating import Share

#: Of pages that no price is known of yet.
UNRATED = Share(price=0)


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

        A reading up to the contract's tolerance after the period closes it where none
        is as near before its end. Before all that, lines that ended in an estimate or
        in a reading that was voided since are corrected (`_settle`); after it, what no
        reading closes is estimated where the prices say so (`_estimate`).

        :param dict periods: contract -> (first day, last day)
        :param dict types: contract -> Type, in place of that of its prices
        :return: dict contract -> list of values of its lines, prices missing;
            contracts without any are left out
        """
        if not periods:
            return {}
        self.env.flush_all()
        types, missing = dict(types or {}), {}
        for contract, (start, _end) in periods.items():
            pricing = contract._pricing_at(max(start, contract.date_start))
            types.setdefault(contract, pricing.meter_type or DEFAULT_TYPE)
            missing[contract] = pricing.missing or "wait"
        used = {type_: counters(TYPES[type_]) for type_ in set(types.values())}
        corrections, ends, loose = self._settle(periods)
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH period AS (
                    SELECT * FROM (VALUES %(periods)s)
                        AS v(contract_id, meter_type, missing, first_day, last_day)
                ), settled AS (%(settled)s
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
                        "(%s, %s, %s, %s::date, %s::date)",
                        contract.id,
                        types[contract],
                        missing[contract],
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
                settled=self._settled_ends(ends, loose),
                members=self._measured_members(),
                breaks=self._measured_breaks(),
                bounds=SQL(" UNION ALL ").join(
                    self._bounds(counter)
                    for counter in dict.fromkeys(itertools.chain(*used.values()))
                ),
            )
        )
        measured = [
            # Those are the days of the estimate that goes on from here.
            self._measured(row | {"estimate_days": None})
            for row in rows
            if row["value_to"] is not None
        ]
        lines = {}
        for row in [*corrections, *measured, *self._estimate(rows)]:
            contract = self.env["focalist.contract"].browse(row.pop("contract_id"))
            lines.setdefault(contract, []).append(row)
        return lines

    @api.model
    def _measured(self, values):
        """Values of a line between two readings, from a row of `_bounds`.

        All lines are written with the same columns, whatever they are.
        """
        names = self._measured_names()
        return dict.fromkeys(names) | {
            "estimated": False,
            "to_settle": False,
            "settled_pages": 0,
            "pages": values["value_to"] - values["value_from"],
            **{name: values[name] for name in names if name in values},
        }

    @api.model
    def _measured_names(self):
        """The columns that measuring fills, and the contract."""
        return [
            *("contract_id", "device_id", "serial_number", "meter", "counter"),
            *("site_id", "reading_from_id", "reading_to_id", "read_from_at"),
            *("read_to_at", "value_from", "value_to", "pages", "estimated"),
            *("to_settle", "estimate_per_day", "estimate_days", "settles_id"),
            *("origin_id", "settled_pages"),
        ]

    @api.model
    def _numbered(self, lines):
        """Give new lines the ids that they will be written with.

        :param dict lines: focalist.statement record -> list of values of its lines
        :return: dict of the same, with `id` in the values
        """
        count = sum(map(len, lines.values()))
        if not count:
            return lines
        numbers = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"{self._table}_id_seq",
                count,
            )
        )
        ids = iter(numbers)
        return {
            statement: [values | {"id": next(ids)[0]} for values in some]
            for statement, some in lines.items()
        }

    @api.model
    def _insert(self, lines, shares=None):
        """Write measured lines, all in one statement: a large run has 100,000 of them.

        What the ORM would do besides is done here: stored values that follow from the
        statement.

        :param dict lines: focalist.statement record -> list of values of its lines
        :param dict shares: line id -> focalist_billing.tools.rating.Share, of those
            that are rated already: what is written is taken out
        """
        shares = {} if shares is None else shares
        rows = []
        for statement, some in lines.items():
            own = {
                "statement_id": statement.id,
                "partner_id": statement.partner_id.id,
                "company_id": statement.company_id.id,
            }
            rows += [
                values
                | own
                | self._shared(values["pages"], shares.pop(values.get("id"), UNRATED))
                for values in some
            ]
        if not rows:
            return
        self.env["focalist.statement"].flush_model()
        corrected = self.browse(
            [row["settles_id"] for row in rows if row["settles_id"]]
        )
        corrected._mark_settled(correcting=True)
        self.env.execute_query(
            SQL(
                """
                INSERT INTO focalist_statement_line
                       (%(columns)s, cancelled, settled)
                SELECT %(columns)s, FALSE, FALSE
                  FROM json_populate_recordset(
                       NULL::focalist_statement_line, %(rows)s)
             RETURNING id
                """,
                columns=SQL(", ").join(map(SQL.identifier, rows[0])),
                # Half the time that as many parameters would take.
                rows=json.dumps(rows, default=str),
            )
        )
        statements = self.env["focalist.statement"].union(*lines)
        statements.invalidate_recordset(["line_ids"])
        statements.modified(["line_ids"])

    @api.model
    def _shared(self, pages, share):
        """Values of what became of a line's pages."""
        return {
            "included": share.included,
            "billable": pages - share.included,
            "tiered": share.price is None,
            "price_unit": share.price or 0,
            "amount": share.amount,
        }

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
                   COALESCE(stay.start_at, m.start_at) AS stay_start, c.bill_sheets,
                   COALESCE(c.tolerance_days, 0) AS tolerance, period.missing,
                   c.date_end IS NULL OR c.date_end > period.last_day AS goes_on
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
    def _usable_readings(self, counter):
        """SQL of the readings `r` that may bill a counter.

        Of what is called `member` and `segment` where this is used.
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
        return SQL(
            """
              FROM focalist_meter_reading r
             WHERE r.device_id = member.device_id
               AND r.partner_id = member.partner_id
               AND r.read_at >= member.stay_start
               AND r.read_at >= segment.start_at AND r.read_at < segment.end_at
               AND %s
            """,
            SQL(" AND ").join(usable),
        )

    @api.model
    def _local_day(self):
        """SQL of the day of a reading `r`, by the clock of the site where it was read.

        The zone is looked up reading by reading, not joined: so the index gives the
        readings in their order, and the first that fits ends the search.
        """
        return SQL(
            """
            (r.read_at AT TIME ZONE 'UTC' AT TIME ZONE (
             SELECT s.tz FROM focalist_site s WHERE s.id = r.site_id))::date
            """
        )

    @api.model
    def _bounds(self, counter):
        """SQL of the first and the last reading of one counter, by period and device.

        And by segment of the counter, from one break to the next. A whole counter is
        read where the reading does not split it.

        The plain bounds beside a reading's local day, a day wider than any time zone,
        are for the index.
        """
        column = SQL.identifier(reading_field(counter.name))
        own = self._usable_readings(counter)
        local_day = self._local_day()
        return SQL(
            """
            SELECT member.contract_id, member.device_id, member.serial_number,
                   member.meter, member.counter,
                   COALESCE(last.site_id, first.site_id) AS site_id,
                   first.id AS reading_from_id, last.id AS reading_to_id,
                   first.read_at AS read_from_at, last.read_at AS read_to_at,
                   first.value AS value_from, last.value AS value_to,
                   member.partner_id, member.stay_start, member.bill_sheets,
                   segment.start_at AS segment_start, segment.end_at AS segment_end,
                   open.estimate_at, open.estimate_days,
                   -- A later statement than this period's corrects where it begins.
                   COALESCE(billed.moves AND NOT EXISTS (
                       SELECT %(own)s AND r.id = billed.id), FALSE) AS to_settle
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
                   SELECT l.id AS line_id, l.site_id,
                          COALESCE(settled.loose, l.to_settle AND NOT l.estimated)
                              AS moves,
                          CASE WHEN settled.line_id IS NULL THEN l.reading_to_id
                               ELSE settled.reading_id END AS id,
                          COALESCE(settled.read_at, l.read_to_at) AS read_at,
                          COALESCE(settled.value, l.value_to) AS value
                     FROM focalist_statement_line l
                -- A correction holds where what it corrects was, whenever it was made.
                LEFT JOIN focalist_statement_line origin ON origin.id = l.origin_id
                     JOIN focalist_statement st
                       ON st.id = COALESCE(origin.statement_id, l.statement_id)
                LEFT JOIN settled ON settled.line_id = l.id
                    WHERE l.device_id = member.device_id
                      AND l.partner_id = member.partner_id
                      AND l.meter = member.meter AND l.counter = member.counter
                      AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
                      AND (l.read_to_at > l.read_from_at
                           OR l.reading_to_id IS NOT NULL)
                      AND (settled.line_id IS NULL OR settled.read_at IS NOT NULL)
                      AND l.read_to_at >= member.stay_start
                      AND l.read_from_at >= segment.start_at
                      AND l.read_from_at < segment.end_at
                      AND (st.date_end < member.first_day
                           OR l.read_to_at <= member.start_at)
                    ORDER BY l.read_to_at DESC LIMIT 1) AS billed ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id %(own)s
                      AND billed.line_id IS NULL
                      AND r.read_at < GREATEST(member.first_day + INTERVAL '1 day',
                                               member.start_at + INTERVAL '1 second')
                      AND (%(local_day)s < member.first_day
                           OR r.read_at <= member.start_at)
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS before ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id %(own)s
                      AND billed.line_id IS NULL AND before.id IS NULL
                      AND r.read_at >= GREATEST(member.first_day - INTERVAL '1 day',
                                                member.start_at)
                      AND %(local_day)s >= member.first_day
                    ORDER BY r.read_at, r.id LIMIT 1) AS within ON TRUE
              JOIN LATERAL (
                   SELECT billed.id, billed.read_at, billed.value, billed.site_id
                    WHERE billed.line_id IS NOT NULL
                UNION ALL
                   SELECT r.id, r.read_at, r.%(column)s, r.site_id
                     FROM focalist_meter_reading r
                    WHERE billed.line_id IS NULL
                      AND r.id = COALESCE(before.id, within.id)
                   ) AS first ON TRUE
         LEFT JOIN LATERAL (
                   SELECT MIN(l.read_from_at) AS read_at
                     FROM focalist_statement_line l
                    WHERE l.device_id = member.device_id AND l.meter = member.meter
                      AND l.cancelled IS NOT TRUE AND l.settled IS NOT TRUE
                      AND l.read_to_at > l.read_from_at
                      AND l.read_from_at >= first.read_at
                      AND l.id NOT IN (SELECT line_id FROM settled)
                   ) AS following ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id, r.read_at, r.site_id, r.%(column)s AS value,
                          member.last_day - %(local_day)s AS days_left %(own)s
                      AND r.read_at > first.read_at
                      AND r.read_at < member.last_day + INTERVAL '2 days'
                      AND (member.end_at IS NULL OR r.read_at <= member.end_at)
                      AND (following.read_at IS NULL
                           OR r.read_at <= following.read_at)
                      AND %(local_day)s <= member.last_day
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS inside ON TRUE
         LEFT JOIN LATERAL (
                   SELECT r.id, r.read_at, r.site_id, r.%(column)s AS value %(own)s
                      AND (inside.id IS NULL OR inside.days_left > member.tolerance)
                      AND member.goes_on AND member.tolerance > 0
                      AND r.read_at > first.read_at
                      AND r.read_at >= member.last_day
                      AND r.read_at < member.last_day
                                      + (member.tolerance + 2) * INTERVAL '1 day'
                      AND (member.end_at IS NULL OR r.read_at <= member.end_at)
                      AND (following.read_at IS NULL
                           OR r.read_at <= following.read_at)
                      AND %(local_day)s > member.last_day
                      AND %(local_day)s <= member.last_day + member.tolerance
                    ORDER BY r.read_at, r.id LIMIT 1) AS late ON TRUE
        CROSS JOIN LATERAL (
                   SELECT COALESCE(late.id, inside.id) AS id,
                          COALESCE(late.read_at, inside.read_at) AS read_at,
                          COALESCE(late.site_id, inside.site_id) AS site_id,
                          COALESCE(late.value, inside.value) AS value) AS last
         LEFT JOIN LATERAL (
                   SELECT over.at AS estimate_at, over.days AS estimate_days
                     FROM (SELECT (SELECT s.tz FROM focalist_site s
                                    WHERE s.id = COALESCE(last.site_id, first.site_id)
                                  ) AS tz) AS place
               CROSS JOIN LATERAL (SELECT
                          (member.last_day + 1)::timestamp AT TIME ZONE place.tz
                              AT TIME ZONE 'UTC' - INTERVAL '1 second' AS at,
                          member.last_day
                              - (COALESCE(last.read_at, first.read_at)
                                 AT TIME ZONE 'UTC' AT TIME ZONE place.tz)::date AS days
                          ) AS over
                    WHERE member.missing = 'estimate' AND member.goes_on
                      AND following.read_at IS NULL
                      AND over.days > member.tolerance
                      AND (member.end_at IS NULL OR member.end_at > over.at)
                      AND segment.start_at <= over.at AND segment.end_at > over.at
                   ) AS open ON TRUE
             WHERE member.meter = %(meter)s AND member.counter = %(counter)s
               AND (last.id IS NOT NULL OR open.estimate_at IS NOT NULL)
            """,
            own=own,
            local_day=local_day,
            column=column,
            meter=counter.meter,
            counter=counter.name,
        )
