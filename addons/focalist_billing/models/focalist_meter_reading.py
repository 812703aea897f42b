from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

# Says that what is billed may be voided: an object, which no request can send.
_VOIDING = object()


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

    def _void(self, reason, series=False):
        """Void readings, also billed ones: what was billed by them is corrected.

        A statement that is not invoiced is measured anew; after an invoice, the next
        statement of the contract carries the correction.

        :raise UserError: where no such statement will come, or somebody may not
        """
        readings = self.with_context(focalist_voiding=_VOIDING)
        result = super(FocalistMeterReading, readings)._void(reason, series=series)
        lines = self.env["focalist.statement.line"]._resting_on(self)
        lines |= lines._calculated_around(self)
        lines._with_calculated().to_settle = True
        lines.statement_id._measure_drafts_again()
        return result

    def _check_unbilled(self, meters):
        lines = self.env["focalist.statement.line"]
        if self.env.context.get("focalist_voiding") is _VOIDING:
            for line in lines._resting_on(self, meters):
                line._check_can_be_corrected(self)
        elif line := lines._resting_on(self, meters)[:1]:
            raise UserError(
                self.env._(
                    "%(reading)s is billed by %(statement)s. Cancel that statement, or"
                    " its invoice, before the reading is voided.",
                    reading=self.display_name,
                    statement=line.statement_id.name,
                )
            )
        return super()._check_unbilled(meters)
