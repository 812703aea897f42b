from odoo import fields, models


class FocalistMomentMixin(models.AbstractModel):
    """What a device told, with whose it was at that moment.

    Rules and the portal go by these and never by where the device is now.
    """

    _name = "focalist.moment.mixin"
    _description = "Client, Site and Dealer of the Moment"

    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    site_id = fields.Many2one(
        "focalist.site", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
