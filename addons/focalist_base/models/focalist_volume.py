from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.meters import (
    VOLUME_METERS,
    reading_field,
    volume_field,
)
from ..tools.plain_many2one import PlainMany2one
from ..tools.recordset import recordset

# Columns of a span: see _refreshed_spans.
SPAN_TYPES = {
    "placement_id": "int4",
    "first_day": "date",
    "last_day": "date",
    "from_at": "timestamp",
    "to_at": "timestamp",
}


class FocalistVolume(models.Model):
    """Pages of one placement on one day, by the clock of its site.

    Made from the readings and never typed: each stretch between two readings is spread
    evenly over its time, and cut at the site's midnights, so that the days of a gap
    add up to what the meter counted, to the page. What lies between two segments of a
    meter (a reset, another board) is no stretch: nobody knows its pages.
    """

    _name = "focalist.volume"
    _description = "Daily Volume"
    _inherit = ["focalist.guarded.mixin", "focalist.pages.mixin"]
    _order = "day desc, id desc"
    _rec_name = "day"

    placement_id = fields.Many2one(
        "focalist.device.placement", required=True, readonly=True, ondelete="restrict"
    )
    day = fields.Date(required=True, readonly=True)
    # What the placement refers to is not deleted while the placement stays.
    device_id = PlainMany2one(
        "focalist.device", required=True, readonly=True, index=True
    )
    model_id = fields.Many2one(
        related="device_id.model_id", groups="focalist_base.group_focalist_user"
    )
    manufacturer_id = fields.Many2one(
        related="device_id.manufacturer_id", groups="focalist_base.group_focalist_user"
    )
    # Contacts are merged: Odoo looks for those that refer to one by its foreign keys.
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="restrict"
    )
    site_id = PlainMany2one("focalist.site", required=True, readonly=True)
    company_id = PlainMany2one("res.company", required=True, readonly=True)

    _placement_day_uniq = models.UniqueIndex("(placement_id, day)")
    _partner_day_idx = models.Index("(partner_id, day)")
    _site_day_idx = models.Index("(site_id, day)")
    _company_day_idx = models.Index("(company_id, day)")

    @api.model
    def _refresh(self, readings):
        """Make the volumes around these readings anew, days and months.

        Only the days between each reading's neighbours are touched, whatever the
        length of the history.

        :param readings: focalist.meter.reading records that were added or changed
        """
        if not readings:
            return
        readings.flush_recordset()
        self.env["focalist.device"].flush_model(["last_meters"])
        meters = self._told_meters(readings)
        spans = meters and self._refreshed_spans(readings, meters)
        if not spans:
            return
        self._write_days(spans, meters)
        self.env["focalist.volume.month"]._refresh(spans, meters)
        self.invalidate_model()

    @api.model
    def _rebuild(self, sites):
        """Make all volumes of these sites anew: their days begin at another moment."""
        for model in (self, self.env["focalist.volume.month"]):
            # The caller may edit sites; nobody may edit volumes.
            model.sudo().search([("site_id", "in", sites.ids)]).unlink()
        self._refresh(
            self.env["focalist.meter.reading"]
            .sudo()
            .search([("site_id", "in", sites.ids)])
        )

    @api.model
    def _told_meters(self, readings):
        """The meters that make volumes, of those that these readings' devices tell."""
        told = self.env.execute_query(
            SQL(
                "SELECT DISTINCT jsonb_object_keys(d.last_meters)"
                " FROM focalist_meter_reading r"
                " JOIN focalist_device d ON d.id = r.device_id WHERE r.id IN %s",
                tuple(readings.ids),
            )
        )
        return [meter for meter in VOLUME_METERS if (meter,) in told]

    @api.model
    def _refreshed_spans(self, readings, meters):
        """The days that a change of these readings can touch, and what they rest on.

        :param list meters: see _told_meters
        :return: list of (placement id, first day, last day, from, to): days by the
            site's clock, and the moments (UTC) of the outermost readings needed
        """
        return self.env.execute_query(
            SQL(
                """
                WITH changed AS (
                    SELECT r.placement_id, d.last_meters AS meters,
                           MIN(r.read_at) AS first_at, MAX(r.read_at) AS last_at
                      FROM focalist_meter_reading r
                      JOIN focalist_device d ON d.id = r.device_id
                     WHERE r.id IN %(ids)s
                     GROUP BY r.placement_id, d.last_meters
                ), around AS (%(neighbours_of_changed)s
                ), touched AS (
                    SELECT a.placement_id, a.meters, s.tz,
                           MIN(a.first_at) AS first_at, MAX(a.last_at) AS last_at
                      FROM around a
                      JOIN focalist_device_placement p ON p.id = a.placement_id
                      JOIN focalist_site s ON s.id = p.site_id
                     GROUP BY a.placement_id, a.meters, s.tz
                ), days AS (
                    SELECT placement_id, meters, tz,
                           %(first_day)s AS first_day, %(last_day)s AS last_day
                      FROM touched
                ), span AS (
                    SELECT placement_id, meters, first_day, last_day,
                           first_day::timestamp AT TIME ZONE tz
                               AT TIME ZONE 'UTC' AS first_at,
                           (last_day + 1)::timestamp AT TIME ZONE tz
                               AT TIME ZONE 'UTC' AS last_at
                      FROM days
                ), reach AS (%(neighbours_of_span)s)
                SELECT span.placement_id, span.first_day, span.last_day,
                       MIN(reach.first_at), MAX(reach.last_at)
                  FROM span
                  JOIN reach ON reach.placement_id = span.placement_id
                 GROUP BY span.placement_id, span.first_day, span.last_day
                """,
                ids=tuple(readings.ids),
                first_day=self._day_of(SQL("first_at"), SQL("tz")),
                last_day=self._day_of(SQL("last_at"), SQL("tz")),
                neighbours_of_changed=self._neighbours("changed", meters),
                neighbours_of_span=self._neighbours("span", meters),
            )
        )

    @api.model
    def _day_of(self, moment, tz):
        """The day of a moment (UTC) by the clock of a time zone.

        A day that begins twice (clocks set back at midnight) begins at the second
        time: its first hour belongs to the day before.
        """
        return SQL(
            """
            (SELECT clock.day - (%(moment)s < clock.day::timestamp
                        AT TIME ZONE %(tz)s AT TIME ZONE 'UTC')::integer
               FROM (SELECT (%(moment)s AT TIME ZONE 'UTC'
                        AT TIME ZONE %(tz)s)::date AS day) AS clock)
            """,
            moment=moment,
            tz=tz,
        )

    @api.model
    def _neighbours(self, source, meters):
        """Widen the stretches of `source` to the readings just outside of them.

        Looked for meter by meter, since not every reading tells each, and only for the
        meters that the device tells at all.

        :param str source: a relation of placement_id, meters, first_at, last_at
        :param list meters: see _told_meters
        """
        return SQL(" UNION ALL ").join(
            SQL(
                """
                SELECT c.placement_id, c.meters,
                       COALESCE((SELECT MAX(p.read_at) FROM focalist_meter_reading p
                                  WHERE p.placement_id = c.placement_id
                                    AND p.read_at < c.first_at
                                    AND p.%(column)s IS NOT NULL), c.first_at
                       ) AS first_at,
                       COALESCE((SELECT MIN(n.read_at) FROM focalist_meter_reading n
                                  WHERE n.placement_id = c.placement_id
                                    AND n.read_at > c.last_at
                                    AND n.%(column)s IS NOT NULL), c.last_at
                       ) AS last_at
                  FROM %(source)s c
                 WHERE c.meters ? %(meter)s
                """,
                column=SQL.identifier(reading_field(meter)),
                meter=meter,
                source=SQL.identifier(source),
            )
            for meter in meters
        )

    @api.model
    def _write_days(self, spans, meters):
        """Write each day of the spans from the readings around it.

        The value at a midnight between readings (t0, v0) and (t1, v1) is
        v0 + floor((v1 - v0) * (midnight - t0) / (t1 - t0)); a day's pages are the
        difference between its two ends, so that no page is lost or counted twice.
        A row that stays as it is is not written.

        :param list spans: see _refreshed_spans
        :param list meters: see _told_meters
        """
        columns = SQL(", ").join(
            SQL.identifier(volume_field(meter)) for meter in meters
        )
        sums = SQL(", ").join(
            SQL(
                "SUM(pages::integer) FILTER (WHERE meter = %s) AS %s",
                meter,
                SQL.identifier(volume_field(meter)),
            )
            for meter in meters
        )
        values = SQL(", ").join(
            SQL("(%s, r.%s)", meter, SQL.identifier(reading_field(meter)))
            for meter in meters
        )
        self.env.execute_query(
            SQL(
                """
                WITH span AS (
                    SELECT v.placement_id, v.first_day, v.last_day, v.from_at, v.to_at,
                           s.tz
                      FROM %(spans)s
                      JOIN focalist_device_placement p ON p.id = v.placement_id
                      JOIN focalist_site s ON s.id = p.site_id
                ), day AS MATERIALIZED (
                    -- Once a day, and not for each stretch that touches it.
                    SELECT span.placement_id, span.first_day + d.number AS day,
                           (span.first_day + d.number)::timestamp
                               AT TIME ZONE span.tz AT TIME ZONE 'UTC' AS start_at,
                           (span.first_day + d.number + 1)::timestamp
                               AT TIME ZONE span.tz AT TIME ZONE 'UTC' AS end_at
                      FROM span
                CROSS JOIN LATERAL generate_series(
                           0, span.last_day - span.first_day) AS d(number)
                ), reading AS MATERIALIZED (
                    SELECT r.*, span.first_day, span.last_day,
                           %(read_on)s AS read_on
                      FROM span
                CROSS JOIN LATERAL (
                    SELECT r.placement_id, r.id, r.read_at, %(readings)s
                      FROM focalist_meter_reading r
                     WHERE r.placement_id = span.placement_id
                       AND r.read_at BETWEEN span.from_at AND span.to_at) AS r
                ), stretch AS (
                    SELECT r.placement_id, r.first_day, r.last_day, m.meter,
                           m.value::bigint AS v0, r.read_at AS t0, r.read_on AS on0,
                           LEAD(m.value::bigint) OVER following AS v1,
                           LEAD(r.read_at) OVER following AS t1,
                           LEAD(r.read_on) OVER following AS on1
                      FROM reading r
                CROSS JOIN LATERAL (VALUES %(values)s) AS m(meter, value)
                     WHERE m.value IS NOT NULL
                    WINDOW following AS (
                           PARTITION BY r.placement_id, m.meter
                               ORDER BY r.read_at, m.value, r.id)
                ), break AS MATERIALIZED (
                    SELECT span.placement_id, sg.meter, sg.start_at
                      FROM span
                      JOIN focalist_device_placement p ON p.id = span.placement_id
                      JOIN focalist_meter_segment sg ON sg.device_id = p.device_id
                     WHERE sg.reason <> 'first'
                ), piece AS (
                    SELECT st.placement_id, st.meter, day.day,
                           st.v0, st.v1, st.t0, st.t1,
                           GREATEST(st.t0, day.start_at) AS a,
                           LEAST(st.t1, day.end_at) AS b
                      FROM stretch st
                CROSS JOIN LATERAL generate_series(
                           GREATEST(0, st.on0 - st.first_day),
                           LEAST(st.last_day, st.on1) - st.first_day) AS d(number)
                      JOIN day ON day.placement_id = st.placement_id
                              AND day.day = st.first_day + d.number
                     WHERE st.v1 >= st.v0
                       AND NOT EXISTS (
                           SELECT FROM break
                            WHERE break.placement_id = st.placement_id
                              AND break.meter = st.meter
                              AND break.start_at > st.t0 AND break.start_at <= st.t1)
                       -- Two readings of one moment: what lies between is of its day.
                       AND CASE WHEN st.t1 = st.t0
                           THEN day.start_at <= st.t0 AND st.t0 < day.end_at
                           ELSE day.start_at < st.t1 AND st.t0 < day.end_at END
                ), counted AS (
                    -- Whole numbers, never negative: `/` rounds down.
                    SELECT placement_id, meter, day,
                           CASE WHEN t1 = t0 THEN v1 - v0 ELSE
                               (v1 - v0) * date_part('epoch', b - t0)::bigint
                                   / date_part('epoch', t1 - t0)::bigint
                             - (v1 - v0) * date_part('epoch', a - t0)::bigint
                                   / date_part('epoch', t1 - t0)::bigint
                           END AS pages
                      FROM piece
                ), summed AS (
                    -- A day without a page has no row; on one with pages, a meter
                    -- that stood still is 0 and one that was not told is unknown.
                    SELECT placement_id, day, %(sums)s
                      FROM counted
                     GROUP BY placement_id, day
                    HAVING SUM(pages) > 0
                ), removed AS (
                    DELETE FROM focalist_volume v
                          USING span
                          WHERE v.placement_id = span.placement_id
                            AND v.day BETWEEN span.first_day AND span.last_day
                            AND NOT EXISTS (
                                SELECT FROM summed
                                 WHERE summed.placement_id = v.placement_id
                                   AND summed.day = v.day)
                )
                INSERT INTO focalist_volume (
                       placement_id, day, device_id, partner_id, site_id, company_id,
                       %(columns)s)
                SELECT summed.placement_id, summed.day, p.device_id, p.partner_id,
                       p.site_id, p.company_id, %(columns)s
                  FROM summed
                  JOIN focalist_device_placement p ON p.id = summed.placement_id
                 WHERE NOT EXISTS (
                       SELECT FROM focalist_volume v
                        WHERE v.placement_id = summed.placement_id
                          AND v.day = summed.day
                          AND ROW (%(stored)s) IS NOT DISTINCT FROM ROW (%(summed)s))
                    ON CONFLICT (placement_id, day) DO UPDATE
                   SET (%(columns)s) = ROW (%(excluded)s)
             RETURNING id
                """,
                spans=recordset("v", SPAN_TYPES, spans),
                readings=SQL(", ").join(
                    SQL.identifier("r", reading_field(meter)) for meter in meters
                ),
                read_on=self._day_of(SQL("r.read_at"), SQL("span.tz")),
                values=values,
                columns=columns,
                sums=sums,
                stored=self._pages_of("v", meters),
                summed=self._pages_of("summed", meters),
                excluded=self._pages_of("excluded", meters),
            )
        )

    @api.model
    def _pages_of(self, alias, meters):
        """The columns of these meters' pages, of a relation."""
        return SQL(", ").join(
            SQL.identifier(alias, volume_field(meter)) for meter in meters
        )
