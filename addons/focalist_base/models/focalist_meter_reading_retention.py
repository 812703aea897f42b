from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.meters import METERS, reading_field

# Polls are kept whole for so long, then the last of each day.
KEPT_DAYS = 14
# So many are looked at in one go.
BATCH = 2000
# What agents and files bring by themselves; what a person brings is kept.
POLLED = ("agent", "import")


class FocalistMeterReading(models.Model):
    """Which rows of the ledger stay, and which polls go."""

    _inherit = "focalist.meter.reading"

    @api.autovacuum
    def _gc_polls(self):
        """Delete polls that nothing rests on.

        Each row is looked at once: what stays is marked, and not looked at again.

        :return: (rows looked at, whether there are more)
        """
        border = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        old = self.sudo().search(
            [("read_at", "<", border), ("kept", "=", False)],
            order="read_at, id",
            limit=BATCH,
        )
        if not old:
            return 0, False
        old.flush_recordset()
        # A device that is being reported right now is for the next time.
        idle = old.device_id.try_lock_for_update(allow_referencing=True)
        old = old.filtered(lambda reading: reading.device_id in idle)
        going = self._passing_polls(old) & old
        (old - going).kept = True
        going.with_context(focalist_retention=True).unlink()
        return len(old), bool(old)

    @api.model
    def _retention_domain(self):
        """The readings that nothing refers to: a module adds what refers to them."""
        return Domain(
            [
                ("source", "in", POLLED),
                ("state", "!=", "void"),
                ("is_question", "=", False),
                ("decision_ids", "=", False),
                ("opened_placement_ids", "=", False),
                ("closed_placement_ids", "=", False),
                ("started_segment_ids", "=", False),
                ("ended_segment_ids", "=", False),
            ]
        )

    opened_placement_ids = fields.One2many(
        "focalist.device.placement",
        "opening_reading_id",
        groups="focalist_base.group_focalist_user",
    )
    closed_placement_ids = fields.One2many(
        "focalist.device.placement",
        "closing_reading_id",
        groups="focalist_base.group_focalist_user",
    )
    started_segment_ids = fields.One2many(
        "focalist.meter.segment",
        "start_reading_id",
        groups="focalist_base.group_focalist_user",
    )
    ended_segment_ids = fields.One2many(
        "focalist.meter.segment",
        "end_reading_id",
        groups="focalist_base.group_focalist_user",
    )

    @api.model
    def _passing_polls(self, readings):
        """Those of the readings of which each value is neither first nor last.

        A value must stay where it is the last of its day, by the clock of its site, or
        the first or last of its placement or segment. A value that waits behind a
        question stays where it is the last one of the day that waits.

        :return: focalist.meter.reading records that may go
        """
        stays = SQL(" OR ").join(
            SQL(
                """
                (r.%(column)s IS NOT NULL AND NOT (
                    EXISTS (
                    SELECT FROM focalist_meter_reading n
                     WHERE n.device_id = r.device_id
                       AND n.placement_id = r.placement_id
                       AND (n.read_at, n.id) > (r.read_at, r.id)
                       AND n.read_at < day.end_at
                       AND n.%(column)s IS NOT NULL
                       AND NOT EXISTS (
                           SELECT FROM focalist_meter_segment sg
                            WHERE sg.device_id = r.device_id AND sg.meter = %(meter)s
                              AND sg.reason <> 'first' AND sg.start_at > r.read_at
                              AND sg.start_at <= n.read_at))
                AND EXISTS (
                    SELECT FROM focalist_meter_reading p
                     WHERE p.device_id = r.device_id
                       AND p.placement_id = r.placement_id
                       AND (p.read_at, p.id) < (r.read_at, r.id)
                       AND p.%(column)s IS NOT NULL
                       AND NOT EXISTS (
                           SELECT FROM focalist_meter_segment sg
                            WHERE sg.device_id = r.device_id AND sg.meter = %(meter)s
                              AND sg.reason <> 'first' AND sg.start_at > p.read_at
                              AND sg.start_at <= r.read_at))))
                """,
                column=SQL.identifier(reading_field(meter)),
                meter=meter,
            )
            for meter in METERS
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id
                  FROM focalist_meter_reading r
                  JOIN focalist_site s ON s.id = r.site_id
            CROSS JOIN LATERAL (SELECT
                       ((r.read_at AT TIME ZONE 'UTC' AT TIME ZONE s.tz)::date + 1
                       )::timestamp AT TIME ZONE s.tz AT TIME ZONE 'UTC' AS end_at
                       ) AS day
                 WHERE r.id IN %(ids)s
                   AND NOT (r.state = 'quarantined' AND NOT EXISTS (
                       SELECT FROM focalist_meter_reading n
                        WHERE n.device_id = r.device_id AND n.state = 'quarantined'
                          AND n.read_at > r.read_at AND n.read_at < day.end_at))
                   AND NOT (%(stays)s)
                """,
                ids=tuple(readings.ids or [0]),
                stays=stays,
            )
        )
        return self.sudo().search(
            Domain("id", "in", [reading_id for (reading_id,) in rows])
            & self._retention_domain()
        )
