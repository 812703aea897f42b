from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.identity import serial_key
from ..tools.meter_field import Meter


class FocalistDevice(models.Model):
    """A printer or MFP that the dealer looks after."""

    _name = "focalist.device"
    _description = "Printing Device"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "partner_id, site_id, model_id, id"
    _check_company_auto = True
    _rec_names_search = ["serial_number", "model_id.name", "hostname", "ip_address"]

    active = fields.Boolean(default=True)
    state = fields.Selection(
        [
            ("to_complete", "To complete"),
            ("active", "Active"),
            ("ignored", "Ignored"),
            ("retired", "Retired"),
        ],
        required=True,
        default="to_complete",
        tracking=True,
        copy=False,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        "Dealer",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    model_id = fields.Many2one(
        "focalist.device.model", required=True, index=True, ondelete="restrict"
    )
    manufacturer_id = fields.Many2one(
        related="model_id.manufacturer_id", store=True, precompute=True, index=True
    )
    is_color = fields.Boolean("Prints colour", related="model_id.is_color")
    serial_number = fields.Char(tracking=True, copy=False)
    serial_key = fields.Char(
        compute="_compute_serial_key",
        store=True,
        precompute=True,
        help="The serial number as it is compared; empty for a placeholder.",
    )
    mac_address = fields.Char("MAC address", copy=False, index="btree_not_null")
    ip_address = fields.Char("IP address", copy=False)
    hostname = fields.Char("Host name", copy=False)
    location = fields.Char(help="The place that the device itself tells (sysLocation).")
    firmware = fields.Char(copy=False)

    placement_ids = fields.One2many("focalist.device.placement", "device_id")
    proposed_site_id = fields.Many2one(
        "focalist.site",
        "Found at",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="Where an agent found the device, until it is activated.",
    )
    site_id = fields.Many2one(
        "focalist.site",
        compute="_compute_place",
        store=True,
        index=True,
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", compute="_compute_place", store=True, index=True
    )

    reading_ids = fields.One2many("focalist.meter.reading", "device_id")
    reading_count = fields.Integer(compute="_compute_reading_count")
    last_report_at = fields.Datetime("Last contact", readonly=True, copy=False)
    last_reading_at = fields.Datetime("Last reading", readonly=True, copy=False)
    last_meters = fields.Json(
        readonly=True,
        copy=False,
        help="The last value that counts of each meter: {meter: pages}.",
    )
    total_meter = Meter("Total", readonly=True, copy=False, aggregator=None)
    mono_meter = Meter("Mono", readonly=True, copy=False, aggregator=None)
    color_meter = Meter("Colour", readonly=True, copy=False, aggregator=None)
    status = fields.Char(readonly=True, copy=False)
    console = fields.Char("Display", readonly=True, copy=False)

    _identity_uniq = models.UniqueIndex(
        "(company_id, manufacturer_id, serial_key) WHERE serial_key IS NOT NULL",
        "A device of this manufacturer with this serial number exists already.",
    )

    @api.depends("serial_number")
    def _compute_serial_key(self):
        for device in self:
            device.serial_key = serial_key(device.serial_number)

    @api.depends("placement_ids.site_id", "placement_ids.end_at", "proposed_site_id")
    def _compute_place(self):
        for device in self:
            present = device.placement_ids.filtered(lambda p: not p.end_at)[:1]
            waiting = device.proposed_site_id if not device.placement_ids else None
            device.site_id = present.site_id or waiting
            device.partner_id = device.site_id.partner_id

    @api.depends("reading_ids")
    def _compute_reading_count(self):
        counts = dict(
            self.env["focalist.meter.reading"]._read_group(
                [("device_id", "in", self.ids)], ["device_id"], ["__count"]
            )
        )
        for device in self:
            device.reading_count = counts.get(device, 0)

    @api.depends("model_id.name", "serial_number", "ip_address")
    def _compute_display_name(self):
        for device in self:
            known_by = device.serial_number or device.ip_address
            name = device.model_id.name
            device.display_name = f"{name} ({known_by})" if known_by else name

    def _activate(self, at=None):
        """Take devices into account: place each at the site where it was found.

        :param datetime at: naive UTC, when they came there; now where it is left out
        :raise UserError: where a device was found at no site
        """
        homeless = self.filtered(lambda device: not device.site_id)
        if homeless:
            raise UserError(
                self.env._(
                    "Choose the site of %(devices)s first.",
                    devices=", ".join(homeless.mapped("display_name")),
                )
            )
        self.env["focalist.device.placement"].create(
            [
                {
                    "device_id": device.id,
                    "site_id": device.site_id.id,
                    "start_at": at or fields.Datetime.now(),
                }
                for device in self
                if not device.placement_ids
            ]
        )
        self.state = "active"

    def action_activate(self):
        """Take devices to complete into account from now on."""
        self.check_access("write")
        self.filtered(lambda d: d.state in ("to_complete", "ignored"))._activate()

    def action_ignore(self):
        """Take no account of devices to complete, also when they are found again."""
        self.check_access("write")
        self.filtered(lambda d: d.state == "to_complete").state = "ignored"

    def action_open_readings(self):
        """Open the device's meter readings."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_meter_reading_action"
        )
        return action | {"domain": [("device_id", "=", self.id)]}
