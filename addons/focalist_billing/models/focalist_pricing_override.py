from odoo import api, fields, models
from odoo.exceptions import ValidationError


class FocalistPricingOverride(models.Model):
    """Other prices for a device model, or for one real device (P3).

    They take the place of all the default prices; a device's own, that of its model's.
    """

    _name = "focalist.pricing.override"
    _description = "Prices of a Device Model or Device"
    _inherit = ["focalist.part.mixin", "focalist.price.mixin"]
    _order = "pricing_id, model_id, device_id, id"
    _rec_name = "model_id"
    _check_company_auto = True

    model_id = fields.Many2one(
        "focalist.device.model",
        "Device model",
        required=True,
        compute="_compute_model_id",
        store=True,
        precompute=True,
        readonly=False,
        index=True,
        ondelete="restrict",
    )
    manufacturer_id = fields.Many2one(related="model_id.manufacturer_id")
    device_id = fields.Many2one(
        "focalist.device",
        "Only this device",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Empty: all devices of the model.",
    )

    _model_uniq = models.UniqueIndex(
        "(pricing_id, model_id) WHERE device_id IS NULL",
        "This model has its prices already.",
    )
    _device_uniq = models.UniqueIndex(
        "(pricing_id, device_id) WHERE device_id IS NOT NULL",
        "This device has its prices already.",
    )

    @api.depends("device_id")
    def _compute_model_id(self):
        for override in self:
            if override.device_id:
                override.model_id = override.device_id.model_id

    @api.constrains("device_id", "model_id")
    def _check_model(self):
        for override in self:
            device = override.device_id
            if device and device.model_id != override.model_id:
                raise ValidationError(
                    self.env._(
                        "%(device)s is a %(model)s.",
                        device=device.display_name,
                        model=device.model_id.display_name,
                    )
                )
