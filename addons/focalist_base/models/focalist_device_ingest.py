from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import device_report
from ..tools.meters import METERS, reading_field


@dataclass(frozen=True)
class Origin:
    """Who brings a report, and whose devices it may speak of.

    :param company: res.company, the dealer
    :param str source: a value of focalist.meter.reading.source
    :param site: focalist.site where an unknown device is presumed to stand, if known
    :param partner: res.partner, the only client whose devices may be touched; empty
        for the dealer's own people
    :param timedelta skew: how far the bringer's clock is behind the server's
    """

    company: models.BaseModel
    source: str
    site: models.BaseModel | None = None
    partner: models.BaseModel | None = None
    skew: timedelta = timedelta()


class FocalistDevice(models.Model):
    """The one door through which a device's state enters."""

    _inherit = "focalist.device"

    @api.model
    def _ingest(self, reports, origin):
        """Take device reports in, each once, however often it arrives.

        Called with superuser rights, after the caller has checked who brings them.
        The reports of one call succeed or fail together in the database; a report that
        is wrong is refused alone, and a meter that is wrong loses itself alone.

        :param list reports: device reports as in schema 1, in any order
        :param Origin origin: who brings them
        :return: list of dict(uid, status, message) in the order of the reports; status
            is accepted, duplicate, pending (waits to be completed), ignored or
            rejected (the message says why)
        """
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
        self._lock_for_ingestion(devices.values())
        known = self._known_uids(parsed.values(), devices)
        taken = []
        for position, report in sorted(
            parsed.items(), key=lambda item: (item[1].read_at, item[0])
        ):
            device = devices[self._report_identity(report)]
            status, message = "accepted", ""
            if (device.id, report.uid) in known:
                status = "duplicate"
            elif origin.partner and device.partner_id not in (
                origin.partner,
                self.env["res.partner"],
            ):
                status = "rejected"
                message = self.env._(
                    "The device with serial number %(serial)s stands at another"
                    " client. Move it before this agent can report it.",
                    serial=report.serial,
                )
            else:
                known.add((device.id, report.uid))
                taken.append((device, report))
                if device.state == "to_complete":
                    status = "pending"
                elif device.state != "active":
                    status = "ignored"
            results[position] = self._report_result(report.uid, status, message)
        self._add_readings(taken, origin)
        self._take_device_state(taken)
        return results

    @api.model
    def _report_result(self, uid, status, message=""):
        return {"uid": uid or "", "status": status, "message": message}

    @api.model
    def _report_error_message(self, code):
        """The sentence for people of a device_report.ReportError."""
        return {
            "shape": self.env._("This is no device report."),
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

        :return: dict identity (see _report_identity) -> focalist.device record
        """
        models_ = self.env["focalist.device.model"]._find_or_create(
            (report.manufacturer, report.model) for report in reports
        )
        firsts = {}
        for report in reports:
            firsts.setdefault(self._report_identity(report), report)
        found = self.with_context(active_test=False).search(
            [
                ("company_id", "=", origin.company.id),
                "|",
                ("serial_key", "in", [r.serial_key for r in reports if r.serial_key]),
                "&",
                ("serial_key", "=", False),
                ("mac_address", "in", [r.mac for r in reports if r.mac]),
            ]
        )
        by_serial = {(d.manufacturer_id.id, d.serial_key): d for d in found}
        by_mac = {d.mac_address: d for d in found if not d.serial_key}
        devices, missing = {}, {}
        for identity, report in firsts.items():
            model = models_[report.manufacturer, report.model]
            if report.serial_key:
                # One maker's two spellings are one device.
                key = (model.manufacturer_id.id, report.serial_key)
                device = by_serial.get(key)
            else:
                key = (None, report.mac)
                device = by_mac.get(report.mac)
            if device:
                devices[identity] = device
            else:
                missing.setdefault(key, (report, model, []))[2].append(identity)
        created = self.with_context(tracking_disable=True).create(
            [
                self._prepare_found_device(report, model, origin)
                for report, model, _identities in missing.values()
            ]
        )
        for device, (_report, _model, identities) in zip(
            created, missing.values(), strict=True
        ):
            devices.update(dict.fromkeys(identities, device))
        return devices

    @api.model
    def _prepare_found_device(self, report, model, origin):
        """Values of a device that is seen for the first time."""
        return {
            "company_id": origin.company.id,
            "model_id": model.id,
            "serial_number": report.serial if report.serial_key else False,
            "mac_address": report.mac,
            "proposed_site_id": origin.site.id if origin.site else False,
        }

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
            self.browse(ids).invalidate_recordset(["last_meters", "last_reading_at"])

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
        """Write the ledger's rows and bring the volumes up to date.

        :param list taken: (device, DeviceReport) in the order of their moments
        """
        placements = self._placements_at(taken)
        bounds = self._meter_bounds(taken)
        values = []
        latest, late = {}, {}
        for position, (device, report) in enumerate(taken):
            placement = placements.get(position)
            if device.state != "active" or not placement or not report.meters:
                continue
            last = latest.setdefault(device, dict(device.last_meters or {}))
            if position in bounds:
                before, following = bounds[position]
                # Late reports of one call come one after the other, too.
                reached = late.setdefault(device, {})
                previous = before | {
                    meter: max(value, before.get(meter, 0))
                    for meter, value in reached.items()
                }
            else:
                reached = previous = last
                following = {}
            accepted, held = self._check_meters(report, previous, following)
            values.append(
                self._prepare_reading(device, placement, report, accepted, held)
                | {"source": origin.source}
            )
            reached.update(accepted)
            for meter, value in accepted.items():
                last.setdefault(meter, value)
        readings = self.env["focalist.meter.reading"].create(values)
        for device, meters in latest.items():
            device.last_meters = meters
        self.env["focalist.volume"]._refresh(readings)

    @api.model
    def _placements_at(self, taken):
        """Where each device stood when it was read.

        :return: dict position in taken -> focalist.device.placement record
        """
        device_ids = {device.id for device, _report in taken}
        by_device = {}
        for placement in self.env["focalist.device.placement"].search(
            [("device_id", "in", list(device_ids))], order="start_at"
        ):
            by_device.setdefault(placement.device_id, []).append(placement)
        found = {}
        for position, (device, report) in enumerate(taken):
            for placement in by_device.get(device, ()):
                ends = placement.end_at
                if placement.start_at <= report.read_at and (
                    not ends or report.read_at < ends
                ):
                    found[position] = placement
        return found

    @api.model
    def _meter_bounds(self, taken):
        """What a late reading must lie between.

        :return: dict position in taken -> (previous values, following values), both
            dict meter -> value, for the reports older than their device's last reading
        """
        late = [
            (position, device.id, report.read_at)
            for position, (device, report) in enumerate(taken)
            if device.last_reading_at and report.read_at <= device.last_reading_at
        ]
        if not late:
            return {}
        # A meter never falls among the readings that count, so that its value before
        # a moment is the largest before it, and after it the smallest after it.
        columns = [SQL.identifier(reading_field(meter)) for meter in METERS]
        before = SQL(", ").join(
            SQL("MAX(r.%s) FILTER (WHERE r.read_at <= l.read_at)", c) for c in columns
        )
        after = SQL(", ").join(
            SQL("MIN(r.%s) FILTER (WHERE r.read_at > l.read_at)", c) for c in columns
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT l.position, %s, %s"
                " FROM (VALUES %s) AS l(position, device_id, read_at)"
                " JOIN focalist_meter_reading r ON r.device_id = l.device_id"
                " GROUP BY l.position",
                before,
                after,
                SQL(", ").join(SQL("(%s, %s, %s::timestamp)", *row) for row in late),
            )
        )
        size = len(METERS)
        return {
            position: tuple(
                {
                    meter: value
                    for meter, value in zip(METERS, side, strict=True)
                    if value is not None
                }
                for side in (values[:size], values[size:])
            )
            for position, *values in rows
        }

    @api.model
    def _check_meters(self, report, previous, following):
        """Tell the meters that count from those that a person must look at.

        :return: (dict meter -> value, dict meter -> {value, state, reason})
        """
        accepted, held = {}, {}
        for meter, value in report.meters.items():
            if value < previous.get(meter, 0):
                reason = "went_back"
            elif value > following.get(meter, value):
                reason = "above_next"
            else:
                accepted[meter] = value
                continue
            held[meter] = {"value": value, "state": "quarantined", "reason": reason}
        for meter, reason in report.refused.items():
            held[meter] = {"value": None, "state": "void", "reason": reason}
        return accepted, held

    @api.model
    def _prepare_reading(self, device, placement, report, accepted, held):
        """Values of the ledger's row of one report, but for its source."""
        waits = any(meter["state"] == "quarantined" for meter in held.values())
        return {
            "device_id": device.id,
            "placement_id": placement.id,
            "partner_id": placement.partner_id.id,
            "site_id": placement.site_id.id,
            "company_id": placement.company_id.id,
            "read_at": report.read_at,
            "device_read_at": report.device_read_at,
            "uid": report.uid,
            "state": "quarantined" if waits else "accepted",
            "held": held or False,
            "raw": report.raw,
            # A meter that was not told is unknown, and NULL: never 0.
            **{reading_field(meter): accepted.get(meter) for meter in METERS},
        }

    @api.model
    def _take_device_state(self, taken):
        """Bring what devices said of themselves to their records, the newest only."""
        newest = {device: report for device, report in taken}
        for device, report in newest.items():
            if device.last_report_at and report.read_at < device.last_report_at:
                continue
            device.with_context(tracking_disable=True).write(
                self._prepare_device_state(device, report)
            )

    @api.model
    def _prepare_device_state(self, device, report):
        """Values of the device from its newest report; what it did not tell stays."""
        meters = device.last_meters or {}
        told = {
            "ip_address": report.address,
            "mac_address": report.mac,
            "hostname": report.hostname,
            "location": report.location,
            "firmware": report.firmware,
            "status": report.status,
            "console": report.console,
            "total_meter": meters.get("total"),
            "mono_meter": meters.get("mono"),
            "color_meter": meters.get("color"),
        }
        values = {field: value for field, value in told.items() if value is not None}
        if report.meters and device.state == "active":
            values["last_reading_at"] = report.read_at
        return values | {"last_report_at": report.read_at}
