from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.ledger import HISTORY_DAYS, JUMP_PAGES, MONTH_DAYS, MeterLine, Segment
from ..tools.meters import METERS, VOLUME_METERS, reading_field, volume_field


class FocalistMeterSegment(models.Model):
    """A stretch of one meter of one device without reset, swap or change of origin.

    Values are subtracted within a segment and never across two. A segment reaches from
    its start to that of the next; the first one reaches back without end. A reading
    belongs to the segment of its moment: no reading says so itself.

    Readings are judged within them: `_load_lines` tells what the ledger holds around
    the values to judge, `_save_segments` writes what judging has opened.
    """

    _name = "focalist.meter.segment"
    _description = "Meter Segment"
    _order = "device_id, meter, start_at desc"
    _rec_name = "meter"

    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    meter = fields.Selection(
        [
            ("life", "Life count"),
            ("total", "Total"),
            ("mono", "Mono"),
            ("color", "Colour"),
            ("print", "Print"),
            ("print_mono", "Print mono"),
            ("print_color", "Print colour"),
            ("copy", "Copy"),
            ("copy_mono", "Copy mono"),
            ("copy_color", "Copy colour"),
            ("fax", "Fax"),
            ("fax_mono", "Fax mono"),
            ("fax_color", "Fax colour"),
            ("scan", "Scan"),
            ("scan_mono", "Scan mono"),
            ("scan_color", "Scan colour"),
            ("a4", "A4"),
            ("a4_mono", "A4 mono"),
            ("a4_color", "A4 colour"),
            ("a3", "A3"),
            ("a3_mono", "A3 mono"),
            ("a3_color", "A3 colour"),
            ("duplex", "Duplex"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("first", "First reading"),
            ("reset", "Reset"),
            ("swap", "Board swap"),
            ("source", "Other source"),
            ("unit", "Other unit"),
        ],
        required=True,
        readonly=True,
        help="Why the stretch before it ended.",
    )
    start_at = fields.Datetime("From", required=True, readonly=True)
    end_at = fields.Datetime(
        "To", readonly=True, help="Where the next one starts; empty for the last one."
    )
    start_reading_id = fields.Many2one(
        "focalist.meter.reading",
        "First reading",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    end_reading_id = fields.Many2one(
        "focalist.meter.reading",
        "Old counter's end",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the counter before this one stopped at, where a person knew it.",
    )
    source = fields.Char(
        readonly=True, help="What the value is read from, such as an OID."
    )
    unit = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users", "Declared by", readonly=True, ondelete="restrict"
    )
    note = fields.Char(readonly=True)

    _start_uniq = models.UniqueIndex("(device_id, meter, start_at)")
    _first_uniq = models.UniqueIndex("(device_id, meter) WHERE reason = 'first'")
    # What volumes and bills ask: is there a break between two moments?
    _break_idx = models.Index("(device_id, meter, start_at) WHERE reason <> 'first'")

    @api.model
    def _check_unbilled(self, device, meter, at):
        """Raise a UserError where a meter was billed across a moment.

        :param device: focalist.device
        :param datetime at: naive UTC, where a segment is to begin or to end
        """

    @api.model
    def _load_lines(self, told, held=True):
        """What the ledger holds around values to judge: few queries for any number.

        :param list told: (device, moment, dict meter -> value)
        :param bool held: with the values that wait for a person
        :return: dict (device id, meter) -> MeterLine
        """
        lines = {}
        if not told:
            return lines
        devices = self.env["focalist.device"].union(
            *{device for device, _at, _meters in told}
        )
        meters = sorted({meter for _d, _at, values in told for meter in values})
        for meter in meters:
            for device in devices:
                lines[device.id, meter] = MeterLine()
        if not meters:
            return lines
        self._load_segments(lines, devices, meters)
        self._load_points(lines, told, meters)
        if held:
            self._load_held(lines, devices.sudo().filtered("to_check"))
        self._load_expected(lines, told)
        return lines

    @api.model
    def _load_segments(self, lines, devices, meters):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT device_id, meter, start_at, reason, source, unit, id
                  FROM focalist_meter_segment
                 WHERE device_id IN %s AND meter IN %s
                 ORDER BY start_at
                """,
                tuple(devices.ids),
                tuple(meters),
            )
        )
        for device_id, meter, *segment in rows:
            lines[device_id, meter].segments.append(Segment(*segment))

    @api.model
    def _load_points(self, lines, told, meters):
        """The nearest values that count on either side of each moment, by meter.

        Two steps in an index, however long the history; and for what is newer than all
        of a device's readings, one step a device.
        """
        moments = {(device.id, "infinity") for device, _at, _values in told} | {
            (device.id, at)
            for device, at, _values in told
            if device.last_reading_at and at <= device.last_reading_at
        }
        rows = self.env.execute_query(
            SQL(
                "WITH told(device_id, at) AS (VALUES %s) %s",
                SQL(", ").join(
                    SQL("(%s, %s::timestamp)", *moment)
                    for moment in sorted(moments, key=str)
                ),
                SQL(" UNION ALL ").join(
                    SQL(
                        """
                        SELECT told.device_id, %(meter)s, near.at, near.value
                          FROM told
                          JOIN focalist_device d ON d.id = told.device_id
                  CROSS JOIN LATERAL (
                       (SELECT p.read_at AS at, p.%(column)s AS value
                          FROM focalist_meter_reading p
                         WHERE p.device_id = told.device_id AND p.read_at <= told.at
                           AND p.%(column)s IS NOT NULL
                         ORDER BY p.read_at DESC, p.%(column)s DESC LIMIT 1)
                     UNION ALL
                       (SELECT n.read_at, n.%(column)s
                          FROM focalist_meter_reading n
                         WHERE told.at < 'infinity'
                           AND n.device_id = told.device_id AND n.read_at > told.at
                           AND n.%(column)s IS NOT NULL
                         ORDER BY n.read_at, n.%(column)s LIMIT 1)) AS near
                         WHERE d.last_meters ? %(meter)s OR EXISTS (
                               SELECT FROM focalist_meter_segment sg
                                WHERE sg.device_id = d.id AND sg.meter = %(meter)s)
                        """,
                        meter=meter,
                        column=SQL.identifier(reading_field(meter)),
                    )
                    for meter in meters
                ),
            )
        )
        for device_id, meter, at, value in rows:
            lines[device_id, meter].add_point(at, value)

    @api.model
    def _load_held(self, lines, devices):
        """The values that wait for a person, of the devices that have any."""
        if not devices:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.device_id, h.key, r.read_at, (h.value->>'value')::bigint
                  FROM focalist_meter_reading r
            CROSS JOIN LATERAL jsonb_each(r.held) AS h
                 WHERE r.device_id IN %s AND r.state = 'quarantined'
                   AND h.value->>'state' = 'quarantined'
                   AND h.value->>'reason' NOT IN ('unconfirmed', 'other_serial')
                """,
                tuple(devices.ids),
            )
        )
        for device_id, meter, at, value in rows:
            if (device_id, meter) in lines:
                lines[device_id, meter].hold(at, value)

    @api.model
    def _load_expected(self, lines, told):
        """The pages to expect in a day, of the devices where it may matter.

        From the last three months of the device's volumes, wherever it stood; a meter
        that has none there, from the rated monthly volume of its model.
        """
        reached = {}
        for device, at, values in told:
            for meter, value in values.items():
                line = lines[device.id, meter]
                before, _after = line.neighbours(at, line.index_at(at))
                reached.setdefault((device, meter), []).extend(
                    [value, before[1] if before else value]
                )
        devices = self.env["focalist.device"].union(
            *{
                device
                for (device, _meter), values in reached.items()
                if max(values) - min(values) > JUMP_PAGES
            }
        )
        if not devices:
            return
        for device in devices:
            rated = device.model_id.monthly_volume
            for meter in METERS if rated else ():
                if line := lines.get((device.id, meter)):
                    line.per_day = rated / MONTH_DAYS
        rows = self.env.execute_query(
            SQL(
                """
                SELECT v.device_id,
                       GREATEST(1, MAX(d.last_reading_at::date) - MIN(v.day)),
                       %s
                  FROM focalist_volume v
                  JOIN focalist_device d ON d.id = v.device_id
                 WHERE v.device_id IN %s
                   AND v.day > d.last_reading_at::date - %s::integer
                 GROUP BY v.device_id
                """,
                SQL(", ").join(
                    SQL("SUM(v.%s)", SQL.identifier(volume_field(meter)))
                    for meter in VOLUME_METERS
                ),
                tuple(devices.ids),
                HISTORY_DAYS,
            )
        )
        for device_id, days, *sums in rows:
            pages = dict(zip(VOLUME_METERS, sums, strict=True))
            pages["life"] = pages["total"]
            for meter, count in pages.items():
                line = lines.get((device_id, meter))
                if line and count is not None:
                    line.per_day = float(count) / days

    @api.model
    def _save_segments(self, lines, readings):
        """Write the segments that judging has opened or moved.

        :param dict lines: see _load_lines
        :param readings: the focalist.meter.reading records that were judged
        """
        changed = {
            key: line
            for key, line in lines.items()
            if any(segment.changed for segment in line.segments)
        }
        if not changed:
            return
        # By the value that begins it: at one moment, there may be two reports.
        at = {}
        for reading in readings:
            for meter in METERS:
                if reading[reading_field(meter)] is not False:
                    at.setdefault(
                        (reading.device_id.id, meter, reading.read_at), reading
                    )
        companies = {device.id: device.company_id.id for device in readings.device_id}
        new, moved = [], []
        for (device_id, meter), line in changed.items():
            ends = [segment.start_at for segment in line.segments[1:]] + [None]
            for segment, end_at in zip(line.segments, ends, strict=True):
                reading = at.get((device_id, meter, segment.start_at))
                row = (
                    segment.reason,
                    segment.start_at,
                    end_at,
                    reading.id if reading else None,
                    segment.source,
                    segment.unit,
                )
                if segment.id:
                    moved.append((segment.id, *row))
                else:
                    new.append((device_id, companies[device_id], meter, *row))
                segment.changed = False
        columns = SQL("reason, start_at, end_at, start_reading_id, source, unit")
        if moved:
            self.env.execute_query(
                SQL(
                    """
                    UPDATE focalist_meter_segment s
                       SET reason = v.reason, start_at = v.start_at, end_at = v.end_at,
                           start_reading_id = COALESCE(v.start_reading_id,
                                                       s.start_reading_id),
                           source = v.source, unit = v.unit
                      FROM (VALUES %s) AS v(id, %s)
                     WHERE s.id = v.id
                 RETURNING s.id
                    """,
                    SQL(", ").join(
                        SQL(
                            "(%s, %s, %s::timestamp, %s::timestamp, %s::integer,"
                            " %s, %s)",
                            *row,
                        )
                        for row in moved
                    ),
                    columns,
                )
            )
        if new:
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO focalist_meter_segment (
                           device_id, company_id, meter, %s,
                           create_uid, create_date, write_uid, write_date)
                    SELECT v.*, %s, %s, %s, %s
                      FROM (VALUES %s) AS v
                 RETURNING id
                    """,
                    columns,
                    *((self.env.uid, fields.Datetime.now()) * 2),
                    SQL(", ").join(
                        SQL(
                            "(%s, %s, %s, %s, %s::timestamp, %s::timestamp,"
                            " %s::integer, %s, %s)",
                            *row,
                        )
                        for row in new
                    ),
                )
            )
        self.invalidate_model()
        readings.device_id.invalidate_recordset(["segment_ids"])

    @api.model
    def _last_values(self, devices):
        """The value that each meter stands at, from the ledger: {device id: {…}}."""
        values = {device.id: {} for device in devices}
        if not devices:
            return values
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(
                SQL(
                    """
                    SELECT d.id, %(meter)s, last.value
                      FROM focalist_device d
              CROSS JOIN LATERAL (
                    SELECT r.%(column)s AS value
                      FROM focalist_meter_reading r
                     WHERE r.device_id = d.id AND r.%(column)s IS NOT NULL
                     ORDER BY r.read_at DESC, r.%(column)s DESC LIMIT 1) AS last
                     WHERE d.id IN %(ids)s
                    """,
                    meter=meter,
                    column=SQL.identifier(reading_field(meter)),
                    ids=tuple(devices.ids),
                )
                for meter in METERS
            )
        )
        for device_id, meter, value in rows:
            values[device_id][meter] = value
        return values
