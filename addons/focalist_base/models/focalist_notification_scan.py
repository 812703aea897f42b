from datetime import timedelta

from odoo import fields, models, tools
from odoo.tools import SQL

from ..tools.alert_state import FLAPPING
from ..tools.custom_dates import custom_dates

# What is older was there before anybody wished to be told, or a job slept for days.
RECENT = timedelta(days=7)
# Of PrtAlertGroupTC (RFC 3805).
SUPPLY_GROUPS = ("marker_supplies", "marker_colorant", "finisher_supply")
PAPER_GROUPS = ("input", "output", "cover", "media_path", "finisher_supply_media_input")


class FocalistNotificationType(models.Model):
    """What this module tells by the clock, of all clients in a few statements."""

    _inherit = "focalist.notification.type"

    def _scan_device_silent(self, settings):
        """Devices in service that were not heard of for too long: once a silence."""
        devices = self.env["focalist.device"].search(
            [("is_silent", "=", True), ("partner_id", "in", settings.partner_id.ids)]
        )
        self._notify(
            "device_silent",
            devices,
            key=lambda device: str(device.last_report_at),
            at=lambda device: device.last_report_at,
        )

    def _scan_device_lost(self, settings):
        """Silent devices of which nothing was heard for the dealer's lost days."""
        now = fields.Datetime.now()
        devices = self.env["focalist.device"].search(
            [("is_silent", "=", True), ("partner_id", "in", settings.partner_id.ids)]
        )
        self._notify(
            "device_lost",
            devices.filtered(
                lambda device: (
                    device.last_report_at
                    < now - timedelta(days=device.company_id.focalist_lost_days)
                )
            ),
            key=lambda device: str(device.last_report_at),
            at=lambda device: device.last_report_at,
        )

    def _scan_device_heard(self, settings):
        """Devices whose silence was told, and that were heard of since."""
        self.env["focalist.device"].flush_model(["last_report_at", "partner_id"])
        self.env["focalist.notification"].flush_model()
        silences = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (d.id) d.id, n.occurrence
                      FROM focalist_notification n
                      JOIN focalist_notification_type t ON t.id = n.type_id
                      JOIN focalist_device d
                        ON d.id = n.res_id AND d.partner_id = n.partner_id
                     WHERE t.code = 'device_silent'
                       AND d.partner_id IN %s
                       AND d.last_report_at > n.occurrence::timestamp
                       AND d.last_report_at > %s
                     ORDER BY d.id, n.occurrence DESC
                    """,
                    tuple(settings.partner_id.ids),
                    fields.Datetime.now() - RECENT,
                )
            )
        )
        self._notify(
            "device_heard",
            self.env["focalist.device"]
            .browse(silences)
            .filtered_domain([("state", "=", "active"), ("is_silent", "=", False)]),
            key=lambda device: silences[device.id],
            at=lambda device: device.last_report_at,
        )

    def _scan_device_found(self, settings):
        """Devices that an agent found and that are to be completed."""
        devices = self.env["focalist.device"].search(
            [
                ("state", "=", "to_complete"),
                ("create_date", ">", fields.Datetime.now() - RECENT),
                ("partner_id", "in", settings.partner_id.ids),
            ]
        )
        self._notify(
            "device_found",
            devices,
            key=lambda device: "found",
            at=lambda device: device.create_date,
        )

    def _scan_meter_implausible(self, settings):
        """Devices with a value that waits for a person: once for the first one."""
        devices = self.env["focalist.device"].search(
            [("to_check", "=", True), ("partner_id", "in", settings.partner_id.ids)]
        )
        waiting = devices.filtered("check_since")
        self._notify(
            "meter_implausible",
            waiting,
            key=lambda device: str(device.check_since),
            at=lambda device: device.check_since,
            detail=lambda device: device.check_first,
        )

    def _scan_alert_critical(self, settings):
        """Alerts for which a device stands still."""
        self._notify_alerts("alert_critical", settings, [("severity", "=", "critical")])

    def _scan_alert_service(self, settings):
        """Alerts that the client's people cannot handle."""
        trained = [("training", "in", ("trained", "field_service"))]
        self._notify_alerts("alert_service", settings, trained)

    def _scan_alert_supplies(self, settings):
        """Alerts of what is used up."""
        supplies = [("group", "in", SUPPLY_GROUPS)]
        self._notify_alerts("alert_supplies", settings, supplies)

    def _scan_alert_paper(self, settings):
        """Alerts of where the paper lies and goes."""
        self._notify_alerts("alert_paper", settings, [("group", "in", PAPER_GROUPS)])

    def _notify_alerts(self, code, settings, domain):
        """Tell of open alerts that last: what comes and goes is told of nobody."""
        now = fields.Datetime.now()
        alerts = self.env["focalist.alert"].search(
            [
                ("cleared_at", "=", False),
                ("raised_at", ">", now - RECENT),
                ("raised_at", "<=", now - FLAPPING),
                ("partner_id", "in", settings.partner_id.ids),
                *domain,
            ]
        )
        self._notify(
            code,
            alerts,
            key=lambda alert: str(alert.raised_at),
            at=lambda alert: alert.raised_at,
        )

    def _scan_contract_field_due(self, settings):
        """Dates in devices' custom fields that come near: once for each date."""
        today = fields.Date.context_today(self)
        lead = {setting.partner_id.id: setting.lead_days for setting in settings}
        until = today + timedelta(days=max(lead.values()))
        labels, dues = custom_dates(
            self.env["focalist.device"], list(lead), today - RECENT, until
        )
        for (name, day), ids in dues.items():
            near = self.env["focalist.device"].browse(ids)
            near = near.filtered(
                lambda device, day=day: (
                    day <= today + timedelta(days=lead[device.partner_id.id])
                )
            )
            self._notify(
                "contract_field_due",
                near,
                key=lambda device, name=name, day=day: f"{name}:{day}",
                detail=lambda device, name=name, day=day: device.env._(
                    "%(field)s: %(date)s",
                    field=labels[name],
                    date=tools.format_date(device.env, day),
                ),
            )
