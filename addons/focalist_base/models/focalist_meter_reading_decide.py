from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.meters import METERS, reading_field

# Held for what no other reading can settle: a person must say that they count.
NOT_REJUDGED = ("unconfirmed", "other_serial")
_SECOND = timedelta(seconds=1)


class FocalistMeterReading(models.Model):
    """What people decide about readings that wait, and what follows from it."""

    _inherit = "focalist.meter.reading"

    decision_ids = fields.One2many(
        "focalist.meter.decision",
        "reading_id",
        "Decisions",
        groups="focalist_base.group_focalist_user",
    )

    is_declared = fields.Boolean(
        compute="_compute_is_declared",
        help="A declared reset or swap begins here.",
        groups="focalist_base.group_focalist_user",
    )

    def _compute_is_declared(self):
        for reading in self:
            newest = reading.decision_ids.filtered(
                lambda log: log.decision in ("reset", "swap", "undo")
            )[:1]
            reading.is_declared = newest.decision in ("reset", "swap")

    def _waiting(self):
        """The values of a reading that wait for a person: {meter: value}."""
        self.ensure_one()
        return {
            meter: told["value"]
            for meter, told in (self.held or {}).items()
            if told["state"] == "quarantined"
        }

    def _counting(self):
        """The values of a reading that count: {meter: value}."""
        self.ensure_one()
        return {
            meter: self[reading_field(meter)]
            for meter in METERS
            if self[reading_field(meter)] is not False
        }

    def _values_text(self, meters):
        names = self.fields_get([reading_field(meter) for meter in METERS], ["string"])
        return ", ".join(
            f"{names[reading_field(meter)]['string']} {value}"
            for meter, value in meters.items()
        )

    def _for_decision(self):
        """The readings, in the order of their moments, for who may decide.

        :return: readings with superuser rights: nobody has any on the ledger, but who
            looks after a device may decide about its meters
        """
        self.check_access("read")
        self.device_id.check_access("write")
        devices = self.sudo().device_id
        devices._lock_for_ingestion(devices)
        return self.sudo().sorted(lambda reading: (reading.read_at, reading.id))

    def _log_decision(self, decision, reason, meters):
        """Values of the log's row of one reading."""
        self.ensure_one()
        return {
            "reading_id": self.id,
            "device_id": self.device_id.id,
            "company_id": self.company_id.id,
            "decision": decision,
            "reason": reason,
            "meters": self._values_text(meters),
        }

    def _put(self, counting=(), held=None):
        """Let values of a reading count, or hold them.

        :param dict counting: meter -> value
        :param dict held: meter -> {value, state, reason}
        """
        self.ensure_one()
        told = {
            meter: entry
            for meter, entry in {**(self.held or {}), **(held or {})}.items()
            if meter not in counting
        }
        values = {reading_field(meter): None for meter in held or ()}
        values |= {reading_field(meter): counting[meter] for meter in counting}
        remaining = {meter for meter in self._counting() if meter not in (held or ())}
        if any(entry["state"] == "quarantined" for entry in told.values()):
            state = "quarantined"
        else:
            state = "accepted" if remaining or counting else "void"
        self.write({**values, "held": told or False, "state": state})

    # Decisions

    def _accept(self, reason):
        """Let what waits count; of a voided reading, what was voided.

        :raise UserError: where a meter would go back by it
        """
        readings = self._for_decision()
        told = {}
        for reading in readings:
            told[reading] = reading._waiting() or {
                meter: entry["value"]
                for meter, entry in (reading.held or {}).items()
                if entry["reason"] == "voided"
            }
            if not told[reading]:
                raise UserError(
                    self.env._(
                        "%(reading)s has no value to accept.",
                        reading=reading.display_name,
                    )
                )
        self.env.flush_all()
        lines = self.env["focalist.meter.segment"]._load_lines(
            [(r.device_id, r.read_at, meters) for r, meters in told.items()], held=False
        )
        for reading, meters in told.items():
            for meter, value in meters.items():
                reading._accept_value(lines, meter, value)
            reading._put(counting=meters)
        self.env["focalist.meter.segment"]._save_segments(lines, readings)
        log = [r._log_decision("accept", reason, told[r]) for r in readings]
        readings._settle(log)

    def _accept_value(self, lines, meter, value):
        """Take a value that a person lets count.

        :raise UserError: where the meter would go back by it
        """
        line = lines[self.device_id.id, meter]
        origin = self.device_id._meter_origin(self.raw or {}, meter)
        refused = line.judge(self.read_at, value, *origin, force=True)
        if refused:
            raise UserError(
                self.env._(
                    "%(reading)s: %(value)s cannot count as it is: %(reason)s. Void it,"
                    " void the reading that is wrong, or declare a reset or swap.",
                    reading=self.display_name,
                    value=self._values_text({meter: value}),
                    reason=self._reason_texts()[refused],
                )
            )
        line.accept(self.read_at, value, *origin)

    def _void(self, reason, series=False):
        """Let readings count no more: what waits in them, else all that counts.

        :param bool series: with what was held after them and does not count either
        :raise UserError: where a value was billed
        """
        readings = self._for_decision()
        log, voiding = [], set()
        for reading in readings:
            meters = reading._waiting()
            if not meters:
                meters = reading._counting()
                reading._check_unbilled(meters)
            if not meters:
                raise UserError(
                    self.env._(
                        "%(reading)s has no value to void.",
                        reading=reading.display_name,
                    )
                )
            reading._put(
                held={
                    meter: {"value": value, "state": "void", "reason": "voided"}
                    for meter, value in meters.items()
                }
            )
            log.append(reading._log_decision("void", reason, meters))
            voiding |= {(reading.device_id.id, meter) for meter in meters}
        readings._settle(log, voiding if series else (), reason)

    def _declare(self, kind, reason, end_values=None, start_values=None, at=None):
        """Begin a segment of each meter that waits: the counter was reset or swapped.

        With another board, of each meter that the reading tells. What the person knows
        of the old counter's end and the new one's start is entered as readings, so that
        the pages of the gap lie between two readings, too.

        :param str kind: reset or swap
        :param dict end_values: meter -> what the old counter stopped at
        :param dict start_values: meter -> what the new counter began with
        :param datetime at: when that was; just before the reading if left out
        """
        reading = self._for_decision()
        reading.ensure_one()
        told = reading._waiting()
        if not told:
            raise UserError(
                self.env._(
                    "%(reading)s has no value that waits.", reading=reading.display_name
                )
            )
        meters = {**reading._counting(), **told} if kind == "swap" else told
        end_values = {m: v for m, v in (end_values or {}).items() if m in meters}
        start_values = {m: v for m, v in (start_values or {}).items() if m in meters}
        at = at or reading.read_at - (2 if start_values else 1) * _SECOND
        if at + bool(start_values) * _SECOND >= reading.read_at:
            raise UserError(
                self.env._("The counter began anew before it was read: enter when.")
            )
        device = reading.device_id
        ended = reading._enter(end_values, at) if end_values else self.browse()
        start_at = {
            meter: at + _SECOND if meter in start_values else reading.read_at
            for meter in meters
        }
        self.env.flush_all()
        lines = self.env["focalist.meter.segment"]._load_lines(
            [(device, start_at[meter], {meter: meters[meter]}) for meter in meters],
            held=False,
        )
        for meter, value in meters.items():
            line = lines[device.id, meter]
            origin = device._meter_origin(reading.raw or {}, meter)
            if any(
                point[0] == start_at[meter] and point != (reading.read_at, value)
                for point in line.points
            ):
                raise UserError(
                    self.env._("Another reading of that moment counts: void it first.")
                )
            self.env["focalist.meter.segment"]._check_unbilled(
                device, meter, start_at[meter]
            )
            line.begin(start_at[meter], kind, *origin)
            if meter in told:
                reading._accept_value(lines, meter, value)
        reading._put(counting=meters)
        self.env["focalist.meter.segment"]._save_segments(lines, reading)
        segments = self.env["focalist.meter.segment"].sudo()
        for meter in meters:
            segments.search(
                [
                    ("device_id", "=", device.id),
                    ("meter", "=", meter),
                    ("start_at", "=", start_at[meter]),
                    ("reason", "=", kind),
                ]
            ).write(
                {
                    "user_id": self.env.uid,
                    "note": reason,
                    "end_reading_id": meter in end_values and ended.id,
                }
            )
        if start_values:
            started = reading._enter(start_values, at + _SECOND)
            segments.search(
                [
                    ("device_id", "=", device.id),
                    ("meter", "in", list(start_values)),
                    ("start_at", "=", started.read_at),
                ]
            ).start_reading_id = started
        reading._settle([reading._log_decision(kind, reason, meters)])

    def _undo(self, reason):
        """Take back the reset or swap that a reading was declared to begin with.

        What was counted in the new segment is judged anew, and waits again where it
        does not fit; values entered with the declaration are voided.

        :raise UserError: where something of it was billed
        """
        reading = self._for_decision()
        reading.ensure_one()
        device = reading.device_id
        segments = (
            self.env["focalist.meter.segment"]
            .sudo()
            .search(
                [
                    ("device_id", "=", device.id),
                    ("reason", "in", ("reset", "swap")),
                    ("start_at", "<=", reading.read_at),
                    "|",
                    ("end_at", "=", False),
                    ("end_at", ">", reading.read_at),
                ]
            )
        )
        if not segments:
            raise UserError(self.env._("No reset or swap begins with this reading."))
        log = [reading._log_decision("undo", reason, reading._counting())]
        changed = reading
        for segment in segments:
            within = [
                ("device_id", "=", device.id),
                ("read_at", ">=", segment.start_at),
                (reading_field(segment.meter), "!=", False),
            ]
            if segment.end_at:
                within.append(("read_at", "<", segment.end_at))
            later = self.sudo().search(within) | segment.end_reading_id
            for one in later:
                value = one._counting().get(segment.meter)
                if value is None:
                    continue
                one._check_unbilled({segment.meter: value})
                declared = one.uid.startswith("declared-")
                one._put(
                    held={
                        segment.meter: {
                            "value": value,
                            "state": "void" if declared else "quarantined",
                            "reason": "voided" if declared else "went_back",
                        }
                    }
                )
            changed |= later
            before = segments.search(
                [
                    ("device_id", "=", device.id),
                    ("meter", "=", segment.meter),
                    ("end_at", "=", segment.start_at),
                ]
            )
            before.end_at = segment.end_at
        segments.unlink()
        changed._settle(log)

    def _enter(self, meters, at):
        """Enter what a person knows of a counter, as a reading of its own.

        :return: the focalist.meter.reading record
        :raise UserError: where it does not fit the other readings
        """
        device = self.device_id
        reading = device._enter_meters(meters, at, "technician", uid_prefix="declared")
        if reading._waiting():
            reading._accept(self.env._("Declared with a reset or swap"))
        return reading

    # What follows

    def _settle(self, log, voiding=(), void_reason=""):
        """Judge what waits anew after a decision, and bring all sums up to date.

        :param list log: values of the decisions
        :param voiding: (device id, meter) of which what does not count is voided
        """
        devices = self.device_id
        self.env.flush_all()
        waiting = self.search(
            [("device_id", "in", devices.ids), ("state", "=", "quarantined")],
            order="read_at, uid",
        )
        told = {
            reading: {
                meter: entry["value"]
                for meter, entry in reading.held.items()
                if entry["state"] == "quarantined"
                and entry["reason"] not in NOT_REJUDGED
            }
            for reading in waiting
        }
        lines = self.env["focalist.meter.segment"]._load_lines(
            [(r.device_id, r.read_at, meters) for r, meters in told.items()], held=False
        )
        changed = self
        for reading, meters in told.items():
            counting, held, voided = reading._judge_anew(lines, meters, voiding)
            if voided:
                log.append(reading._log_decision("void", void_reason, voided))
            entries = {
                meter: entry
                for meter, entry in held.items()
                if entry != reading.held[meter]
            }
            if counting or entries:
                reading._put(counting, entries)
                changed |= reading
        self.env["focalist.meter.segment"]._save_segments(lines, changed)
        self.env["focalist.meter.decision"].sudo().create(log)
        self._settle_questions(waiting)
        self.env.flush_all()
        last = self.env["focalist.meter.segment"]._last_values(devices)
        for device in devices:
            # Volumes look for the meters of both: those that were, and those that are.
            device.last_meters = (device.last_meters or {}) | last[device.id]
        self.env["focalist.volume"].sudo()._refresh(changed)
        for device in devices.with_context(tracking_disable=True):
            device.write(device._prepare_last_meters(last[device.id]))

    def _judge_anew(self, lines, meters, voiding):
        """Judge the values of a reading that wait.

        :return: (values that count, what is held, values that are voided)
        """
        counting, held, voided = {}, {}, {}
        for meter, value in meters.items():
            line = lines[self.device_id.id, meter]
            origin = self.device_id._meter_origin(self.raw or {}, meter)
            why = line.judge(self.read_at, value, *origin)
            if not why:
                line.accept(self.read_at, value, *origin)
                counting[meter] = value
            elif (self.device_id.id, meter) in voiding:
                held[meter] = {"value": value, "state": "void", "reason": "voided"}
                voided[meter] = value
            else:
                line.hold(self.read_at, value)
                held[meter] = {"value": value, "state": "quarantined", "reason": why}
        return counting, held, voided

    def _settle_questions(self, waiting):
        """One open question a device and meter: the first value that waits."""
        asked = {}
        for reading in waiting:
            meters = reading._waiting()
            known = asked.setdefault(reading.device_id, set())
            typed = any(
                entry["reason"] == "unconfirmed" and entry["state"] == "quarantined"
                for entry in (reading.held or {}).values()
            )
            question = bool(meters.keys() - known) or typed
            known.update(meters)
            if reading.is_question != question:
                reading.is_question = question
        (self - waiting).filtered("is_question").is_question = False
        for device in self.device_id:
            to_check = bool(asked.get(device))
            if device.to_check != to_check:
                device.to_check = to_check

    def _check_unbilled(self, meters):
        """Raise a UserError where one of these values of a reading was billed.

        :param dict meters: meter -> value
        """
