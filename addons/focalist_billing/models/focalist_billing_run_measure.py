from datetime import timedelta

from odoo import models
from odoo.fields import Domain


class FocalistBillingRunContract(models.Model):
    """First step: each row gets its contract's statements of the month."""

    _name = "focalist.billing.run.contract"
    _inherit = ["focalist.billing.run.contract"]

    def _measure(self):
        """Make the statements, take those that were there, tell what is missing."""
        contracts = self.contract_id
        first, last = self.run_id._days()
        _made, problems = contracts._bill_month(first, last)
        found = self._statements_due(last).grouped("contract_id")
        invoiced = self._invoiced_in(first, last).grouped("contract_id")
        outside = self._devices_outside()
        nobodys = self.env["focalist.statement"]
        for row in self:
            statements = found.get(row.contract_id, nobodys)
            held = statements.filtered(lambda s, row=row: s._held_by_another_run(row))
            free = statements - held
            bills = invoiced.get(row.contract_id, nobodys)
            message = problems.get(row.contract_id)
            if (statements or bills) and row.contract_id._is_no_problem(message):
                message = False
            notes = [message] if message else []
            if message or not (free or held or bills):
                state = "problem"
            elif free:
                state = "ready"
            elif held:
                state = "skipped"
                notes.append(
                    self.env._(
                        "Another run bills it: %(runs)s.",
                        runs=", ".join(held.sudo().run_row_id.run_id.mapped("name")),
                    )
                )
            else:
                state = "done"
                notes.append(
                    self.env._(
                        "Invoiced already: %(invoices)s.",
                        invoices=", ".join(bills.sudo().move_id.mapped("display_name")),
                    )
                )
            devices = outside.get(row, self.env["focalist.device"])
            if devices:
                notes.append(
                    self.env._(
                        "In no contract, and so not billed: %(devices)s",
                        devices=self._some(devices),
                    )
                )
            free.sudo().run_row_id = row
            row.sudo().write(
                {
                    "state": state,
                    "message": "\n".join(notes),
                    "outside_count": len(devices),
                }
            )

    def _statements_due(self, last):
        """The contracts' statements that this month's invoices are to have.

        Also those that an earlier month left; in advance, until the day after.
        """
        in_advance = Domain("charge", "=", "advance")
        return self.env["focalist.statement"].search(
            Domain("contract_id", "in", self.contract_id.ids)
            & Domain("state", "in", ("draft", "empty"))
            & (
                (in_advance & Domain("service_start", "<=", last + timedelta(days=1)))
                | (~in_advance & Domain("service_end", "<=", last))
            )
        )

    def _invoiced_in(self, first, last):
        return self.env["focalist.statement"].search(
            [
                ("contract_id", "in", self.contract_id.ids),
                ("state", "=", "invoiced"),
                ("service_end", ">=", first),
                ("service_start", "<=", last + timedelta(days=1)),
            ]
        )

    def _devices_outside(self):
        """What the client has in no contract, told once: in its first row of the run.

        :return: dict row -> focalist.device records
        """
        outside = self.contract_id._devices_outside()
        first = self._read_group(
            [
                ("run_id", "in", self.run_id.ids),
                ("partner_id", "in", [client.id for client in outside]),
            ],
            ["partner_id"],
            ["id:min"],
        )
        return {self.browse(row_id): outside[client] for client, row_id in first}
