from odoo import models

from ..tools import annex
from ..tools.annex_workbook import write


class FocalistStatement(models.Model):
    """What the receiver of a bill checks it with: its annex."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    def action_annex_xlsx(self):
        """Download the statement's meters and charges as XLSX."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/focalist/statement/{self.id}/xlsx",
            "target": "download",
        }

    def _in_payers_language(self):
        """These statements, in the language of whoever gets the bill.

        With superuser rights: the caller has checked whose bill it is. What it is made
        of is its receiver's to read, catalogue and readings included.
        """
        statements = self.sudo()
        payer = statements.move_id.partner_id or statements[:1]._payer()
        return statements.with_context(lang=payer.lang or self.env.lang)

    def _annex(self):
        """What stands behind the statements of one invoice, or behind one without.

        :return: focalist_billing.tools.annex.Annex, in the language of the context
        """
        return annex.Annex(
            self,
            self.move_id,
            self.line_ids._annex_meters(),
            self.supply_ids._annex_supplies(),
            self._annex_bill(),
        )

    def _annex_bill(self):
        """What these statements ask for, and their invoice's total, if it is all of it.

        :return: focalist_billing.tools.annex.Bill, in the language of the context
        """
        move = self.move_id
        currency = move.currency_id or self.currency_id
        charges = [
            annex.Charge(
                statement.name,
                charge._annex_title(),
                charge.printed if charge.meter else None,
                charge.quantity,
                charge.price_unit,
                charge.amount,
            )
            for statement in self
            for charge in statement.charge_ids
        ]
        if move and self == move.focalist_statement_ids:
            total = move.amount_untaxed * self._invoice_sign()
        else:
            total = sum(self.mapped("amount_untaxed"))
        difference = currency.round(total - sum(charge.amount for charge in charges))
        return annex.Bill(
            currency,
            charges,
            (self._annex_reason(), difference) if difference else None,
            total,
        )

    def _annex_reason(self):
        """Why the invoice's total is not the sum of the charges."""
        if any(self.mapped("differs")):
            return self.env._("Changed or added on the invoice by hand")
        return self.env._("Rounded over all lines, not line by line")

    def _annex_name(self):
        """The annex' file name, in the payer's language."""
        statements = self._in_payers_language()
        document = statements.move_id.name or statements[:1].name
        name = statements.env._("Meters %(document)s", document=document)
        return f"{name.replace('/', '-')}.xlsx"

    def _annex_xlsx(self):
        """The annex as XLSX, in the payer's language.

        :return: (file name, bytes)
        """
        statements = self._in_payers_language()
        return self._annex_name(), write(statements.env, statements._annex())
