from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.meter_field import Meter
from ..tools.meters import METERS, reading_field

# Polls are kept whole for so long, then the last of each day.
KEPT_DAYS = 14
# So many are looked at in one go.
BATCH = 2000
# What agents and files bring by themselves; what a person brings is kept.
POLLED = ("agent", "import")
# Where the device stood as it was read.
PLACE = {"placement_id", "site_id", "partner_id", "company_id"}


class FocalistMeterReading(models.Model):
    """What a device's meters said at a moment: the ledger that bills rest on.

    A meter's column holds its value only if it counts. A value that must be looked at
    by a person first (`quarantined`), or that counts no more (`void`), stands in
    `held`, so that no sum can take it by mistake; `raw` keeps the report untouched.
    """

    _name = "focalist.meter.reading"
    _description = "Meter Reading"
    _inherit = ["focalist.guarded.mixin"]
    _order = "read_at desc, id desc"
    _rec_name = "read_at"

    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    placement_id = fields.Many2one(
        "focalist.device.placement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="restrict"
    )
    site_id = fields.Many2one(
        "focalist.site", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    read_at = fields.Datetime("Read on", required=True, readonly=True)
    device_read_at = fields.Datetime(
        "Read on (collector's clock)",
        readonly=True,
        help="What the collector's clock said, before it was corrected.",
    )
    uid = fields.Char(
        "Report",
        required=True,
        readonly=True,
        help="Key of the device report: its second arrival changes nothing.",
    )
    source = fields.Selection(
        [
            ("agent", "Agent"),
            ("import", "Import"),
            ("manual", "Manual"),
            ("technician", "Technician"),
            ("portal", "Portal"),
            ("public", "Public"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("quarantined", "To check"),
            ("void", "Void"),
        ],
        required=True,
        readonly=True,
        default="accepted",
        help="To check: at least one meter waits for a person.",
    )
    held = fields.Json(
        readonly=True,
        help="Meters that do not count: {meter: {value, state, reason}}.",
    )
    is_question = fields.Boolean(
        "Asked about",
        readonly=True,
        help="The first of the values of a meter that wait: later ones are of the same"
        " question.",
    )
    kept = fields.Boolean(
        "Kept for good", readonly=True, help="Retention looked at it, and lets it be."
    )
    photo = fields.Binary(
        readonly=True,
        attachment=True,
        groups="focalist_base.group_focalist_user",
        help="The display or the printed report that the meters were read from.",
    )
    held_text = fields.Char("Not counted", compute="_compute_held_text")
    raw = fields.Json(
        "Report as received",
        readonly=True,
        groups="focalist_base.group_focalist_user",
    )

    meter_life = Meter("Life count", readonly=True, aggregator="max")
    meter_total = Meter("Total", readonly=True, aggregator="max")
    meter_mono = Meter("Mono", readonly=True, aggregator="max")
    meter_color = Meter("Colour", readonly=True, aggregator="max")
    meter_print = Meter("Print", readonly=True, aggregator="max")
    meter_print_mono = Meter("Print mono", readonly=True, aggregator="max")
    meter_print_color = Meter("Print colour", readonly=True, aggregator="max")
    meter_copy = Meter("Copy", readonly=True, aggregator="max")
    meter_copy_mono = Meter("Copy mono", readonly=True, aggregator="max")
    meter_copy_color = Meter("Copy colour", readonly=True, aggregator="max")
    meter_fax = Meter("Fax", readonly=True, aggregator="max")
    meter_fax_mono = Meter("Fax mono", readonly=True, aggregator="max")
    meter_fax_color = Meter("Fax colour", readonly=True, aggregator="max")
    meter_scan = Meter("Scan", readonly=True, aggregator="max")
    meter_scan_mono = Meter("Scan mono", readonly=True, aggregator="max")
    meter_scan_color = Meter("Scan colour", readonly=True, aggregator="max")
    meter_a4 = Meter("A4", readonly=True, aggregator="max")
    meter_a4_mono = Meter("A4 mono", readonly=True, aggregator="max")
    meter_a4_color = Meter("A4 colour", readonly=True, aggregator="max")
    meter_a3 = Meter("A3", readonly=True, aggregator="max")
    meter_a3_mono = Meter("A3 mono", readonly=True, aggregator="max")
    meter_a3_color = Meter("A3 colour", readonly=True, aggregator="max")
    meter_duplex = Meter("Duplex", readonly=True, aggregator="max")

    # What refers to a reading, and keeps it.
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

    _uid_uniq = models.UniqueIndex(
        "(device_id, uid)", "This report of the device was received already."
    )
    _device_read_at_idx = models.Index("(device_id, read_at, id)")
    _placement_read_at_idx = models.Index("(placement_id, read_at)")
    _partner_read_at_idx = models.Index("(partner_id, read_at)")
    _to_check_idx = models.Index("(company_id, read_at) WHERE state = 'quarantined'")
    _retention_idx = models.Index("(read_at) WHERE kept IS NOT TRUE")
    _device_to_check_idx = models.Index(
        "(device_id, read_at) WHERE state = 'quarantined'"
    )

    @api.depends("device_id.display_name", "read_at")
    @api.depends_context("tz")
    def _compute_display_name(self):
        for reading in self:
            moment = fields.Datetime.to_string(
                fields.Datetime.context_timestamp(reading, reading.read_at)
            )
            # A former client reads its readings, but not the device that has left; the
            # name tells nothing of where it is now.
            device = reading.device_id.sudo()
            reading.display_name = f"{device.display_name}, {moment}"

    @api.depends("held")
    @api.depends_context("lang")
    def _compute_held_text(self):
        """What does not count, and why, in words."""
        reasons = self._reason_texts()
        names = self.fields_get([reading_field(meter) for meter in METERS], ["string"])
        for reading in self:
            parts = []
            for meter, told in (reading.held or {}).items():
                name = names[reading_field(meter)]["string"]
                value = "" if told["value"] is None else f" {told['value']}"
                reason = reasons.get(told["reason"], told["reason"])
                parts.append(f"{name}{value} ({reason})")
            reading.held_text = ", ".join(parts)

    @api.model
    def _reason_texts(self):
        """Why a value does not count, in words."""
        return {
            "above_next": self.env._("higher than the next reading"),
            "follows": self.env._("follows a value to check"),
            "jumped": self.env._("far more pages than expected"),
            "not_a_count": self.env._("no number of pages"),
            "other_serial": self.env._("of another serial number"),
            "other_source": self.env._("from another source than its neighbours"),
            "too_large": self.env._("too large to be true"),
            "unconfirmed": self.env._("to be confirmed"),
            "voided": self.env._("voided"),
            "went_back": self.env._("lower than the reading before"),
        }

    def write(self, vals):
        """Readings are facts: what was read is never written over."""
        judged = {"state", "held", "is_question", "kept"}
        if "photo" in vals and not any(reading.photo for reading in self):
            judged.add("photo")
        if self.env.context.get("focalist_take_back"):
            # What was read stays; where the device stood was told wrongly.
            judged |= PLACE
        if vals.keys() - judged - {reading_field(meter) for meter in METERS}:
            raise UserError(
                self.env._(
                    "A reading is never edited. Void it with a reason and enter the"
                    " right one."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not self.env.context.get("focalist_retention"):
            raise UserError(
                self.env._("A reading is never deleted. Void it with a reason instead.")
            )

    # Retention

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
