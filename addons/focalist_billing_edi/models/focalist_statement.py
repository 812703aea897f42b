from odoo import models


class FocalistStatement(models.Model):
    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def _service_period(self):
        """The days that these statements bill, whenever they are invoiced and due.

        :return: (first day, last day), or None of no statement
        """
        if not self:
            return None
        return min(self.mapped("service_start")), max(self.mapped("service_end"))
