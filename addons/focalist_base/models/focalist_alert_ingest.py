from odoo import api, models
from odoo.tools import SQL

from ..tools import alert_state
from ..tools.recordset import insert, recordset
from ..tools.report_rows import AlertRow

ALERT_TYPES = {
    "id": "int4",
    "device_id": "int4",
    "partner_id": "int4",
    "site_id": "int4",
    "company_id": "int4",
    "index": "varchar",
    "severity": "varchar",
    "training": "varchar",
    "group": "varchar",
    "code": "int4",
    "description": "varchar",
    "raised_at": "timestamp",
    "cleared_at": "timestamp",
    "flaps": "int4",
}


class FocalistAlert(models.Model):
    """Alerts as reports tell them: what `focalist.device._ingest` hands on."""

    _inherit = "focalist.alert"

    @api.model
    def _take(self, taken):
        """Raise and clear alerts as the newest reports have them.

        :param list taken: as for `focalist.supply._take`
        :return: dict device -> values of its record
        """
        last = {}
        fresh = []
        for device, placement, report in taken:
            before = last.setdefault(device, device.alerts_read_at)
            if report.alerts and (not before or report.read_at > before):
                fresh.append((device, placement, report))
                last[device] = report.read_at
        if not fresh:
            return {}
        read = {device for device, _placement, _report in fresh}
        alerts = {device.id: [] for device in read}
        since = min(report.read_at for _device, _placement, report in fresh)
        for alert in self._stored_alerts(tuple(alerts), since):
            alerts[alert.device_id].append(alert)
        for device, placement, report in fresh:
            alert_state.take(
                alerts[device.id],
                device.id,
                placement.owner,
                report.read_at,
                report.alerts,
            )
        self._write_alerts([a for known in alerts.values() for a in known if a.changed])
        values = {}
        for device in read:
            count = sum(not alert.cleared_at for alert in alerts[device.id])
            values[device] = {"alerts_read_at": last[device], "alert_count": count}
        return values

    @api.model
    def _stored_alerts(self, device_ids, since):
        """Alerts that are open, or were cleared shortly before a moment or later."""
        rows = self.env.execute_query(
            SQL(
                'SELECT id, device_id, "index", severity, training, "group", code,'
                " description, raised_at, cleared_at, flaps, partner_id, site_id,"
                " company_id FROM focalist_alert WHERE device_id IN %s"
                " AND (cleared_at IS NULL OR cleared_at >= %s) ORDER BY id",
                device_ids,
                since - alert_state.FLAPPING,
            )
        )
        return [
            alert_state.Alert.stored(
                row[0], row[1], row[11:], AlertRow(*row[2:8]), row[8:10], row[10] or 0
            )
            for row in rows
        ]

    @api.model
    def _write_alerts(self, alerts):
        """Add the alerts that are new and bring the others up to date."""
        if not alerts:
            return
        rows = {
            alert: (
                alert.id,
                alert.device_id,
                *alert.place,
                *(getattr(alert, name) for name in alert_state.TOLD),
                alert.raised_at,
                alert.cleared_at,
                alert.flaps,
            )
            for alert in alerts
        }
        if old := [rows[alert] for alert in alerts if alert.id]:
            self.env.execute_query(
                SQL(
                    "UPDATE focalist_alert a SET %s, write_date = %s FROM %s"
                    " WHERE a.id = v.id RETURNING a.id",
                    SQL(", ").join(
                        SQL("%s = v.%s", SQL.identifier(name), SQL.identifier(name))
                        for name in (*alert_state.TOLD, "cleared_at", "flaps")
                    ),
                    self.env.cr.now(),
                    recordset("v", ALERT_TYPES, old),
                )
            )
        if new := [rows[alert] for alert in alerts if not alert.id]:
            insert(self.env, "focalist_alert", ALERT_TYPES, new)
        self.invalidate_model(flush=False)
        devices = self.env["focalist.device"].browse(
            {alert.device_id for alert in alerts}
        )
        devices.invalidate_recordset(["alert_ids"], flush=False)

    @api.model
    def _leave_place(self, devices, at):
        """Clear the alerts of devices that leave: neither client reads on."""
        self.env.execute_query(
            SQL(
                "UPDATE focalist_alert a SET cleared_at = GREATEST(a.raised_at, %s)"
                " WHERE a.device_id IN %s AND a.cleared_at IS NULL RETURNING a.id",
                at,
                tuple(devices.ids),
            )
        )
        self.invalidate_model(flush=False)
