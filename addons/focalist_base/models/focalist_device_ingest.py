import logging
from datetime import datetime
from itertools import islice

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.tools import SQL

from ..tools import device_report
from ..tools.identity import manufacturer_key
from ..tools.meters import METERS, reading_field
from ..tools.origin import Origin
from ..tools.place import Place
from ..tools.recordset import insert, recordset

__all__ = ["FocalistDevice", "Origin"]

_logger = logging.getLogger(__name__)

# What another attempt puts right, or no attempt with these rights.
NOT_OF_A_REPORT = (
    AccessError,
    ConcurrencyError,
    psycopg2.OperationalError,
    psycopg2.errors.UniqueViolation,
)
# So many devices of one client wait to be completed, at most: what a stolen key, or a
# wrong range, can leave to clear up.
MAX_WAITING = 2000
# What such a source brings counts only once a person has looked at it.
UNCONFIRMED_SOURCES = ("portal", "public")
# The columns of the ledger that a report fills.
READING_TYPES = {
    "device_id": "int4",
    "placement_id": "int4",
    "partner_id": "int4",
    "site_id": "int4",
    "company_id": "int4",
    "read_at": "timestamp",
    "device_read_at": "timestamp",
    "uid": "varchar",
    "source": "varchar",
    "state": "varchar",
    "held": "jsonb",
    "is_question": "bool",
    "raw": "jsonb",
    **{reading_field(meter): "int4" for meter in METERS},
}
# What people type: the device itself was not heard of.
TYPED_SOURCES = ("manual", "technician", "import", *UNCONFIRMED_SOURCES)


