from odoo import fields, models


class FocalistMeterDecision(models.Model):
    """What a person decided about a reading: the log beside the ledger."""

    _name = "focalist.meter.decision"
    _description = "Meter Decision"
    _order = "id desc"
    _rec_name = "decision"

    reading_id = fields.Many2one(
        "focalist.meter.reading",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    decision = fields.Selection(
        [
            ("accept", "Accepted"),
            ("void", "Voided"),
            ("reset", "Reset declared"),
            ("swap", "Board swap declared"),
            ("undo", "Reset or swap undone"),
            ("correct", "Correction entered"),
        ],
        required=True,
        readonly=True,
    )
    meters = fields.Char(readonly=True, help="Meters and values that it is about.")
    reason = fields.Char(required=True, readonly=True)
    create_uid = fields.Many2one("res.users", "Decided by", readonly=True)
    create_date = fields.Datetime("Decided on", readonly=True)
