from odoo import api, fields, models
from odoo.exceptions import UserError


class FocalistAnomalyAccept(models.TransientModel):
    """What is unusual is accepted with a reason, before the invoice or for its own."""

    _name = "focalist.anomaly.accept"
    _description = "Accept Anomalies"

    statement_ids = fields.Many2many("focalist.statement", readonly=True)
    anomaly_ids = fields.Many2many("focalist.statement.anomaly", readonly=True)
    invoice = fields.Boolean(
        readonly=True, help="The statements are invoiced once this is accepted."
    )
    blocking = fields.Boolean(compute="_compute_blocking")
    usual_count = fields.Integer(
        compute="_compute_usual_count", help="Statements without an open anomaly."
    )
    reason = fields.Char(help="Why they are all right.")

    @api.depends("anomaly_ids.severity")
    def _compute_blocking(self):
        for wizard in self:
            severities = wizard.anomaly_ids.mapped("severity")
            wizard.blocking = "blocking" in severities

    @api.depends("statement_ids.anomaly_count")
    def _compute_usual_count(self):
        for wizard in self:
            wizard.usual_count = len(wizard._usual())

    def _usual(self):
        return self.statement_ids.filtered(lambda s: not s.anomaly_count)

    @api.model
    def _ask(self, statements, anomalies, invoice=False):
        """The action that lists these anomalies and asks for a reason.

        :param statements: focalist.statement records
        :param anomalies: focalist.statement.anomaly records
        :param bool invoice: whether the statements are to be invoiced afterwards
        """
        wizard = self.create(
            {
                "statement_ids": statements.ids,
                "anomaly_ids": anomalies.ids,
                "invoice": invoice,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Anomalies before the invoice")
            if invoice
            else self.env._("Accept anomalies"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_accept(self):
        """Accept them all; make the invoices where that was asked for."""
        self.check_access("write")
        self.ensure_one()
        self.anomaly_ids.check_access("write")
        reason = (self.reason or "").strip()
        if self.blocking and not reason:
            raise UserError(
                self.env._("Say why they are all right: the reason is kept with them.")
            )
        self.anomaly_ids._accept(reason)
        if self.invoice:
            return self.statement_ids.action_create_invoice()
        return {"type": "ir.actions.act_window_close"}

    def action_invoice_usual(self):
        """Invoice the statements without anomalies; the others wait."""
        self.check_access("write")
        self.ensure_one()
        return self._usual().action_create_invoice()
