from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext


class AccountMove(models.Model):
    _inherit = "account.move"

    focalist_statement_ids = fields.One2many(
        "focalist.statement", "move_id", "Meter statements", readonly=True
    )
    focalist_origin_ids = fields.Many2many(
        "focalist.statement",
        "focalist_statement_origin_rel",
        "move_id",
        "statement_id",
        "Made from statements",
        readonly=True,
        copy=False,
        help="Those that the invoice was made from, also if they are billed by another"
        " one since.",
    )
    focalist_differs = fields.Boolean(compute="_compute_focalist_differs")
    focalist_statement_count = fields.Integer(
        compute="_compute_focalist_statement_count"
    )

    @api.depends("focalist_statement_ids")
    def _compute_focalist_statement_count(self):
        counts = dict(
            self.env["focalist.statement"]._read_group(
                [("move_id", "in", self.ids)], ["move_id"], ["__count"]
            )
        )
        for move in self:
            move.focalist_statement_count = counts.get(move, 0)

    @api.depends("focalist_statement_ids.differs")
    def _compute_focalist_differs(self):
        for move in self:
            move.focalist_differs = any(move.focalist_statement_ids.mapped("differs"))

    def _post(self, soft=True):
        self._check_focalist_origin()
        return super()._post(soft)

    def button_draft(self):
        """A cancelled invoice does not come back where its pages are billed anew."""
        self._check_focalist_origin()
        return super().button_draft()

    def _check_focalist_origin(self):
        for move in self:
            for statement in move.sudo().focalist_origin_ids:
                if statement.cancelled or statement.move_id != move:
                    raise UserError(
                        self.env._(
                            "%(statement)s is not billed by this invoice any more:"
                            " opening it again would bill its pages twice.",
                            statement=statement.name,
                        )
                    )

    def action_open_focalist_statements(self):
        """Open the statements that the invoice was made from."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_statement_action"
        )
        statements = self.focalist_statement_ids
        if len(statements) == 1:
            return action | {
                "views": [(False, "form")],
                "res_id": statements.id,
                "context": {},
            }
        return action | {"domain": [("id", "in", statements.ids)], "context": {}}

    def _seller_tax_id_missing(self):
        """Whether the document's header and footer leave out the seller's tax id.

        They hold it once somebody has confirmed the document layout; without it, an
        invoice is no legal one.
        """
        self.ensure_one()
        company = self.company_id.sudo()
        layout = html2plaintext(
            f"{company.company_details or ''}{company.report_footer or ''}"
        )
        vat = company.vat or ""
        return vat.replace(" ", "") not in layout.replace(" ", "")

    def _focalist_open(self):
        """The action that shows these invoices on Odoo's own screens."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        if len(self) == 1:
            return action | {"views": [(False, "form")], "res_id": self.id}
        # Odoo's list names the client by this only.
        context = {"default_move_type": "out_invoice"}
        return action | {"domain": [("id", "in", self.ids)], "context": context}
