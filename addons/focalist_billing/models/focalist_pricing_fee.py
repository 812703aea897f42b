from odoo import api, fields, models


class FocalistPricingFee(models.Model):
    """A fixed amount of each month, for the client, each of its sites or devices."""

    _name = "focalist.pricing.fee"
    _description = "Fixed Fee"
    _inherit = ["focalist.part.mixin"]
    _order = "pricing_id, id"

    name = fields.Char(required=True, translate=True)
    amount = fields.Monetary("Amount a month", required=True)
    per = fields.Selection(
        [("contract", "Contract"), ("site", "Site"), ("device", "Device")],
        required=True,
        default="contract",
        help="A site counts while devices of the contract stand there.",
    )
    in_advance = fields.Boolean(
        "In advance",
        help="Charged as its period begins; else when it is over.",
    )

    charge_ids = fields.One2many("focalist.statement.charge", "fee_id", readonly=True)

    _amount_not_negative = models.Constraint(
        "CHECK (amount >= 0)", "A fee is not negative."
    )

    def _what(self):
        """What tells it from other fees: as its client reads it on an invoice."""
        lang = self.pricing_id.contract_id.partner_id.lang
        return self.with_context(lang=lang).name, self.per

    @api.model_create_multi
    def create(self, vals_list):
        """One that goes on from the version before has its name in every language."""
        fees = super().create(vals_list)
        for fee in fees:
            if before := fee._before():
                before.copy_translations(fee)
        return fees

    def _before(self):
        """The fee in the version before that this one goes on from, if there is one."""
        self.ensure_one()
        version = self.pricing_id
        earlier = version.contract_id.pricing_ids.filtered(
            lambda other: other.date_from < version.date_from
        )
        both = (
            fees.filtered(lambda fee: (fee.name, fee.per) == (self.name, self.per))
            for fees in (version.fee_ids, earlier.sorted("date_from")[-1:].fee_ids)
        )
        # Those that have one name in this language are told apart by their order.
        pairs = zip(*(fees.sorted("id") for fees in both), strict=False)
        return next((before for fee, before in pairs if fee == self), self.browse())

    def unlink(self):
        """Statements that are not invoiced ask for it no more."""
        self.pricing_id._check_not_invoiced()
        # The rights on the fee were checked with it; charges are nobody's to write.
        self.check_access("unlink")
        self.sudo().charge_ids.unlink()
        return super().unlink()
