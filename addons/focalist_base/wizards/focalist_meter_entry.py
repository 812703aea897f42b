from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class FocalistMeterEntry(models.TransientModel):
    """Ask what a device's meters said, of a person who read them."""

    _name = "focalist.meter.entry"
    _description = "Enter Meters"

    device_id = fields.Many2one(
        "focalist.device",
        required=True,
        domain="[('state', '=', 'active')]",
        default=lambda self: self._default_device(),
    )
    corrects_id = fields.Many2one(
        "focalist.meter.reading",
        "Instead of",
        readonly=True,
        default=lambda self: self._default_corrected(),
        help="The reading of which the right values are entered.",
    )
    read_at = fields.Datetime(
        "Read on", required=True, default=lambda self: self._default_read_at()
    )
    source = fields.Selection(
        [("technician", "Read at the device"), ("manual", "Told by somebody")],
        required=True,
        default="technician",
    )
    photo = fields.Binary()
    reason = fields.Char(help="Why the reading before was wrong.")
    line_ids = fields.One2many(
        "focalist.meter.line",
        "entry_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def _default_corrected(self):
        context = self.env.context
        readings = self.env["focalist.meter.reading"]
        if context.get("active_model") == readings._name:
            return readings.browse(context.get("active_id"))
        return readings

    @api.model
    def _default_device(self):
        context = self.env.context
        if context.get("active_model") == "focalist.device":
            return self.env["focalist.device"].browse(context.get("active_id"))
        return self._default_corrected().device_id

    @api.model
    def _default_read_at(self):
        return self._default_corrected().read_at or fields.Datetime.now()

    @api.depends("device_id")
    def _compute_line_ids(self):
        for wizard in self:
            # Odoo computes what it stores as superuser.
            for record in (wizard.device_id, wizard.corrects_id):
                record._origin.sudo(False).check_access("read")
            last = wizard.device_id.last_meters or {}
            if wizard.corrects_id:
                last = {**dict.fromkeys(wizard.corrects_id.held or {}), **last}
            # Of a device that told nothing yet, what is on every display.
            last = last or dict.fromkeys(("total", "mono", "color"))
            wizard.line_ids = [Command.clear()] + [
                Command.create(values)
                for values in self.env["focalist.meter.line"]._prepare(last)
            ]

    def action_enter(self):
        """Take the reading in, as every other one, and show it."""
        self.ensure_one()
        values = self.line_ids._typed("value")
        if not values:
            raise UserError(self.env._("Enter at least one meter."))
        corrected = self.corrects_id
        if corrected and corrected.state != "void":
            corrected._void(self.reason or self.env._("Corrected"))
        reading = self.device_id._enter_meters(values, self.read_at, self.source)
        if self.photo:
            # Nobody writes the ledger; who may enter a reading shows it, too.
            reading.sudo().photo = self.photo
        if corrected:
            self.env["focalist.meter.decision"].sudo().create(
                corrected.sudo()._log_decision(
                    "correct", self.reason or self.env._("Corrected"), values
                )
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "focalist.meter.reading",
            "res_id": reading.id,
            "view_mode": "form",
        }
