from odoo import api, fields, models

from ..tools.meter_field import Meter
from ..tools.percent_field import Percent


class FocalistSupplyLevel(models.Model):
    """The level of a supply at a moment: when it changed by a point, and once a day.

    The largest table after the readings: plain columns, written by ingestion in one
    statement a batch, and nothing that points to it, so that it can be partitioned.
    """

    _name = "focalist.supply.level"
    _description = "Supply Level"
    _inherit = ["focalist.moment.mixin"]
    _order = "read_at desc, id desc"
    _rec_name = "read_at"
    _log_access = False

    supply_id = fields.Many2one(
        "focalist.supply", required=True, readonly=True, ondelete="restrict"
    )
    # Each index is paid for with each row: these two serve the rules and the screens.
    device_id = fields.Many2one(index=False)
    partner_id = fields.Many2one(index=False)
    site_id = fields.Many2one(index=False)
    company_id = fields.Many2one(index=False)
    read_at = fields.Datetime("Read on", required=True, readonly=True)
    level = Meter(readonly=True, aggregator=None)
    percent = Percent("Level (%)", readonly=True, aggregator="avg")
    some_remaining = fields.Boolean("Some left", readonly=True)

    _device_read_at_idx = models.Index("(device_id, read_at)")
    _partner_read_at_idx = models.Index("(partner_id, read_at)")

    @api.depends("supply_id.display_name", "read_at")
    @api.depends_context("tz")
    def _compute_display_name(self):
        for level in self:
            moment = fields.Datetime.to_string(
                fields.Datetime.context_timestamp(level, level.read_at)
            )
            level.display_name = f"{level.supply_id.sudo().display_name}, {moment}"
