from datetime import timedelta
from functools import lru_cache

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..tools.billed_meters import counters
from ..tools.rating import Usage

#: What readings to check are found by.
READ_FOR_CHECK = (
    "focalist.statement",
    "focalist.pricing",
    "focalist.contract.device",
    "focalist.meter.reading",
    "focalist.device",
    "focalist.site",
)


class FocalistStatement(models.Model):
    """What a statement waits for: readings to check, or to type."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    missing_device_ids = fields.Many2many(
        "focalist.device",
        compute="_compute_missing",
        string="Devices without readings",
        help="Devices of the contract of which a priced meter is missing here.",
    )
    missing_note = fields.Text(compute="_compute_missing")
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

    @api.depends("line_ids.device_id", "contract_id.member_ids.end_at", "pricing_id")
    @api.depends_context("lang")
    def _compute_missing(self):
        titles = dict(self.line_ids._fields["meter"]._description_selection(self.env))
        missing = self._missing_meters()
        for statement in self:
            own = missing.get(statement, {})
            statement.missing_device_ids = self.env["focalist.device"].union(*own)
            statement.missing_note = "\n".join(
                self.env._(
                    "%(device)s: %(meters)s",
                    device=device.display_name,
                    meters=", ".join(
                        self.env._(
                            "%(meter)s (billed until %(date)s)",
                            meter=titles[meter],
                            date=format_date(self.env, day),
                        )
                        if day
                        else titles[meter]
                        for meter, day in meters.items()
                    ),
                )
                for device, meters in own.items()
            )

    def _missing_meters(self):
        """The priced meters that are missing here, of all statements at once.

        A meter is there where a reading closes the period, within the tolerance of the
        contract.

        :return: dict statement -> dict device -> dict meter -> the day until which it
            is billed here, None where it is not
        """
        statements = self.filtered(lambda s: s.charge == "pages" and s.pricing_id)
        billed = statements._billed_until()
        statements.contract_id.member_ids.device_id.fetch(["last_meters", "model_id"])
        return {
            statement: missing
            for statement in statements
            if (missing := statement._missing_of(billed.get(statement.id, {})))
        }

    def _missing_of(self, billed):
        """One statement's; see `_missing_meters`.

        :param dict billed: (device id, meter) -> the last day that is billed
        """
        start, end = self.service_start, self.service_end
        there, left = [], set()
        for member in self.contract_id.member_ids:
            last = member.end_at and member.end_at.date()
            if member.start_at.date() <= end and (not last or last > start):
                there.append(member.device_id)
            if last and last <= end:
                left.add(member.device_id)
        closes = end - timedelta(days=self.contract_id.tolerance_days)
        meters, prices = tuple(self.pricing_id._meters()), self.pricing_id._prices({})
        missing = {}
        for device in self._own_devices(self.env["focalist.device"].union(*there)):
            told = frozenset(device.last_meters or ())
            for meter in _expected(told, device.is_color, meters):
                day = billed.get((device.id, meter))
                if day and (day >= closes or device in left):
                    continue
                usage = Usage(None, device.id, meter, 0, device.model_id.id)
                if prices.is_priced(usage):
                    missing.setdefault(device, {})[meter] = day
        return missing

    def _billed_until(self):
        """The last day that is billed of each meter, by the clock of its site.

        :return: dict statement id -> dict (device id, meter) -> date
        """
        self.env["focalist.statement.line"].flush_model()
        self.env["focalist.site"].flush_model(["tz"])
        billed = {}
        for statement, device, meter, day in self.env.execute_query(
            SQL(
                """
                SELECT l.statement_id, l.device_id, l.meter,
                       MAX((l.read_to_at AT TIME ZONE 'UTC' AT TIME ZONE s.tz)::date)
                  FROM focalist_statement_line l
                  JOIN focalist_site s ON s.id = l.site_id
                 WHERE l.statement_id = ANY (%s) AND l.settles_id IS NULL
                 GROUP BY l.statement_id, l.device_id, l.meter
                """,
                self.ids,
            )
        ):
            billed.setdefault(statement, {})[device, meter] = day
        return billed

    def _compute_to_check(self):
        """The readings of the period of which a meter waits that is billed here.

        Looked for with superuser rights: of devices that are or were in the contract,
        by those who read the statement.
        """
        for name in READ_FOR_CHECK:
            self.env[name].flush_model()
        priced = self.sudo().filtered(lambda s: s.charge == "pages" and s.pricing_id)
        waiting = {}
        for row in self.env["focalist.statement.anomaly"]._meters_to_check(priced):
            waiting.setdefault(row["statement_id"], []).extend(row["reading_ids"])
        for statement in self:
            readings = self.env["focalist.meter.reading"].browse(
                waiting.get(statement._origin.id, ())
            )
            # Who reads a statement may know that its meters wait.
            statement.to_check_reading_ids = readings
            statement.to_check_note = bool(readings) and self.env._(
                "Readings to check: %(count)s (%(devices)s)",
                count=len(readings),
                devices=", ".join(readings.sudo().device_id.mapped("display_name")),
            )

    def action_open_missing(self):
        """Open the devices that the statement has no readings of."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_action"
        )
        return action | {
            "domain": [("id", "in", self.missing_device_ids.ids)],
            "context": {},
        }

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


@lru_cache
def _expected(told, is_color, meters):
    """Those of `meters` that a device tells, by the counter that bills them.

    A device that was never read, or tells nothing of them, is expected to tell the
    first one.

    :param frozenset told: the counters that it told
    :param tuple meters: what its contract bills
    """
    found = [
        counter.meter
        for counter in counters(meters)
        if counter.name in told and not (counter.split and is_color)
    ]
    return list(dict.fromkeys(found)) or meters[:1]
