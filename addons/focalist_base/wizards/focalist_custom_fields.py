from odoo import Command, api, fields, models


class FocalistCustomFields(models.TransientModel):
    """Define the custom fields of all devices, or those of a client's."""

    _name = "focalist.custom.fields"
    _description = "Custom Fields"

    client_fields_id = fields.Many2one(
        "focalist.client.fields",
        "Client",
        readonly=True,
        help="Whose devices have these fields; empty where all devices have them.",
    )
    line_ids = fields.One2many(
        "focalist.custom.fields.line",
        "wizard_id",
        "Fields",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("client_fields_id")
    def _compute_line_ids(self):
        for wizard in self:
            _record, _name, definition = wizard._target()
            wizard.line_ids = [Command.clear()] + [
                Command.create(values)
                for values in self.env["focalist.custom.fields.line"]._prepare(
                    definition
                )
            ]

    def _target(self):
        """Where the definition is: (record, name of its field, definition)."""
        # Odoo computes what it stores as superuser.
        record, name = self.client_fields_id.sudo(False), "definition"
        record.check_access("read")
        if not record:
            record = self.env["focalist.device"]._fields_of_all()
            name = "properties_definition"
        return record, name, record[name] or []

    def action_save(self):
        """Write the definition; the values of a field that stays, stay."""
        self.check_access("write")
        self.ensure_one()
        record, name, before = self._target()
        record[name] = self.line_ids._definition(before)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
