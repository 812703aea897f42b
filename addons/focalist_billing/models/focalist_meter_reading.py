from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class FocalistMeterReading(models.Model):
    _inherit = "focalist.meter.reading"

    statement_line_from_ids = fields.One2many(
        "focalist.statement.line",
        "reading_from_id",
        groups="focalist_base.group_focalist_accountant",
    )
    statement_line_to_ids = fields.One2many(
        "focalist.statement.line",
        "reading_to_id",
        groups="focalist_base.group_focalist_accountant",
    )

    @api.model
    def _retention_domain(self):
        """What a bill rests on stays, also that of a cancelled one."""
        return super()._retention_domain() & Domain(
            [
                ("statement_line_from_ids", "=", False),
                ("statement_line_to_ids", "=", False),
            ]
        )

    def _check_unbilled(self, meters):
        line = self.env["focalist.statement.line"]._billing(
            [("counter", "in", list(meters))]
            + [
                "|",
                ("reading_from_id", "in", self.ids),
                ("reading_to_id", "in", self.ids),
            ]
        )
        if line:
            raise UserError(
                self.env._(
                    "%(reading)s is billed by %(statement)s. Cancel that statement, or"
                    " its invoice, before the reading is voided.",
                    reading=self.display_name,
                    statement=line.statement_id.name,
                )
            )
        return super()._check_unbilled(meters)
