from odoo import fields, models


class FocalistLabelPrintField(models.TransientModel):
    """A custom field that may stand on the labels."""

    _name = "focalist.label.print.field"
    _description = "Custom Field on Labels"

    wizard_id = fields.Many2one(
        "focalist.label.print", required=True, index=True, ondelete="cascade"
    )
    path = fields.Char(required=True, readonly=True)
    label = fields.Char("Field", readonly=True)
    is_printed = fields.Boolean("On the label")
