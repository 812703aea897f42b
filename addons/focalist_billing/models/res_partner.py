from odoo import Command, fields, models

from ..tools.precision import PRECISION

#: Those who see what a client pays.
PRICES = "focalist_base.group_focalist_sales,focalist_base.group_focalist_accountant"


class ResPartner(models.Model):
    _inherit = "res.partner"

    focalist_contract_ids = fields.One2many(
        "focalist.contract", "partner_id", "Print contracts", groups=PRICES
    )
    focalist_pricing_model = fields.Selection(
        related="focalist_stat_id.pricing_model", groups=PRICES
    )
    focalist_invoice_ids = fields.Many2many(
        "account.move",
        compute="_compute_focalist_invoice_ids",
        string="Client's invoices",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    focalist_price_mono = fields.Float(
        "Price of a mono page",
        digits=PRECISION,
        store=False,
        inverse="_inverse_focalist_prices",
        groups=PRICES,
    )
    focalist_price_color = fields.Float(
        "Price of a colour page",
        digits=PRECISION,
        store=False,
        inverse="_inverse_focalist_prices",
        groups=PRICES,
    )
    focalist_price_scan = fields.Float(
        "Price of a scanned page",
        digits=PRECISION,
        store=False,
        inverse="_inverse_focalist_prices",
        groups=PRICES,
    )

    def _inverse_focalist_prices(self):
        """A new client starts with a contract: simple, at the prices asked for (P1).

        Accountants' are active at once; of others', they activate it.
        """
        for client in self.filtered("is_focalist_client"):
            if client.focalist_contract_ids:
                continue
            prices = {
                f"price_{meter}": client[f"focalist_price_{meter}"]
                for meter in ("mono", "color", "scan")
            }
            contract = self.env["focalist.contract"].create(
                {"partner_id": client.id, "pricing_ids": [Command.create(prices)]}
            )
            if any(prices.values()) and self.env.user.has_group(
                "focalist_base.group_focalist_accountant"
            ):
                contract.action_activate()

    def write(self, vals):
        """A client that is deactivated is billed until that day, and no longer."""
        result = super().write(vals)
        if "focalist_active" in vals:
            # Whoever may deactivate a client ends its contracts, as it is told.
            contracts = self.sudo().focalist_contract_ids
            if vals["focalist_active"]:
                contracts._go_on_with_client()
            else:
                contracts._stop_with_client()
        return result

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
