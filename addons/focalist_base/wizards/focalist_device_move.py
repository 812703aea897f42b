from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# The longest that anybody hears late of a move: a year's bills, and some days.
LATEST = timedelta(days=400)


class FocalistDeviceMove(models.TransientModel):
    """Ask where devices go, and when."""

    _name = "focalist.device.move"
    _description = "Move Devices"

    # Those that are ticked, or the one that is open.
    device_ids = fields.Many2many(
        "focalist.device",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_ids", []),
    )
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    site_id = fields.Many2one(
        "focalist.site",
        "New site",
        required=True,
        domain="[('active', '=', True), ('company_id', '=', company_id)]",
    )
    moved_at = fields.Datetime(
        "Moved on",
        required=True,
        default=fields.Datetime.now,
        help="Pages printed until then belong to the old site, later ones to the new.",
    )

    @api.depends("device_ids")
    def _compute_company_id(self):
        for move in self:
            move.company_id = move.device_ids.company_id[:1]

    def action_move(self):
        """Close the present placement of each device and open one at the new site."""
        self.ensure_one()
        self.device_ids.check_access("write")
        if self.moved_at > fields.Datetime.now():
            raise UserError(self.env._("A device cannot have moved in the future."))
        if self.moved_at < fields.Datetime.now() - LATEST:
            raise UserError(
                self.env._(
                    "A move is entered within %(days)s days. Is the year right?",
                    days=LATEST.days,
                )
            )
        self.device_ids._move(self.site_id, self.moved_at)
        return {"type": "ir.actions.act_window_close"}
