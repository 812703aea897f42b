import hashlib

from odoo import api, fields, models

from ..tools.device_report import SCHEMA
from ..tools.identity import mac_key, manufacturer_key, serial_key
from ..tools.meters import METERS, reading_field
from ..tools.origin import Origin
from ..tools.sheet_values import cell_text, parse_count, parse_moment


class FocalistImport(models.TransientModel):
    """Meters from a file: each row is a report, and goes through the one door."""

    _name = "focalist.import"
    _inherit = ["focalist.import"]

    @api.model
    def _labels_meters(self):
        told = self.env["focalist.meter.reading"].fields_get(
            [reading_field(meter) for meter in METERS], ["string"]
        )
        return {
            "serial": self.env._("Serial number"),
            "manufacturer": self.env._("Manufacturer"),
            "mac": self.env._("MAC address"),
            "read_at": self.env._("Read on"),
            **{meter: told[reading_field(meter)]["string"] for meter in METERS},
        }

    @api.model
    def _aliases_meters(self):
        return {
            "serial": ("serial", "serial no", "s/n", "numéro de série", "n° de série"),
            "manufacturer": ("maker", "brand", "fabricant", "marque", "constructeur"),
            "mac": ("mac", "adresse mac"),
            "read_at": ("date", "date time", "moment", "relevé le", "date du relevé"),
            **dict.fromkeys(METERS, ()),
            "mono": ("black", "noir", "n&b", "monochrome"),
            "color": ("colour", "couleur"),
        }

    @api.model
    def _required_meters(self):
        return ("serial", "read_at")

    def _check_meters(self, rows):
        """Find out what becomes of each row; in a fixed number of queries."""
        devices = self._devices_by_serial(rows)
        makers = self.env["focalist.manufacturer"]._by_key(
            cell_text(row.told.get("manufacturer")) for row in rows
        )
        labels = self._labels("meters")
        now = fields.Datetime.now()
        for row in rows:
            device = self._device_of(row, devices, makers)
            if device:
                at = self._moment_of(row, device, now)
                meters = self._meters_of(row, labels)
                row.values = (device, at, meters)
        seen = {}
        for row in rows:
            if row.status == "error":
                continue
            device, at, _meters = row.values
            first = seen.setdefault((device, at), row)
            if first is not row:
                row.refuse(
                    self.env._(
                        "Row %(row)s is of the same device and moment.",
                        row=first.number,
                    )
                )
        self._mark_known([row for row in rows if row.status != "error"])

    def _devices_by_serial(self, rows):
        """The dealer's devices, by what rows may name them.

        :return: dict serial or MAC key -> list of focalist.device
        """
        keys = [serial_key(cell_text(row.told.get("serial"))) for row in rows]
        macs = [mac_key(cell_text(row.told.get("mac"))) for row in rows]
        found = self.env["focalist.device"].search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("serial_key", "in", [key for key in keys if key]),
                ("mac_address", "in", [mac for mac in macs if mac]),
            ]
        )
        devices = {}
        for device in found:
            devices.setdefault(device.serial_key or device.mac_address, []).append(
                device
            )
        return devices

    def _device_of(self, row, devices, makers):
        serial = cell_text(row.told.get("serial"))
        key = serial_key(serial) or mac_key(cell_text(row.told.get("mac")))
        found = devices.get(key, [])
        maker = manufacturer_key(cell_text(row.told.get("manufacturer")))
        if maker and found:
            found = [d for d in found if d.manufacturer_id == makers.get(maker)]
        if not found:
            row.refuse(
                self.env._(
                    "There is no device with the serial number %(serial)s.",
                    serial=serial or "?",
                )
            )
            return None
        if len(found) > 1:
            row.refuse(
                self.env._(
                    "Devices of several manufacturers have this serial number: add the"
                    " column Manufacturer."
                )
            )
            return None
        if found[0].state != "active":
            row.refuse(
                self.env._(
                    "%(device)s is not in service: it has no readings.",
                    device=found[0].display_name,
                )
            )
            return None
        return found[0]

    def _moment_of(self, row, device, now):
        text = cell_text(row.told.get("read_at"))
        try:
            at = parse_moment(
                row.told.get("read_at"), self.date_order, device.site_id.tz
            )
        except ValueError:
            row.refuse(self.env._("%(text)s is no date.", text=text))
            return None
        if not at:
            row.refuse(self.env._("The date is missing."))
        elif at > now:
            row.refuse(self.env._("The device was read in the future."))
        elif not any(
            placement.start_at <= at and (not placement.end_at or at < placement.end_at)
            for placement in device.placement_ids
        ):
            row.refuse(
                self.env._(
                    "%(device)s stood at no site on %(moment)s.",
                    device=device.display_name,
                    moment=text,
                )
            )
        return at

    def _meters_of(self, row, labels):
        meters = {}
        for meter in METERS:
            try:
                count = parse_count(row.told.get(meter))
            except ValueError as error:
                row.refuse(
                    self.env._(
                        "%(meter)s: %(text)s is no number of pages.",
                        meter=labels[meter],
                        text=error.args[0],
                    )
                )
                continue
            if count is not None:
                meters[meter] = count
        if not meters:
            row.refuse(self.env._("The row has no meter."))
        return meters

    def _uid(self, row):
        """The key of a row's report: the same row again has no effect."""
        device, at, meters = row.values
        text = f"{device.id} {at.isoformat()} {sorted(meters.items())}"
        return f"import-{hashlib.sha256(text.encode()).hexdigest()[:40]}"

    def _mark_known(self, rows):
        uids = {self._uid(row): row for row in rows}
        known = self.env["focalist.meter.reading"]._read_group(
            [
                ("device_id", "in", list({row.values[0].id for row in rows})),
                ("uid", "in", list(uids)),
            ],
            ["uid"],
        )
        for (uid,) in known:
            uids[uid].status = "known"

    def _import_meters(self, rows):
        """Take the rows in as reports.

        :return: how many readings wait for a person
        """
        by_uid = {self._uid(row): row for row in rows}
        devices = self.env["focalist.device"].union(*(row.values[0] for row in rows))
        devices.check_access("write")
        # Who may write these devices may bring their meters.
        results = devices.sudo()._ingest(
            [self._prepare_report(uid, *row.values) for uid, row in by_uid.items()],
            Origin(self.company_id, "import"),
        )
        for result in results:
            row = by_uid[result["uid"]]
            if result["status"] == "duplicate":
                row.status = "known"
            elif result["status"] != "accepted":
                row.refuse(result["message"] or self.env._("It was not taken."))
        text = self._source_text()
        taken = devices.union(*(row.values[0] for row in rows if row.status == "new"))
        taken._message_log_batch(dict.fromkeys(taken.ids, text))
        return self.env["focalist.meter.reading"].search_count(
            [
                ("device_id", "in", devices.ids),
                ("uid", "in", list(by_uid)),
                ("state", "=", "quarantined"),
            ]
        )

    def _prepare_report(self, uid, device, at, meters):
        """A row as a device report; the ledger keeps the file's name in it."""
        return {
            "schema": SCHEMA,
            "uid": uid,
            "read_at": f"{at.isoformat()}Z",
            "manufacturer": device.manufacturer_id.name,
            "model": device.model_id.name,
            "serial": device.serial_number or None,
            "mac": device.mac_address or None,
            "meters": meters,
            "file": self.file_name or None,
        }
