from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class FocalistDeviceComplete(models.TransientModel):
    """Ask whether devices are taken into account, as what and where.

    Nothing of it is stored before that is confirmed.
    """

    _name = "focalist.device.complete"
    _description = "Activate Devices"

    line_ids = fields.One2many(
        "focalist.device.complete.line",
        "complete_id",
        "Devices",
        default=lambda self: self._default_line_ids(),
    )
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    homeless_count = fields.Integer(compute="_compute_homeless_count")
    site_id = fields.Many2one(
        "focalist.site",
        "Site of those without one",
        domain="[('active', '=', True), ('company_id', '=', company_id)]",
    )

    @api.model
    def _default_line_ids(self):
        """Those that are ticked, or the one that is open, and wait to be completed."""
        devices = self.env["focalist.device"].browse(
            self.env.context.get("active_ids", [])
        )
        devices.check_access("read")
        waiting = devices.filtered(lambda d: d.state in ("to_complete", "ignored"))
        return [
            Command.create(
                {
                    "device_id": device.id,
                    "model_id": device.model_id.id,
                    "site_id": device.site_id.active and device.site_id.id,
                }
            )
            for device in waiting
        ]

    @api.depends("line_ids")
    def _compute_company_id(self):
        for complete in self:
            complete.company_id = complete.line_ids.device_id.company_id[:1]

    @api.depends("line_ids.site_id")
    def _compute_homeless_count(self):
        for complete in self:
            homeless = complete.line_ids.filtered(lambda line: not line.site_id)
            complete.homeless_count = len(homeless)

    def action_apply(self):
        """Take the devices into account, as the models and at the sites chosen."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("None of these devices waits to be completed."))
        devices = self.line_ids.device_id
        devices.check_access("write")
        chosen = {}
        for line in self.line_ids:
            device, site = line.device_id, line.site_id or self.site_id
            values = (line.model_id, site)
            if values != (device.model_id, device.site_id):
                chosen.setdefault(values, []).append(device.id)
        for (model, site), ids in chosen.items():
            devices.browse(ids).write(
                {"model_id": model.id, "proposed_site_id": site.id}
            )
        devices.action_activate()
        return {"type": "ir.actions.act_window_close"}
