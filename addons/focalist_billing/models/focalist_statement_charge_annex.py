from odoo import models
from odoo.tools import format_date


class FocalistStatementCharge(models.Model):
    _name = "focalist.statement.charge"
    _inherit = ["focalist.statement.charge"]

    def _annex_title(self):
        """What is charged; of a fee, with its own days."""
        self.ensure_one()
        if not self.date_start:
            return self._title()
        days = (format_date(self.env, day) for day in (self.date_start, self.date_end))
        return f"{self._title()}, {' – '.join(days)}"
