from odoo import models


class FocalistStatementCharge(models.Model):
    _name = "focalist.statement.charge"
    _inherit = ["focalist.statement.charge"]

    def _service_period(self):
        """The days that these charges bill, whenever they are invoiced and due.

        :return: (first day, last day), or None of no charge
        """
        if not self:
            return None
        return (
            min(
                charge.date_start or charge.statement_id.service_start
                for charge in self
            ),
            max(charge.date_end or charge.statement_id.service_end for charge in self),
        )
