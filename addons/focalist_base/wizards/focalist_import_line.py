from odoo import fields, models


class FocalistImportLine(models.TransientModel):
    """A row of a file that is looked through."""

    _name = "focalist.import.line"
    _description = "Row to Import"
    _order = "id"

    import_id = fields.Many2one(
        "focalist.import", required=True, readonly=True, index=True, ondelete="cascade"
    )
    number = fields.Integer("Row", readonly=True, aggregator=None)
    status = fields.Selection(
        [("new", "To import"), ("known", "Known already"), ("error", "Error")],
        readonly=True,
    )
    message = fields.Char("What is wrong", readonly=True)
    content = fields.Char(readonly=True)
