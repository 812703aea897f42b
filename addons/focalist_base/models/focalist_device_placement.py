from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FocalistDevicePlacement(models.Model):
    """A device at a site of a client from one moment to another.

    Volumes belong to a placement: a device that moves takes none of them along.
    """

    _name = "focalist.device.placement"
    _description = "Device Placement"
    _inherit = ["focalist.guarded.mixin"]
    _order = "device_id, start_at desc"
    _check_company_auto = True

    device_id = fields.Many2one(
        "focalist.device",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    site_id = fields.Many2one(
        "focalist.site",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('active', '=', True)]",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        compute="_compute_client",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        compute="_compute_client",
        store=True,
        precompute=True,
        index=True,
    )
    start_at = fields.Datetime("From", required=True, default=fields.Datetime.now)
    end_at = fields.Datetime("To", help="Empty while the device stands there.")
    opening_reading_id = fields.Many2one(
        "focalist.meter.reading",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    closing_reading_id = fields.Many2one(
        "focalist.meter.reading",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    replaces_id = fields.Many2one(
        "focalist.device.placement",
        "In the place of",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="focalist_base.group_focalist_user",
        help="Of the device with which it was swapped.",
    )

    replaced_device_id = fields.Many2one(
        "focalist.device",
        "Swapped with",
        related="replaces_id.device_id",
        groups="focalist_base.group_focalist_user",
    )

    _order_of_moments = models.Constraint(
        "CHECK (end_at IS NULL OR end_at > start_at)",
        "A device leaves a site after it came there.",
    )
    # int4range stands in for "=": no extension of PostgreSQL is needed.
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (int4range(device_id, device_id, '[]') WITH &&,"
        " tsrange(start_at, end_at) WITH &&)",
        "A device stands at one site at a time.",
    )

    @api.depends("site_id")
    def _compute_client(self):
        """Kept as they were when the device came: sites do not change client."""
        for placement in self:
            placement.partner_id = placement.site_id.partner_id
            placement.company_id = placement.site_id.company_id

    @api.depends("site_id", "start_at", "end_at")
    def _compute_display_name(self):
        for placement in self:
            client, site = placement.partner_id.name, placement.site_id.name
            placement.display_name = f"{client}, {site}"

    @api.model_create_multi
    def create(self, vals_list):
        """A new placement may begin where the end of another is not yet written."""
        self.flush_model(["end_at"])
        return super().create(vals_list)

    def write(self, vals):
        leaving = self.browse()
        if vals.get("end_at"):
            leaving = self.filtered(lambda placement: not placement.end_at)
        result = super().write(vals)
        for end_at, placements in leaving.grouped("end_at").items():
            placements.device_id._leave_place(end_at)
        return result

    def _enter_bound(self, meters, at, field):
        """Enter what devices told as they came to these places, or left them.

        :param dict meters: device -> {meter: value}
        :param datetime at: naive UTC
        :param str field: where the reading is noted: opening_reading_id or
            closing_reading_id
        :return: focalist.meter.reading records
        """
        readings = self.env["focalist.meter.reading"]
        for placement in self:
            told = meters.get(placement.device_id)
            if told:
                reading = placement.device_id._enter_meters(
                    told, at, "technician", uid_prefix="bound"
                )
                # Who may place a device may tell what it was read at.
                placement.sudo()[field] = reading
                readings |= reading
        return readings

    def _reopen(self):
        """Undo that devices left: they stand there still, as if nothing had been.

        With superuser rights, behind the checks of `focalist.device`.
        """
        for placement in self.sudo():
            at = placement.end_at
            placement.end_at = False
            placement.device_id._come_back(at)

    def _withdraw(self, before):
        """Undo that a device came to a place, where nothing was read since.

        With superuser rights, behind the checks of `focalist.device`.

        :param before: where the device stood, and stands again: what it was read at
            as it came belongs there
        """
        placement = self.sudo()
        reading = placement.opening_reading_id
        placement.opening_reading_id = False
        reading.with_context(focalist_take_back=True).write(
            {
                "placement_id": before.id,
                "site_id": before.site_id.id,
                "partner_id": before.partner_id.id,
                "company_id": before.company_id.id,
            }
        )
        mine = [("placement_id", "=", placement.id)]
        self.env["focalist.volume"].sudo().search(mine).unlink()
        self.env["focalist.volume.month"].sudo().search(mine).unlink()
        placement.unlink()

    @api.constrains("site_id", "end_at")
    def _check_site_active(self):
        for placement in self:
            if not placement.site_id.active and not placement.end_at:
                raise ValidationError(
                    self.env._(
                        "%(site)s is closed: choose an active site.",
                        site=placement.site_id.name,
                    )
                )

    @api.constrains("device_id", "site_id", "start_at", "end_at")
    def _check_readings_within(self):
        """What was read at a place stays there: bills and volumes rest on it."""
        for placement, device, site, first, last in self.env[
            "focalist.meter.reading"
        ]._read_group(
            [("placement_id", "in", self.ids)],
            ["placement_id", "device_id", "site_id"],
            ["read_at:min", "read_at:max"],
        ):
            moved = (device, site) != (placement.device_id, placement.site_id)
            ended = placement.end_at and last >= placement.end_at
            if moved or ended or first < placement.start_at:
                raise ValidationError(
                    self.env._(
                        "%(device)s was read at %(site)s from %(first)s to %(last)s"
                        " (UTC): the placement must cover that.",
                        device=device.display_name,
                        site=site.display_name,
                        first=first,
                        last=last,
                    )
                )
