from datetime import datetime, time, timedelta

from odoo import fields, models
from odoo.tools import format_date

from ..tools.annex import local
from ..tools.billed_meters import counters


class FocalistStatement(models.Model):
    """What a statement waits for: readings to check, or to type."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    to_check_reading_ids = fields.Many2many(
        "focalist.meter.reading",
        compute="_compute_to_check",
        string="Readings to check",
        groups="focalist_base.group_focalist_user",
        help="Those of the period that wait for a person, and bill nothing until then.",
    )
    to_check_note = fields.Char(
        compute="_compute_to_check", groups="focalist_base.group_focalist_user"
    )

    def _closed_meters(self):
        """What is to be told of the meters that are billed here.

        :return: dict (device, meter) -> until when it is billed, where no reading
            within the contract's tolerance closes the period; else an empty text
        """
        self.ensure_one()
        titles = dict(self.line_ids._fields["meter"]._description_selection(self.env))
        tolerance = timedelta(days=self.contract_id.tolerance_days)
        lasts = {}
        for line in self.line_ids.filtered(lambda line: not line.settles_id):
            day = _local_day(line.read_to_at, line.site_id.tz)
            key = line.device_id, line.meter
            lasts[key] = max(day, lasts.get(key, day))
        left = {
            member.device_id
            for member in self.contract_id.member_ids
            if member.end_at and member.end_at.date() <= self.service_end
        }
        return {
            (device, meter): self.env._(
                "%(meter)s (billed until %(date)s)",
                meter=titles[meter],
                date=format_date(self.env, day),
            )
            if day < self.service_end - tolerance and device not in left
            else ""
            for (device, meter), day in lasts.items()
        }

    def _compute_to_check(self):
        for statement in self:
            readings = statement._readings_to_check()
            # Who reads a statement may know that its meters wait.
            statement.to_check_reading_ids = readings.sudo(False)
            statement.to_check_note = bool(readings) and self.env._(
                "Readings to check: %(count)s (%(devices)s)",
                count=len(readings),
                devices=", ".join(readings.device_id.mapped("display_name")),
            )

    def _readings_to_check(self):
        """The readings of the period of which a meter waits that is billed here.

        With superuser rights: of devices that are or were in the contract, by those
        who read the statement.
        """
        statement = self.sudo()
        readings = statement.env["focalist.meter.reading"]
        if statement.charge != "pages" or not statement.pricing_id:
            return readings
        start = datetime.combine(statement.service_start, time())
        end = datetime.combine(statement.service_end + timedelta(days=1), time())
        members = statement.contract_id.member_ids.filtered(
            lambda m: m.start_at < end and (not m.end_at or m.end_at > start)
        )
        billing = {counter.name for counter in counters(statement.pricing_id._meters())}
        waiting = readings.search(
            [
                ("device_id", "in", members.device_id.ids),
                ("partner_id", "=", statement.partner_id.id),
                ("state", "=", "quarantined"),
                ("read_at", ">=", start - timedelta(days=1)),
                ("read_at", "<", end + timedelta(days=1)),
            ]
        )
        return waiting.filtered(
            lambda r: (
                statement.service_start
                <= _local_day(r.read_at, r.site_id.tz)
                <= statement.service_end
                and r._waiting().keys() & billing
            )
        )

    def action_open_to_check(self):
        """Open the readings of the period that wait for a person."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Readings to check"),
            "res_model": "focalist.meter.reading",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.to_check_reading_ids.ids)],
        }

    def action_type_reading(self):
        """Ask what the meters of a device said that was not read, device by device."""
        self.check_access("read")
        self.ensure_one()
        devices = self.missing_device_ids
        if len(devices) != 1:
            return self.action_open_missing()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_meter_entry_action"
        )
        return action | {
            "context": {
                "active_model": "focalist.device",
                "active_id": devices.id,
                "active_ids": devices.ids,
            }
        }


def _local_day(moment, tz):
    """The day of a moment, naive UTC, by a site's clock."""
    return local(moment, tz).date()
