from odoo import api, fields, models

from ..tools.meter_field import Meter
from ..tools.percent_field import Percent


class FocalistSupplyItem(models.Model):
    """One cartridge's life in a slot, at one place.

    A device that moves takes its cartridges along: their life at the old place ends
    there, so that neither client reads of the other's.
    """

    _name = "focalist.supply.item"
    _description = "Cartridge"
    _inherit = ["focalist.moment.mixin"]
    _order = "installed_at desc, id desc"

    supply_id = fields.Many2one(
        "focalist.supply",
        "Slot",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    supply_model_id = fields.Many2one(
        "focalist.supply.model",
        "Model",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    serial = fields.Char("Serial number", readonly=True)
    installed_at = fields.Datetime(
        "Seen from",
        required=True,
        readonly=True,
        help="When a report first told of it in this slot.",
    )
    removed_at = fields.Datetime("Until", readonly=True)
    ended_by = fields.Selection(
        [("replaced", "Replaced"), ("moved", "Device left")], readonly=True
    )
    first_percent = Percent("First level (%)", readonly=True, aggregator=None)
    last_percent = Percent("Last level (%)", readonly=True, aggregator=None)
    meter_start = Meter("Total at start", readonly=True, aggregator=None)
    meter_end = Meter("Total at end", readonly=True, aggregator=None)

    _open_uniq = models.UniqueIndex("(supply_id) WHERE removed_at IS NULL")
    _order_of_moments = models.Constraint(
        "CHECK (removed_at IS NULL OR removed_at >= installed_at)",
        "A cartridge is removed after it was installed.",
    )

    @api.depends("supply_id.display_name", "serial")
    def _compute_display_name(self):
        for item in self:
            # The slot may tell of another client by now; its name does not.
            name = item.supply_id.sudo().display_name
            item.display_name = f"{name} ({item.serial})" if item.serial else name
