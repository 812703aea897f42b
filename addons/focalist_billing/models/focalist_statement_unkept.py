from odoo import api, models

from ..tools.unkept import UNKEPT


class FocalistStatement(models.Model):
    """Statements that are made to know what they come to, and are rolled back.

    Nobody is told of them, and no number of the sequence is used up.
    """

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    @api.model
    def _is_unkept(self):
        return self.env.context.get("focalist_unkept") is UNKEPT

    @api.model
    def _next_names(self, count):
        return ["/"] * count if self._is_unkept() else super()._next_names(count)

    def _detect_anomalies(self):
        if self._is_unkept():
            return None
        return super()._detect_anomalies()

    def _tell_of_true_up(self, asked, short):
        if self._is_unkept():
            return None
        return super()._tell_of_true_up(asked, short)
