from odoo import api, fields, models

#: Those who see what a client pays.
PRICES = "focalist_base.group_focalist_sales,focalist_base.group_focalist_accountant"


class ResPartner(models.Model):
    _inherit = "res.partner"

    focalist_contract_ids = fields.One2many(
        "focalist.contract", "partner_id", "Print contracts", groups=PRICES
    )
    focalist_pricing_model = fields.Selection(
        lambda self: self.env["focalist.pricing"]._fields["model"].selection,
        compute="_compute_focalist_pricing_model",
        groups=PRICES,
        help="That of the client's first active contract.",
    )
    focalist_invoice_ids = fields.Many2many(
        "account.move",
        compute="_compute_focalist_invoice_ids",
        string="Client's invoices",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.depends("focalist_contract_ids.state", "focalist_contract_ids.pricing_ids")
    def _compute_focalist_pricing_model(self):
        for partner in self:
            active = partner.focalist_contract_ids.filtered(
                lambda contract: contract.state == "active"
            )
            partner.focalist_pricing_model = active.sorted("id")[:1].pricing_id.model

    def _compute_focalist_invoice_ids(self):
        moves = self.env["account.move"].search(
            [
                ("partner_id", "child_of", self.ids),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
            ]
        )
        for partner in self:
            partner.focalist_invoice_ids = moves.filtered(
                lambda move, p=partner: (
                    p in (move.commercial_partner_id, move.partner_id)
                )
            )

    def _focalist_belongings(self):
        """Its contracts stay with it: statements and invoices rest on them."""
        why = super()._focalist_belongings()
        if not why and self.focalist_contract_ids:
            why = self.env._(
                "%(client)s has contracts: it stays a client of %(dealer)s. Close them"
                " and deactivate it instead.",
                client=self.name,
                dealer=self.focalist_company_id.name,
            )
        return why
