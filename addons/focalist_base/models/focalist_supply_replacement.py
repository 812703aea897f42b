from odoo import api, fields, models

from ..tools.percent_field import Percent


class FocalistSupplyReplacement(models.Model):
    """A change of cartridge that was seen in the reports of a device."""

    _name = "focalist.supply.replacement"
    _description = "Supply Replacement"
    _inherit = ["focalist.moment.mixin"]
    _order = "replaced_at desc, id desc"

    supply_id = fields.Many2one(
        "focalist.supply",
        "Slot",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(related="supply_id.kind")
    replaced_at = fields.Datetime(
        "Seen on",
        required=True,
        readonly=True,
        help="When the first report told of the new cartridge.",
    )
    reason = fields.Selection(
        [("serial", "Other serial number"), ("level", "Level rose")],
        "Seen by",
        required=True,
        readonly=True,
    )
    old_item_id = fields.Many2one(
        "focalist.supply.item",
        "Old cartridge",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    new_item_id = fields.Many2one(
        "focalist.supply.item",
        "New cartridge",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    supply_model_id = fields.Many2one(
        related="new_item_id.supply_model_id", string="New model"
    )
    old_percent = Percent(related="old_item_id.last_percent", string="Level before (%)")
    new_percent = Percent(related="new_item_id.first_percent", string="Level after (%)")

    @api.depends("supply_id.display_name", "replaced_at")
    @api.depends_context("tz")
    def _compute_display_name(self):
        for change in self:
            moment = fields.Datetime.to_string(
                fields.Datetime.context_timestamp(change, change.replaced_at)
            )
            change.display_name = f"{change.supply_id.sudo().display_name}, {moment}"
