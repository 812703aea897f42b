from odoo import fields, models


class FocalistDeviceCompleteLine(models.TransientModel):
    """One device that is to be taken into account: what was read, what is proposed.

    Of the device it shows what its user may read: it is told which one by RPC, too.
    """

    _name = "focalist.device.complete.line"
    _description = "Device to Activate"

    complete_id = fields.Many2one(
        "focalist.device.complete", required=True, index=True, ondelete="cascade"
    )
    device_id = fields.Many2one("focalist.device", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="device_id.company_id", related_sudo=False)
    partner_id = fields.Many2one(related="device_id.partner_id", related_sudo=False)
    told_model = fields.Char(related="device_id.told_model", related_sudo=False)
    serial_number = fields.Char(related="device_id.serial_number", related_sudo=False)
    ip_address = fields.Char(related="device_id.ip_address", related_sudo=False)
    model_id = fields.Many2one("focalist.device.model", required=True)
    is_proposed = fields.Boolean("New", related="model_id.is_proposed")
    site_id = fields.Many2one(
        "focalist.site",
        domain="[('active', '=', True), ('company_id', '=', company_id),"
        " ('partner_id', '=?', partner_id)]",
    )
