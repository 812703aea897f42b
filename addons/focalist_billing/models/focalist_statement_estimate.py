import math
from collections import defaultdict
from fractions import Fraction

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.focalist_base.tools.meters import reading_field

from ..tools.billed_meters import counter_of

#: The daily average is that of so long before the last reading.
HISTORY = "3 months"
#: Of readings as far apart as this, at least: one busy day is no average.
HISTORY_DAYS = 7


class FocalistStatementLine(models.Model):
    """Estimates: what a device that was not read has printed, by its daily average."""

    _name = "focalist.statement.line"
    _inherit = ["focalist.statement.line"]

    estimated = fields.Boolean(
        readonly=True,
        help="No reading closes the period: the last meter is a daily average times"
        " the days. It is corrected when the device is read again.",
    )
    estimate_per_day = fields.Float(
        "Pages a day",
        digits=(16, 2),
        readonly=True,
        aggregator=None,
        help="The average of the three months before the last reading.",
    )
    estimate_days = fields.Integer("Days estimated", readonly=True, aggregator=None)

    def _estimate_note(self):
        """How the last meter was estimated, in words; empty where it was not."""
        self.ensure_one()
        if not self.estimated or not self.estimate_days:
            return ""
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        return self.env._(
            "%(average)s a day × %(days)s days",
            average=lang.format("%.2f", self.estimate_per_day, grouping=True),
            days=self.estimate_days,
        )

    @api.model
    def _estimate(self, rows):
        """Values of the lines from the last known meter to the end of the period.

        The average is of accepted readings of this very counter, of the same stay and
        segment. Where they are too few, or where one waits for a person, the device
        waits.

        :param list rows: of `_bounds`; those with `estimate_at` are estimated
        """
        waiting = [row for row in rows if row["estimate_at"]]
        averages = self._daily_averages(waiting) if waiting else {}
        lines = []
        for place, row in enumerate(waiting):
            if place not in averages:
                continue
            # As it is shown, so that whoever reads it can check it.
            per_day = Fraction(math.floor(averages[place] * 100 + Fraction(1, 2)), 100)
            pages = math.floor(per_day * row["estimate_days"] + Fraction(1, 2))
            known = "to" if row["value_to"] is not None else "from"
            lines.append(
                self._measured(
                    row
                    | {
                        "reading_from_id": row[f"reading_{known}_id"],
                        "read_from_at": row[f"read_{known}_at"],
                        "value_from": row[f"value_{known}"],
                        "reading_to_id": None,
                        "read_to_at": row["estimate_at"],
                        "value_to": row[f"value_{known}"] + pages,
                        "estimated": True,
                        "to_settle": True,
                        "estimate_per_day": float(per_day),
                    }
                )
            )
        return lines

    @api.model
    def _daily_averages(self, rows):
        """Pages a day of each row of `_bounds` that can be estimated.

        :return: dict place in `rows` -> Fraction
        """
        by_counter = defaultdict(list)
        for place, row in enumerate(rows):
            by_counter[row["meter"], row["counter"]].append(
                SQL(
                    "(%s, %s, %s, %s::timestamp, %s, %s::timestamp, %s::timestamp,"
                    " %s::timestamp)",
                    place,
                    row["device_id"],
                    row["partner_id"],
                    row["stay_start"],
                    row["bill_sheets"] or False,
                    row["segment_start"],
                    row["segment_end"],
                    row["estimate_at"],
                )
            )
        found = self.env.execute_query(
            SQL(" UNION ALL ").join(
                self._averages_of(meter, name, values)
                for (meter, name), values in by_counter.items()
            )
        )
        return {
            place: Fraction(pages * 86400, int(seconds))
            for place, pages, seconds in found
        }

    @api.model
    def _averages_of(self, meter, name, values):
        """SQL of the pages and seconds between the readings that an average is of."""
        counter = counter_of(meter, name)
        return SQL(
            """
            SELECT member.place, newest.value - oldest.value,
                   EXTRACT(EPOCH FROM newest.read_at - oldest.read_at)
              FROM (VALUES %(values)s)
                   AS member(place, device_id, partner_id, stay_start, bill_sheets,
                             segment_start, segment_end, estimate_at)
        CROSS JOIN LATERAL (SELECT member.segment_start AS start_at,
                                   member.segment_end AS end_at) AS segment
              JOIN LATERAL (
                   SELECT r.read_at, r.%(column)s AS value %(own)s
                      AND r.read_at <= member.estimate_at
                    ORDER BY r.read_at DESC, r.id DESC LIMIT 1) AS newest ON TRUE
              JOIN LATERAL (
                   SELECT r.read_at, r.%(column)s AS value %(own)s
                      AND r.read_at >= newest.read_at - %(history)s::interval
                    ORDER BY r.read_at, r.id LIMIT 1) AS oldest ON TRUE
             WHERE newest.read_at >= oldest.read_at + %(days)s * INTERVAL '1 day'
               AND NOT EXISTS (
                   SELECT FROM focalist_meter_reading q
                    WHERE q.device_id = member.device_id AND q.state = 'quarantined'
                      AND q.read_at > newest.read_at
                      AND q.read_at <= member.estimate_at
                      AND q.held #>> ARRAY[%(counter)s, 'state'] = 'quarantined')
            """,
            values=SQL(", ").join(values),
            column=SQL.identifier(reading_field(name)),
            own=self._usable_readings(counter),
            history=HISTORY,
            days=HISTORY_DAYS,
            counter=name,
        )
