from odoo import api, fields, models
from odoo.exceptions import UserError


class FocalistBillingRun(models.TransientModel):
    """Bill a month: the statements of all contracts whose period ends in it."""

    _name = "focalist.billing.run"
    _description = "Billing Run"

    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.start_of(fields.Date.context_today(self), "month"), months=1
        ),
        help="Any day of the month that the periods to bill end in.",
    )
    contract_ids = fields.Many2many(
        "focalist.contract",
        string="Contracts",
        domain="[('state', '!=', 'draft')]",
        help="Those to bill; all of this month where none is chosen.",
    )
    problem_ids = fields.One2many("focalist.billing.run.problem", "run_id")
    statement_ids = fields.Many2many("focalist.statement", readonly=True)
    state = fields.Selection(
        [("ask", "Ask"), ("done", "Done")], default="ask", required=True
    )

    def action_run(self):
        """Make the statements; show why a contract has none, if one has none."""
        self.check_access("write")
        self.ensure_one()
        contracts = self._contracts()
        if not contracts:
            raise UserError(
                self.env._("No contract has a period that ends in this month.")
            )
        statements, problems = contracts._bill_month(*self._days())
        notes = [
            {"contract_id": contract.id, "message": message}
            for contract, message in problems.items()
        ]
        by_client = contracts.grouped("partner_id")
        notes += [
            {
                "contract_id": by_client[client][:1].id,
                "message": self.env._(
                    "In no contract, and so not billed: %(devices)s",
                    devices=", ".join(devices.mapped("display_name")),
                ),
            }
            for client, devices in contracts._devices_outside().items()
        ]
        if not notes:
            return self._open(statements)
        self.write(
            {
                "state": "done",
                "statement_ids": statements.ids,
                "problem_ids": [fields.Command.create(note) for note in notes],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Billing run"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_open_statements(self):
        """Open the statements that were made."""
        self.check_access("read")
        self.ensure_one()
        return self._open(self.statement_ids)

    def _days(self):
        """The first and the last day of the month."""
        return (
            fields.Date.start_of(self.month, "month"),
            fields.Date.end_of(self.month, "month"),
        )

    def _contracts(self):
        """The contracts to bill: those chosen, else all that are due this month."""
        first_day, last_day = self._days()
        return self.contract_ids or self.env["focalist.contract"].search(
            [
                ("company_id", "in", self.env.companies.ids),
                ("state", "!=", "draft"),
                ("date_start", "<=", last_day),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", first_day),
            ]
        ).filtered(
            lambda contract: any(
                contract._day_due_in(first_day, last_day, charge)
                for charge in ("pages", "fees", "advance", "true_up")
                if charge == "pages" or contract._has_fees(charge)
            )
        )

    @api.model
    def _open(self, statements):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_statement_action"
        )
        if len(statements) == 1:
            return action | {
                "views": [(False, "form")],
                "res_id": statements.id,
                "context": {},
            }
        return action | {"domain": [("id", "in", statements.ids)], "context": {}}


class FocalistBillingRunProblem(models.TransientModel):
    """Why a contract has no statement after a run."""

    _name = "focalist.billing.run.problem"
    _description = "Contract Not Billed"

    run_id = fields.Many2one("focalist.billing.run", required=True, ondelete="cascade")
    contract_id = fields.Many2one(
        "focalist.contract", required=True, ondelete="cascade"
    )
    message = fields.Char(readonly=True)
