from odoo import api, fields, models

from ..tools.meter_field import Meter
from ..tools.percent_field import Percent
from ..tools.plain_many2one import PlainMany2one


class FocalistSupplyLevel(models.Model):
    """The level of a supply at a moment: when it changed by a point, and once a day.

    The largest table after the readings: plain columns, written by ingestion in one
    statement a batch, and nothing that points to it, so that it can be partitioned.
    """

    _name = "focalist.supply.level"
    _description = "Supply Level"
    _order = "read_at desc, id desc"
    _rec_name = "read_at"
    _log_access = False

    supply_id = PlainMany2one("focalist.supply", required=True, readonly=True)
    # Each index is paid for with each row: the two below serve rules and screens.
    device_id = PlainMany2one("focalist.device", required=True, readonly=True)
    partner_id = PlainMany2one("res.partner", "Client", required=True, readonly=True)
    site_id = PlainMany2one("focalist.site", required=True, readonly=True)
    company_id = PlainMany2one("res.company", required=True, readonly=True)
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
