from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

# The longest that anybody hears late of a move: a year's bills, and some days.
LATEST = timedelta(days=400)


class FocalistDeviceStep(models.TransientModel):
    """Ask what becomes of devices, when, and what their meters said then."""

    _name = "focalist.device.step"
    _description = "Move, Swap or Take out of Service"

    kind = fields.Selection(
        [
            ("move", "Move"),
            ("swap", "Swap"),
            ("retire", "Take out of service"),
        ],
        required=True,
        default="move",
    )
    # Those that are ticked, or the one that is open.
    device_ids = fields.Many2many(
        "focalist.device",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_ids", []),
    )
    device_id = fields.Many2one(
        "focalist.device",
        compute="_compute_device_id",
        help="The one that it is about, where it is one.",
    )
    company_id = fields.Many2one("res.company", compute="_compute_device_id")
    place = fields.Char("Stands at", compute="_compute_device_id")
    outcome = fields.Selection(
        [("retired", "Out of service"), ("site", "To another site")],
        "Then goes",
        required=True,
        default="retired",
    )
    site_id = fields.Many2one(
        "focalist.site",
        "New site",
        default=lambda self: self._default_site(),
        domain="[('active', '=', True), ('company_id', '=', company_id)]",
    )
    moved_at = fields.Datetime(
        "Moment",
        required=True,
        default=fields.Datetime.now,
        help="Pages printed until then belong to the old site, later ones to the new.",
    )
    meters = fields.Selection(
        [
            ("none", "Not known"),
            ("last", "As last read"),
            ("typed", "Enter them"),
        ],
        required=True,
        default="none",
        help="What the devices told at that moment. Not known: pages printed between"
        " the last report of the old place and the first of the new count for nobody.",
    )
    line_ids = fields.One2many(
        "focalist.meter.line",
        "step_id",
        "Meters of the device",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    incoming_id = fields.Many2one(
        "focalist.device",
        "Device that comes",
        domain="[('company_id', '=', company_id), ('id', '!=', device_id)]",
    )
    incoming_place = fields.Char("Comes from", compute="_compute_incoming_place")
    incoming_line_ids = fields.One2many(
        "focalist.meter.line",
        "incoming_step_id",
        "Meters of the device that comes",
        compute="_compute_incoming_line_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def _default_site(self):
        """Where devices that are not in service were found, or stood last."""
        out = self.env["focalist.device"].browse(self.env.context.get("active_ids", []))
        sites = self.env["focalist.site"]
        for device in out.filtered(lambda device: device.state != "active"):
            last = device.placement_ids.sorted("start_at")[-1:]
            sites |= device.proposed_site_id or last.site_id
        return sites if len(sites) == 1 and sites.active else sites.browse()

    @api.depends("device_ids")
    def _compute_device_id(self):
        for step in self:
            one = step.device_ids if len(step.device_ids) == 1 else False
            step.device_id = one
            step.company_id = step.device_ids.company_id[:1]
            step.place = one._place_text() if one else False

    @api.depends("incoming_id")
    def _compute_incoming_place(self):
        for step in self:
            coming = step.incoming_id
            step.incoming_place = coming._place_text() if coming else False

    @api.depends("device_id", "meters")
    def _compute_line_ids(self):
        for step in self:
            step.line_ids = self._lines(step.device_id, step.meters)

    @api.depends("incoming_id", "meters")
    def _compute_incoming_line_ids(self):
        for step in self:
            step.incoming_line_ids = self._lines(step.incoming_id, step.meters)

    @api.model
    def _lines(self, device, meters):
        """Commands that make the lines in which a device's meters are typed."""
        lines = [Command.clear()]
        if device and meters == "typed":
            # Odoo computes what it stores as superuser.
            device._origin.sudo(False).check_access("read")
            # Of a device that told nothing yet, what is on every display.
            last = device.last_meters or dict.fromkeys(("total", "mono", "color"))
            lines += [
                Command.create(values)
                for values in self.env["focalist.meter.line"]._prepare(last)
            ]
        return lines

    def action_apply(self):
        """Do what was asked, and show the readings of which a person must judge."""
        self.ensure_one()
        self.device_ids.check_access("write")
        self._check_moment()
        site = self._destination()
        if self.kind == "swap":
            if not self.device_id or not self.incoming_id:
                raise UserError(self.env._("Choose the device that comes."))
            self.incoming_id.check_access("write")
            readings = self.device_id._swap(
                self.incoming_id, self.moved_at, site, self._told(site)
            )
        else:
            readings = self.device_ids._step(site, self.moved_at, self._told(site))
        waiting = readings.filtered(lambda reading: reading.state == "quarantined")
        if not waiting:
            return {"type": "ir.actions.act_window_close"}
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_meter_reading_action"
        )
        return action | {"domain": [("id", "in", waiting.ids)], "context": {}}

    def _check_moment(self):
        now = fields.Datetime.now()
        if self.moved_at > now:
            raise UserError(self.env._("A device cannot have moved in the future."))
        if self.moved_at < now - LATEST:
            raise UserError(
                self.env._(
                    "A move is entered within %(days)s days. Is the year right?",
                    days=LATEST.days,
                )
            )

    def _destination(self):
        """Where the devices go; empty for out of service."""
        stays = self.kind == "retire" or (
            self.kind == "swap" and self.outcome == "retired"
        )
        if stays:
            return self.env["focalist.site"]
        if not self.site_id:
            raise UserError(self.env._("Choose the site where it goes."))
        return self.site_id

    def _told(self, site):
        """What each device told at that moment: {device: {meter: value}}."""
        coming = self.incoming_id if self.kind == "swap" else self.incoming_id.browse()
        if self.meters == "typed":
            if not self.device_id:
                raise UserError(
                    self.env._(
                        "The meters of several devices are entered one by one: open"
                        " each device for it."
                    )
                )
            told = {self.device_id: self.line_ids._typed("value")}
            if coming:
                told[coming] = self.incoming_line_ids._typed("value")
            return told
        if self.meters == "last":
            # Nothing new is known of a device that only leaves.
            devices = (self.device_ids if site else coming) | coming
            return {device: device.last_meters or {} for device in devices}
        return {}