class FocalistDevice(models.Model):
    """The one door through which a device's state enters."""

    _inherit = "focalist.device"

    @api.model
    def _ingest(self, reports, origin):
        """Take device reports in, each once, however often it arrives.

        Called with superuser rights, after the caller has checked who brings them.
        The reports of one call succeed or fail together in the database; a report that
        is wrong is refused alone, and a meter that is wrong loses itself alone. Where
        what is known of a device makes its reports fail, they are refused alone, too.

        :param list reports: device reports as in schema 1, in any order
        :param Origin origin: who brings them
        :return: list of dict(uid, status, message) in the order of the reports; status
            is accepted, duplicate, pending (waits to be completed), ignored or
            rejected (the message says why)
        """
        # Most of what follows is written past the ORM, which asks for no rights.
        self.env["focalist.meter.reading"].check_access("create")
        try:
            with self.env.cr.savepoint():
                return self._ingest_together(reports, origin)
        except NOT_OF_A_REPORT:
            raise
        except Exception:
            if len(reports) == 1:
                _logger.exception("A device report could not be taken in.")
                uid = reports[0].get("uid") if isinstance(reports[0], dict) else None
                return [
                    self._report_result(
                        uid, "rejected", self._report_error_message("fault")
                    )
                ]
        half = len(reports) // 2
        return self._ingest(reports[:half], origin) + self._ingest(
            reports[half:], origin
        )

    @api.model
    def _ingest_together(self, reports, origin):
        """Take reports in, all of them or none; see `_ingest`."""
        results = [None] * len(reports)
        parsed = {}
        now = fields.Datetime.now()
        for position, report in enumerate(reports):
            try:
                parsed[position] = device_report.parse(report, now, origin.skew)
            except device_report.ReportError as error:
                uid = report.get("uid") if isinstance(report, dict) else None
                results[position] = self._report_result(
                    uid, "rejected", self._report_error_message(error.args[0])
                )
        devices = self._devices_of_reports(parsed.values(), origin)
        for position, report in list(parsed.items()):
            if self._report_identity(report) not in devices:
                del parsed[position]
                results[position] = self._report_result(
                    report.uid,
                    "ignored",
                    self.env._(
                        "Too many devices of this client wait to be completed: activate"
                        " or ignore those first."
                    ),
                )
        self._lock_for_ingestion(devices.values())
        known = self._known_uids(parsed.values(), devices)
        # By their moments, then by something that no order of arrival changes.
        ordered = sorted(
            parsed.items(), key=lambda item: (item[1].read_at, item[1].uid)
        )
        placements = self._placements_at(
            [(devices[self._report_identity(report)], report) for _p, report in ordered]
        )
        taken, strays = [], []
        for (position, report), placement in zip(ordered, placements, strict=True):
            device = devices[self._report_identity(report)]
            status, message = self._report_status(device, placement, report, origin)
            if (device.id, report.uid) in known:
                status, message = "duplicate", ""
            elif status == "rejected":
                strays.append((device, report))
            elif status in ("accepted", "pending"):
                # What is not taken tells nothing: who brings it may be no friend.
                known.add((device.id, report.uid))
                taken.append((device, placement, report))
            results[position] = self._report_result(report.uid, status, message)
        self._learn_color(taken)
        readings, totals, told = self._add_readings(taken, origin)
        if origin.source not in TYPED_SOURCES:
            for more in (
                self._take_tables(taken, totals, origin),
                self._take_device_state(taken, origin),
            ):
                for device, values in more.items():
                    told[device] = told.get(device, {}) | values
        for device, values in self._told_of_strays(strays, origin).items():
            told[device] = told.get(device, {}) | values
        self._write_told(told)
        # Volumes look for the meters that their devices tell.
        self.env["focalist.volume"]._refresh(readings)
        return results

    @api.model
    def _learn_color(self, taken):
        """Mark models as colour ones once a device of theirs tells so.

        A total counts as mono only where nothing is printed in colour: what bills rest
        on must not wait for somebody to tick a box.
        """
        told = self.env["focalist.device.model"].union(
            # Of one that waits, the model is a proposal.
            *(
                device.model_id
                for device, _p, report in taken
                if report.tells_color and device.state == "active"
            )
        )
        told.filtered(lambda model: not model.is_color).is_color = True

    @api.model
    def _report_status(self, device, placement, report, origin):
        """Tell what becomes of a report that is new.

        :param placement: the Place where the device stood when it was read, or None
        :return: (status, message), see `_ingest`
        """
        client_id = placement.partner_id if placement else device.partner_id.id
        if origin.partner and client_id and client_id != origin.partner.id:
            # Not whose, nor where: who asks may be a thief of the key.
            return "rejected", self.env._("This device is not this agent's: see Odoo.")
        if device.state == "to_complete":
            return "pending", ""
        if device.state != "active":
            return "ignored", ""
        if not placement:
            return "ignored", self.env._(
                "The device stood at no site at that moment: its meters are not"
                " counted."
            )
        return "accepted", ""

    @api.model
    def _report_result(self, uid, status, message=""):
        uid = uid[: device_report.MAX_UID] if isinstance(uid, str) else ""
        return {"uid": uid, "status": status, "message": message}

    @api.model
    def _report_error_message(self, code):
        """The sentence for people of a device_report.ReportError."""
        return {
            "shape": self.env._("This is no device report."),
            "size": self.env._("The report is too large to be one of a device."),
            "schema": self.env._(
                "The report's schema is not known here. Update the server."
            ),
            "uid": self.env._("The report has no uid."),
            "moment": self.env._("The report does not say when the device was read."),
            "future": self.env._(
                "The device was read in the future. Set the collector's clock."
            ),
            "model": self.env._("The device tells neither its maker nor its model."),
            "identity": self.env._(
                "The device tells neither a serial number nor a MAC address: it"
                " cannot be told from others. Add it by hand."
            ),
            "fault": self.env._(
                "The report could not be taken in. The server's log says why."
            ),
        }[code]

    @staticmethod
    def _report_identity(report):
        """What makes one device: maker and serial number, else the MAC address."""
        if report.serial_key:
            return report.manufacturer, report.serial_key
        return None, report.mac

    @api.model
    def _devices_of_reports(self, reports, origin):
        """Find the device of each report and create those never seen before.

        :return: dict identity (see _report_identity) -> focalist.device record;
            without those for which there is no room
        """
        if origin.device:
            return {self._report_identity(report): origin.device for report in reports}
        makers = self.env["focalist.manufacturer"]._by_key(
            report.manufacturer for report in reports
        )
        firsts = {}
        for report in reports:
            firsts.setdefault(self._report_identity(report), report)
        macs = {report.mac for report in reports if not report.serial_key}
        found = self.with_context(active_test=False).search(
            [
                ("company_id", "=", origin.company.id),
                "|",
                ("serial_key", "in", [r.serial_key for r in reports if r.serial_key]),
                ("mac_address", "in", list(macs)),
            ],
            order="id",
        )
        by_serial = {(d.manufacturer_id.id, d.serial_key): d for d in found}
        by_mac = self._devices_by_mac(
            found.filtered(lambda device: device.mac_address in macs), origin
        )
        devices, missing = {}, {}
        for identity, report in firsts.items():
            if report.serial_key:
                # One maker's two spellings are one device.
                maker_key = manufacturer_key(report.manufacturer)
                key = (maker_key, report.serial_key)
                maker = makers.get(maker_key)
                device = maker and by_serial.get((maker.id, report.serial_key))
            else:
                key = (None, report.mac)
                device = by_mac.get(report.mac)
            if device:
                devices[identity] = device
            else:
                missing.setdefault(key, (report, []))[1].append(identity)
        missing = list(islice(missing.values(), self._room_for_found(origin, missing)))
        models_ = self.env["focalist.device.model"]._propose(
            (report.manufacturer, report.model) for report, _identities in missing
        )
        # Its next client is not told whose collector found it first.
        finder = self.with_user(SUPERUSER_ID).with_context(tracking_disable=True)
        created = finder.create(
            [
                self._prepare_found_device(
                    report, models_[report.manufacturer, report.model], origin
                )
                for report, _identities in missing
            ]
        ).with_env(self.env)
        for device, (_report, identities) in zip(created, missing, strict=True):
            devices.update(dict.fromkeys(identities, device))
        return devices

    @api.model
    def _room_for_found(self, origin, missing):
        """How many of the missing devices may be created."""
        if not missing or not origin.partner:
            return len(missing)
        waiting = self.with_context(active_test=False).search_count(
            [("partner_id", "=", origin.partner.id), ("state", "=", "to_complete")],
            limit=MAX_WAITING,
        )
        return MAX_WAITING - waiting

    @api.model
    def _devices_by_mac(self, found, origin):
        """The device that each MAC address stands for, where no serial number is told.

        One that has no serial number; else a device whose serial number could not be
        read this time, the last one heard of. Before both what the bringer's client
        has; and of another client none that is known by its serial number.

        :return: dict MAC address -> focalist.device record
        """

        def is_open_to_it(device):
            owners = device.partner_id | device.placement_ids.partner_id
            return not device.serial_key or not owners or origin.partner in owners

        if origin.partner:
            found = found.filtered(is_open_to_it)
        return {
            device.mac_address: device
            for device in found.sorted(
                lambda d: (
                    bool(origin.partner) and d.partner_id == origin.partner,
                    not d.serial_key,
                    d.last_report_at or datetime.min,
                )
            )
        }

    @api.model
    def _prepare_found_device(self, report, model, origin):
        """Values of a device that is seen for the first time."""
        return {
            "company_id": origin.company.id,
            "model_id": model.id,
            "told_model": report.model,
            "serial_number": report.serial if report.serial_key else False,
            "mac_address": report.mac,
            "proposed_site_id": origin.site.id if origin.site else False,
            "proposed_partner_id": origin.partner.id if origin.partner else False,
        }

    def init(self):
        """Each report writes to its device's row: leave room to do it in place."""
        self.env.cr.execute(
            SQL("ALTER TABLE %s SET (fillfactor = 60)", SQL.identifier(self._table))
        )
        return super().init()

    @api.model
    def _lock_for_ingestion(self, devices):
        """Let two calls that bring reports of one device go one after the other.

        In the order of their ids, so that no two calls wait for each other.
        """
        ids = sorted({device.id for device in devices})
        if ids:
            self.env.execute_query(
                SQL(
                    "SELECT id FROM focalist_device WHERE id IN %s"
                    " ORDER BY id FOR NO KEY UPDATE",
                    tuple(ids),
                )
            )
            # What another call committed while this one waited.
            self.browse(ids).invalidate_recordset(
                [
                    "alert_count",
                    "alerts_read_at",
                    "last_meters",
                    "last_reading_at",
                    "last_report_at",
                    "partner_id",
                    "site_id",
                    "state",
                    "supplies_read_at",
                    "toner_percent",
                    "to_check",
                ]
            )

    @api.model
    def _known_uids(self, reports, devices):
        """The (device id, uid) among these reports that are in the ledger already."""
        uids = tuple({report.uid for report in reports})
        if not uids:
            return set()
        return set(
            self.env.execute_query(
                SQL(
                    "SELECT device_id, uid FROM focalist_meter_reading"
                    " WHERE device_id IN %s AND uid IN %s",
                    tuple({device.id for device in devices.values()}),
                    uids,
                )
            )
        )

    @api.model
    def _add_readings(self, taken, origin):
        """Write the ledger's rows.

        :param list taken: (device, Place, DeviceReport) in the order of their moments
        :return: (focalist.meter.reading records; dict (device, uid) -> total of
            impressions, where it counts; dict device -> values of its record)
        """
        counted = [
            (device, placement, report)
            for device, placement, report in taken
            if placement
            and device.state == "active"
            and (report.meters or report.refused)
        ]
        lines = self.env["focalist.meter.segment"]._load_lines(
            [(device, report.read_at, report.meters) for device, _p, report in counted]
        )
        by_device = {}
        for (device_id, meter), line in lines.items():
            by_device.setdefault(device_id, {})[meter] = line
        rows, moments, asking, totals = [], {}, {}, {}
        for device, placement, report in counted:
            if device not in asking:
                # The meters that a person is asked about already.
                asking[device] = {
                    meter
                    for meter, line in by_device.get(device.id, {}).items()
                    if line.held
                }
            asked = asking[device]
            accepted, held = self._check_meters(device, report, lines, origin)
            waiting = {m for m, told in held.items() if told["state"] == "quarantined"}
            rows.append(
                self._prepare_reading(device, placement, report, accepted, held)
                | {
                    "source": origin.source,
                    # One open question a meter: what follows is of the same.
                    "is_question": bool(waiting - asked)
                    or (bool(waiting) and origin.source in UNCONFIRMED_SOURCES),
                }
            )
            asked |= waiting
            if origin.source not in UNCONFIRMED_SOURCES:
                last = moments.get(device, report.read_at)
                moments[device] = max(report.read_at, last)
            totals[device, report.uid] = accepted.get("total")
        ids = insert(self.env, "focalist_meter_reading", READING_TYPES, rows)
        readings = self.env["focalist.meter.reading"].browse(ids)
        self.browse([device.id for device in asking]).invalidate_recordset(
            ["reading_ids", "reading_count"], flush=False
        )
        self.env["focalist.meter.segment"]._save_segments(lines, readings)
        told = {
            device: self._prepare_last_reading(
                device,
                by_device.get(device.id, {}),
                moments.get(device),
                bool(asked),
            )
            for device, asked in asking.items()
        }
        return readings, totals, told

    @api.model
    def _take_tables(self, taken, totals, origin):
        """Bring supplies and alerts to what devices in service told of them.

        :return: dict device -> values of its record
        """
        if origin.source in UNCONFIRMED_SOURCES:
            return {}
        told = [
            (device, placement, report)
            for device, placement, report in taken
            if device.state == "active" and placement
        ]
        values = self.env["focalist.supply"]._take(told, totals)
        for device, more in self.env["focalist.alert"]._take(told).items():
            values[device] = values.get(device, {}) | more
        return values

    @api.model
    def _prepare_last_reading(self, device, lines, read_at, to_check):
        """Values of the device that sum its ledger up.

        :param dict lines: meter -> MeterLine, of the meters that were told
        :param read_at: when it was last read; None where what came is a claim only
        :param bool to_check: a value of these readings waits for a person
        """
        meters = dict(device.last_meters or {})
        for meter, line in lines.items():
            if (last := line.last) is not None:
                meters[meter] = last
        values = self._prepare_last_meters(meters)
        if read_at:
            values["last_reading_at"] = max(read_at, device.last_reading_at or read_at)
        return values | ({"to_check": True} if to_check else {})

    @api.model
    def _prepare_last_meters(self, meters):
        """Values of the device from what its meters stand at."""
        return {
            "last_meters": meters,
            # A meter that was never told is unknown: NULL, never 0.
            "total_meter": meters.get("total"),
            "mono_meter": meters.get("mono"),
            "color_meter": meters.get("color"),
        }

    @api.model
    def _placements_at(self, reports):
        """Where each device stood when it was read.

        :param list reports: (device, DeviceReport)
        :return: list of Place, None where it stood nowhere
        """
        device_ids = tuple({device.id for device, _report in reports})
        if not device_ids:
            return []
        by_device = {}
        self.env["focalist.device.placement"].flush_model()
        for device_id, *place in self.env.execute_query(
            SQL(
                "SELECT device_id, id, partner_id, site_id, company_id, start_at,"
                " end_at FROM focalist_device_placement WHERE device_id IN %s"
                " ORDER BY start_at, id",
                device_ids,
            )
        ):
            by_device.setdefault(device_id, []).append(Place(*place))
        return [
            next(
                (
                    place
                    for place in by_device.get(device.id, ())
                    if place.start_at <= report.read_at
                    and (not place.end_at or report.read_at < place.end_at)
                ),
                None,
            )
            for device, report in reports
        ]

    @api.model
    def _check_meters(self, device, report, lines, origin):
        """Tell the meters that count from those that a person must look at.

        :param dict lines: see _load_lines; what is told is noted there
        :return: (dict meter -> value, dict meter -> {value, state, reason})
        """
        accepted, held = {}, {}
        strange = device.serial_key and report.serial_key not in (
            None,
            device.serial_key,
        )
        for meter, value in report.meters.items():
            line = lines[device.id, meter]
            origin_of_value = self._meter_origin(report.raw, meter)
            if strange:
                reason = "other_serial"
            elif origin.source in UNCONFIRMED_SOURCES:
                reason = "unconfirmed"
            else:
                reason = line.judge(report.read_at, value, *origin_of_value)
                if reason:
                    line.hold(report.read_at, value)
            if reason:
                held[meter] = {"value": value, "state": "quarantined", "reason": reason}
            else:
                line.accept(report.read_at, value, *origin_of_value)
                accepted[meter] = value
        for meter, reason in report.refused.items():
            held[meter] = {"value": None, "state": "void", "reason": reason}
        return accepted, held

    @api.model
    def _meter_origin(self, raw, meter):
        """What a report says of a meter's value: (source, unit), None if nothing."""
        told = []
        for section in ("meter_sources", "meter_units"):
            values = raw.get(section)
            value = values.get(meter) if isinstance(values, dict) else None
            told.append(value[:255] if isinstance(value, str) and value else None)
        return tuple(told)

    @api.model
    def _prepare_reading(self, device, placement, report, accepted, held):
        """Values of the ledger's row of one report, but for its source."""
        state = "accepted" if accepted else "void"
        if any(meter["state"] == "quarantined" for meter in held.values()):
            state = "quarantined"
        return {
            "device_id": device.id,
            "placement_id": placement.id,
            "partner_id": placement.partner_id,
            "site_id": placement.site_id,
            "company_id": placement.company_id,
            "read_at": report.read_at,
            "device_read_at": report.device_read_at,
            "uid": report.uid,
            "state": state,
            "held": held or None,
            "raw": report.raw,
            # A meter that was not told is unknown, and NULL: never 0.
            **{reading_field(meter): value for meter, value in accepted.items()},
        }

    @api.model
    def _take_device_state(self, taken, origin):
        """What devices said of themselves, the newest only.

        :return: dict device -> values of its record
        """
        newest = {
            device: report
            for device, placement, report in taken
            # What comes late from a former place is no news of the present one.
            if not placement or not placement.end_at
        }
        told = {}
        for device, report in newest.items():
            values = told[device] = {}
            if not device.last_report_at or report.read_at >= device.last_report_at:
                values |= self._prepare_device_state(device, report)
            if device.state == "to_complete":
                if origin.site and not device.site_id:
                    values["proposed_site_id"] = origin.site.id
                if origin.partner and not device.partner_id:
                    values["proposed_partner_id"] = origin.partner.id
        return told

    @api.model
    def _prepare_device_state(self, device, report):
        """Values of the device from its newest report; what it did not tell stays."""
        told = {
            "ip_address": report.address,
            "mac_address": report.mac,
            "hostname": report.hostname,
            "location": report.location,
            "firmware": report.firmware,
            "status": report.status,
            "console": report.console,
        }
        values = {
            field: value
            for field, value in told.items()
            if value is not None and value != device[field]
        }
        # These come and go: an empty display is news, one that was not read is none.
        for field in ("status", "console"):
            if field in report.raw and not told[field] and device[field]:
                values[field] = False
        return values | {"last_report_at": report.read_at}

    @api.model
    def _write_told(self, told):
        """Write what devices told: what stands for itself in one statement.

        What links a device to others has effects of its own, and changes rarely.

        :param dict told: device -> values of its record
        """
        devices = self.browse([device.id for device in told])
        links, facts = {}, {}
        for device, values in told.items():
            for name, value in values.items():
                if self._fields[name].relational:
                    links.setdefault((name, value), []).append(device.id)
                else:
                    facts.setdefault(name, {})[device.id] = value
        for (name, value), ids in links.items():
            self.browse(ids).with_context(tracking_disable=True).write({name: value})
        if not facts:
            return
        devices.flush_recordset(facts)
        rows = [
            {"id": device.id}
            | {
                name: values[device.id] if device.id in values else device[name]
                for name, values in facts.items()
            }
            for device in devices
        ]
        for row in rows:
            # Nothing is False on a record, and NULL in a column.
            for name in facts:
                if row[name] is False and self._fields[name].type != "boolean":
                    row[name] = None
        columns = {"id": "int4"} | {
            name: self._fields[name].column_type[0] for name in facts
        }
        self.env.execute_query(
            SQL(
                "UPDATE focalist_device d SET %s, write_date = %s, write_uid = %s"
                " FROM %s WHERE d.id = v.id RETURNING d.id",
                SQL(", ").join(
                    SQL("%s = v.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in facts
                ),
                self.env.cr.now(),
                self.env.uid,
                recordset("v", columns, rows),
            )
        )
        devices.invalidate_recordset(facts, flush=False)
        devices.modified(facts)
