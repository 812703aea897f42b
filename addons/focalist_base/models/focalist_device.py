from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.identity import mac_key, serial_key
from ..tools.meter_field import Meter
from ..tools.meters import METERS, reading_field
from ..tools.origin import Origin
from ..tools.percent_field import Percent


class FocalistDevice(models.Model):
    """A printer or MFP that the dealer looks after."""

    _name = "focalist.device"
    _description = "Printing Device"
    _inherit = ["focalist.guarded.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "partner_id, site_id, model_id, id"
    _check_company_auto = True
    _open_at_creation = ("company_id",)
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
        readonly=True,
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
    told_model = fields.Char(
        "Calls itself",
        readonly=True,
        copy=False,
        help="The model's name as the device told it when it was found.",
    )
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
    firmware = fields.Char(readonly=True, copy=False)

    placement_ids = fields.One2many("focalist.device.placement", "device_id")
    proposed_site_id = fields.Many2one(
        "focalist.site",
        "Found at",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        domain="[('active', '=', True)]",
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="Where an agent found the device, until it is activated.",
    )
    proposed_partner_id = fields.Many2one(
        "res.partner",
        "Found at client",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="Whose agent found the device, where it is not known at which site.",
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
    # What was last told may be of the time at another client, and staff needs it then:
    # clients read it of their own readings, or by the portal's pages.
    last_report_at = fields.Datetime(
        "Last contact",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
    )
    is_silent = fields.Boolean(
        "Silent",
        compute="_compute_is_silent",
        search="_search_is_silent",
        help="In service, of a client that is followed, and not heard of for longer"
        " than the dealer's settings allow.",
    )
    last_reading_at = fields.Datetime(
        "Last reading",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
    )
    last_meters = fields.Json(
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="The last value that counts of each meter: {meter: pages}.",
    )
    total_meter = Meter(
        "Total",
        readonly=True,
        copy=False,
        aggregator=None,
        groups="focalist_base.group_focalist_user",
    )
    mono_meter = Meter(
        "Mono",
        readonly=True,
        copy=False,
        aggregator=None,
        groups="focalist_base.group_focalist_user",
    )
    color_meter = Meter(
        "Colour",
        readonly=True,
        copy=False,
        aggregator=None,
        groups="focalist_base.group_focalist_user",
    )
    status = fields.Char(readonly=True, copy=False)
    status_text = fields.Char("Status now", compute="_compute_status_text")
    console = fields.Char("Display", readonly=True, copy=False)

    supply_ids = fields.One2many("focalist.supply", "device_id", "Supplies")
    supplies_read_at = fields.Datetime(readonly=True, copy=False)
    supply_bars = fields.Json(compute="_compute_supply_bars")
    toner_percent = Percent(
        "Lowest toner (%)", readonly=True, copy=False, aggregator="min"
    )
    replacement_ids = fields.One2many("focalist.supply.replacement", "device_id")
    alert_ids = fields.One2many("focalist.alert", "device_id", "Alerts")
    alerts_read_at = fields.Datetime(readonly=True, copy=False)
    alert_count = fields.Integer(
        "Open alerts", readonly=True, copy=False, aggregator="sum"
    )

    segment_ids = fields.One2many(
        "focalist.meter.segment",
        "device_id",
        "Segments",
        groups="focalist_base.group_focalist_user",
    )
    decision_ids = fields.One2many(
        "focalist.meter.decision",
        "device_id",
        "Decisions",
        groups="focalist_base.group_focalist_user",
    )
    to_check = fields.Boolean(
        "Meters to check",
        readonly=True,
        copy=False,
        groups="focalist_base.group_focalist_user",
        help="At least one value waits for a person.",
    )
    check_since = fields.Datetime(
        "Waits since",
        compute="_compute_check",
        groups="focalist_base.group_focalist_user",
    )
    check_first = fields.Char(
        "To check",
        compute="_compute_check",
        groups="focalist_base.group_focalist_user",
        help="The first value of each meter that waits, and why.",
    )
    check_newest = fields.Char(
        "Newest",
        compute="_compute_check",
        groups="focalist_base.group_focalist_user",
        help="The newest value of each meter that waits.",
    )
    check_counted = fields.Char(
        "Counts now",
        compute="_compute_check",
        groups="focalist_base.group_focalist_user",
        help="The last value that counts of each of these meters.",
    )

    _to_check_idx = models.Index("(company_id) WHERE to_check")
    _identity_uniq = models.UniqueIndex(
        "(company_id, manufacturer_id, serial_key) WHERE serial_key IS NOT NULL",
        "A device of this manufacturer with this serial number exists already.",
    )
    _mac_uniq = models.UniqueIndex(
        "(company_id, mac_address)"
        " WHERE serial_key IS NULL AND mac_address IS NOT NULL",
        "A device with this MAC address and no serial number exists already.",
    )

    @api.depends("serial_number")
    def _compute_serial_key(self):
        for device in self:
            device.serial_key = serial_key(device.serial_number)

    @api.depends(
        "placement_ids.site_id",
        "placement_ids.end_at",
        "proposed_partner_id",
        "proposed_site_id",
        "state",
    )
    def _compute_place(self):
        """Where the device stands; while it is not in service, where it was found."""
        for device in self:
            site = device._present_placements().site_id
            client = site.partner_id
            if not site and device.state in ("to_complete", "ignored"):
                site = device.proposed_site_id
                client = site.partner_id or device.proposed_partner_id
            device.site_id = site
            device.partner_id = client

    @api.depends("state", "last_report_at", "partner_id.focalist_active")
    @api.depends_context("uid")
    def _compute_is_silent(self):
        silent = self.filtered_domain(self._search_is_silent("in", [True]))
        for device in self:
            device.is_silent = device in silent

    @api.model
    def _search_is_silent(self, operator, value):
        """A device that was never heard of has no agent: it is not silent.

        Nor is it, for a client, while that has had it for less time than that.
        """
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        client = self.env.user._is_portal()
        # What a dealer calls silent is no secret from who sees the dealer's devices.
        dealers = (
            self.env["res.company"]
            .sudo()
            ._read_group([], ["focalist_silent_days"], ["id:array_agg"])
        )
        late = Domain.OR(
            Domain("company_id", "in", ids)
            & Domain("last_report_at", "<", now - timedelta(days=days))
            & (self._came_before(now - timedelta(days=days)) if client else Domain.TRUE)
            for days, ids in dealers
        )
        silent = (
            late
            & Domain("state", "=", "active")
            & Domain("partner_id.focalist_active", "=", True)
        )
        if client:
            # Clients read no last contact; of it, they learn no more than this.
            silent = Domain("id", "in", self.sudo()._search(silent))
        return silent if True in value else ~silent

    @api.model
    def _came_before(self, at):
        """The domain of devices that stood where they stand at a moment already."""
        return Domain(
            "placement_ids", "any", [("end_at", "=", False), ("start_at", "<", at)]
        )

    @api.depends("status")
    @api.depends_context("lang")
    def _compute_status_text(self):
        """hrPrinterStatus and hrDeviceStatus in words; others as they are told."""
        words = {
            "idle": self.env._("Idle"),
            "printing": self.env._("Printing"),
            "warmup": self.env._("Warming up"),
            "standby": self.env._("Standby"),
            "testing": self.env._("Testing"),
            "down": self.env._("Not working"),
            "other": self.env._("Other"),
            "unknown": self.env._("Unknown"),
        }
        for device in self:
            device.status_text = words.get(device.status, device.status)

    @api.depends("reading_ids")
    def _compute_reading_count(self):
        counts = dict(
            self.env["focalist.meter.reading"]._read_group(
                [("device_id", "in", self.ids)], ["device_id"], ["__count"]
            )
        )
        for device in self:
            device.reading_count = counts.get(device, 0)

    @api.depends("supply_ids.percent", "supply_ids.color", "supply_ids.kind")
    @api.depends_context("lang")
    def _compute_supply_bars(self):
        """What a card shows of the supplies whose level is known."""
        for device in self:
            device.supply_bars = [
                {
                    "id": supply.id,
                    "name": supply.display_name,
                    "color": supply.color or supply.kind,
                    "percent": round(supply.percent),
                    "state": supply.level_state,
                }
                for supply in device.supply_ids
                if supply.percent is not False
            ]

    @api.depends("model_id.name", "serial_number", "mac_address")
    def _compute_display_name(self):
        """By what never changes: a former client still reads the name.

        So neither its address in its present network nor anything else of its present
        client stands there.
        """
        for device in self:
            known_by = device.serial_number or device.mac_address
            # A client reads no model but by its device's name.
            name = device.sudo().model_id.name
            device.display_name = f"{name} ({known_by})" if known_by else name

    @api.model_create_multi
    def create(self, vals_list):
        self._check_site_open({vals.get("proposed_site_id") for vals in vals_list})
        return super().create([self._with_clean_mac(vals) for vals in vals_list])

    def write(self, vals):
        vals = self._with_clean_mac(vals)
        if vals.get("proposed_site_id"):
            self._check_site_open([vals["proposed_site_id"]])
            site = self.env["focalist.site"].browse(vals["proposed_site_id"])
            self._leave_client(site.partner_id)
        return super().write(vals)

    @api.model
    def _with_clean_mac(self, vals):
        """The values with the MAC address as reports tell it: they are compared."""
        mac = vals.get("mac_address")
        return {**vals, "mac_address": mac_key(mac) or mac} if mac else vals

    @api.model
    def _check_site_open(self, site_ids):
        """People add devices at active sites; an agent goes on finding at others."""
        if self.env.su:
            return
        for site in self.env["focalist.site"].browse(filter(None, site_ids)):
            if not site.active:
                raise ValidationError(
                    self.env._(
                        "%(site)s is closed: choose an active site.", site=site.name
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_history(self):
        for device in self:
            if device.placement_ids:
                raise UserError(
                    self.env._(
                        "%(device)s has stood at a site: its readings and volumes are"
                        " part of what was billed. Take it out of service instead.",
                        device=device.display_name,
                    )
                )

    def _present_placements(self):
        """The placements that have not ended: one a device at most."""
        return self.placement_ids.filtered(lambda placement: not placement.end_at)

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
                if not device._present_placements()
            ]
        )
        self._enter_service()

    def _move(self, site, at):
        """Move devices to a site: what they print from then on is printed there.

        :param datetime at: naive UTC
        :raise UserError: where a device was read at its present place after that
        """
        present = self._present_placements()
        self._check_not_read_since(present, at)
        self._leave_client(site.partner_id)
        present.end_at = at
        self.env["focalist.device.placement"].create(
            [
                {"device_id": device.id, "site_id": site.id, "start_at": at}
                for device in self
            ]
        )
        self._enter_service()

    def _check_not_read_since(self, placements, at):
        """Raise a UserError where a device was read at its place after a moment."""
        late = self.env["focalist.meter.reading"]._read_group(
            [("placement_id", "in", placements.ids), ("read_at", ">=", at)],
            ["device_id"],
            ["read_at:max"],
            limit=1,
        )
        for device, read_at in late:
            raise UserError(
                self.env._(
                    "%(device)s was read at its present site on %(moment)s: it can"
                    " only move after that.",
                    device=device.display_name,
                    moment=self._moment_text(read_at),
                )
            )

    def _leave_client(self, client):
        """Forget what devices told at another client: the next one reads them.

        :param client: res.partner, the client that they go to
        """
        gone = self.filtered(lambda device: device._last_client() not in (client, None))
        if gone:
            gone.sudo().write(self._prepare_client_left())

    def _last_client(self):
        """Where the device is, or out of service, was last; None if nowhere yet."""
        stood = self.placement_ids.sorted("start_at")[-1:]
        return self.partner_id or stood.partner_id or None

    @api.model
    def _prepare_client_left(self):
        """Values of a device of which nothing is known at its new client yet."""
        names = ("ip_address", "hostname", "location", "console", "status")
        return dict.fromkeys(names, False)

    def _leave_place(self, at):
        """End what devices told of at a place: its client reads nothing later.

        With superuser rights: who may move a device may not edit its history.
        """
        if not self:
            return
        # What the report that was read last told of is of the old place.
        self.flush_recordset(["supplies_read_at", "total_meter"])
        self.env["focalist.alert"]._leave_place(self, at)
        self.env["focalist.supply"]._leave_place(self, at)
        for device in self.sudo().with_context(tracking_disable=True):
            device.write(
                {
                    "alert_count": 0,
                    "toner_percent": False,
                    # A report of the old place that comes later changes nothing.
                    "alerts_read_at": max(at, device.alerts_read_at or at),
                    "supplies_read_at": max(at, device.supplies_read_at or at),
                }
            )

    def _come_back(self, at):
        """Undo `_leave_place`: what ended as the device left goes on.

        With superuser rights, for the same reason.
        """
        self.ensure_one()
        ended = [("device_id", "=", self.id)]
        alerts = self.env["focalist.alert"].sudo()
        alerts.search([*ended, ("cleared_at", "=", at)]).cleared_at = False
        self.env["focalist.supply.item"].sudo().search(
            [*ended, ("removed_at", "=", at), ("ended_by", "=", "moved")]
        ).write({"removed_at": False, "ended_by": False, "meter_end": False})
        self.sudo().alert_count = alerts.search_count(
            [*ended, ("cleared_at", "=", False)]
        )

    def _enter_service(self):
        self.model_id._confirm()
        # Where it was found is of its first client, and no business of the next.
        self.sudo().write(
            {"state": "active", "proposed_site_id": False, "proposed_partner_id": False}
        )

    def action_activate(self):
        """Take devices to complete into account from now on."""
        self.check_access("write")
        self.filtered(lambda d: d.state in ("to_complete", "ignored"))._activate()

    def action_retire(self):
        """Take devices out of service from now on: they leave their sites."""
        self.check_access("write")
        now = fields.Datetime.now()
        moment = timedelta(seconds=1)
        for placement in self._present_placements():
            # A collector's clock may be ahead: what was read there stays there.
            read_at = placement.device_id.last_reading_at or placement.start_at
            placement.end_at = max(now, placement.start_at + moment, read_at + moment)
        self.filtered(lambda d: d.state == "active").sudo().state = "retired"

    def action_ignore(self):
        """Take no account of devices to complete, also when they are found again."""
        self.check_access("write")
        self.filtered(lambda d: d.state == "to_complete").sudo().state = "ignored"

    def action_open_readings(self):
        """Open the device's meter readings."""
        return self._open_history("focalist_meter_reading_action")

    def action_open_supply_levels(self):
        """Open the levels of the device's supplies over time."""
        return self._open_history("focalist_supply_level_action")

    def action_open_replacements(self):
        """Open the changes of cartridge seen on the device."""
        return self._open_history("focalist_supply_replacement_action")

    def _open_history(self, action):
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"focalist_base.{action}"
        )
        return action | {"domain": [("device_id", "=", self.id)]}

    def action_open_alerts(self):
        """Open the alerts of the device, the open ones first."""
        return self._open_history("focalist_alert_action") | {"context": {}}

    @api.depends("to_check", "reading_ids.held", "last_meters")
    @api.depends_context("lang")
    def _compute_check(self):
        readings = self.env["focalist.meter.reading"]
        names = readings.fields_get([reading_field(m) for m in METERS], ["string"])
        names = {meter: names[reading_field(meter)]["string"] for meter in METERS}
        reasons = readings._reason_texts()
        waiting = self._waiting_ends()
        for device in self:
            meters = sorted(
                waiting.get(device.id, {}).items(), key=lambda m: METERS.index(m[0])
            )
            last = device.last_meters or {}
            device.check_since = min((ends[0] for _m, ends in meters), default=False)
            device.check_first = ", ".join(
                f"{names[meter]} {value} ({reasons.get(reason, reason)})"
                for meter, (_at, value, reason, _newest) in meters
            )
            device.check_newest = ", ".join(
                f"{names[meter]} {newest}" for meter, (*_first, newest) in meters
            )
            device.check_counted = ", ".join(
                f"{names[meter]} {last[meter]}" for meter, _e in meters if meter in last
            )

    def _waiting_ends(self):
        """The first and the newest value that waits, by meter.

        :return: dict device id -> dict meter -> (moment, value, reason, newest value)
        """
        waiting = {}
        if not self.ids:
            return waiting
        self.env["focalist.meter.reading"].flush_model(["held", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (r.device_id, h.key)
                       r.device_id, h.key, r.read_at, h.value->>'value',
                       h.value->>'reason',
                       FIRST_VALUE(h.value->>'value') OVER (
                           PARTITION BY r.device_id, h.key
                               ORDER BY r.read_at DESC, r.id DESC)
                  FROM focalist_meter_reading r
            CROSS JOIN LATERAL jsonb_each(r.held) AS h
                 WHERE r.device_id IN %s AND r.state = 'quarantined'
                   AND h.value->>'state' = 'quarantined'
                 ORDER BY r.device_id, h.key, r.read_at, r.id
                """,
                tuple(self.ids),
            )
        )
        for device_id, meter, *ends in rows:
            waiting.setdefault(device_id, {})[meter] = tuple(ends)
        return waiting

    def _enter_meters(self, meters, at, source, uid_prefix="entered"):
        """Take a reading that a person brings of this device.

        :param dict meters: meter -> value
        :param datetime at: naive UTC
        :param str source: see focalist.meter.reading
        :return: the focalist.meter.reading record
        :raise UserError: where it is refused
        """
        self.ensure_one()
        self.check_access("write")
        device = self.sudo()
        uid = f"{uid_prefix}-{uuid4().hex}"
        report = {
            "schema": 1,
            "uid": uid,
            "read_at": f"{at.isoformat()}Z",
            "manufacturer": device.manufacturer_id.name,
            "model": device.model_id.name,
            "serial": device.serial_number or None,
            "mac": device.mac_address or None,
            "meters": meters,
        }
        (result,) = device._ingest(
            [report], Origin(device.company_id, source, device=device)
        )
        reading = self.env["focalist.meter.reading"].search(
            [("device_id", "=", self.id), ("uid", "=", uid)]
        )
        if not reading:
            raise UserError(
                result["message"]
                or self.env._("This device is not in service: it has no readings.")
            )
        return reading
