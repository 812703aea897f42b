from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_partner import PRICES


class FocalistStatement(models.Model):
    """Anomalies before the money moves."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    anomaly_ids = fields.One2many(
        "focalist.statement.anomaly",
        "statement_id",
        "Anomalies",
        readonly=True,
        groups=PRICES,
    )
    anomaly_count = fields.Integer(
        "Open anomalies",
        compute="_compute_anomaly_count",
        store=True,
        groups=PRICES,
        help="Those that nobody has accepted.",
    )

    _anomaly_idx = models.Index("(company_id) WHERE anomaly_count > 0")

    @api.depends("anomaly_ids.state", "cancelled")
    def _compute_anomaly_count(self):
        for statement in self:
            anomalies = statement.anomaly_ids
            statement.anomaly_count = not statement.cancelled and len(
                anomalies.filtered(lambda anomaly: anomaly.state == "open")
            )

    def _detect_anomalies(self):
        """Look for what is unusual on statements that are not invoiced."""
        drafts = self.sudo().filtered(lambda s: s.state in ("draft", "empty"))
        if drafts:
            anomalies = self.env["focalist.statement.anomaly"].sudo()
            anomalies._replace(drafts, anomalies._find(drafts))

    def action_check_anomalies(self):
        """Look again: a reading may have been accepted, a device moved since."""
        self.check_access("write")
        self._detect_anomalies()

    def action_create_invoice(self):
        """Ask first where something unusual waits; see `focalist.anomaly.accept`."""
        self.check_access("write")
        ready = self.filtered(lambda statement: statement.state == "draft")
        ready._detect_anomalies()
        unusual = ready.filtered("anomaly_count")
        if unusual:
            return self.env["focalist.anomaly.accept"]._ask(
                ready, unusual._open_anomalies(), invoice=True
            )
        return super().action_create_invoice()

    def action_accept_anomalies(self):
        """Ask why all that is unusual on these statements is all right."""
        self.check_access("write")
        anomalies = self._open_anomalies()
        if not anomalies:
            raise UserError(self.env._("Nothing unusual waits on these statements."))
        return self.env["focalist.anomaly.accept"]._ask(self, anomalies)

    def _open_anomalies(self):
        return self.anomaly_ids.filtered(lambda anomaly: anomaly.state == "open")
