from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: A row that still wants its statements; those of others are anybody's.
OPEN_ROWS = ("to_do", "ready", "to_invoice", "problem")
OPEN_RUNS = ("measuring", "review", "invoicing", "stopped")
#: Devices that a row names.
SOME = 3


class FocalistBillingRunContract(models.Model):
    """What a billing run does with one contract, and what there is to say of it."""

    _name = "focalist.billing.run.contract"
    _description = "Contract in a Billing Run"
    _inherit = ["focalist.guarded.mixin"]
    # What a person should look at comes first.
    _order = "problem_count desc, id"
    _rec_name = "contract_id"
    _check_company_auto = True

    run_id = fields.Many2one(
        "focalist.billing.run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    contract_id = fields.Many2one(
        "focalist.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="contract_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
    )
    state = fields.Selection(
        [
            ("to_do", "To measure"),
            ("ready", "To invoice"),
            ("to_invoice", "Being invoiced"),
            ("done", "Done"),
            ("problem", "Problem"),
            ("skipped", "Set aside"),
        ],
        required=True,
        readonly=True,
        default="to_do",
    )
    message = fields.Text(
        readonly=True, help="Why it has no statement or no invoice, and what is odd."
    )
    statement_ids = fields.One2many(
        "focalist.statement", "run_row_id", "Statements", readonly=True
    )
    move_ids = fields.Many2many(
        "account.move", string="Invoices", compute="_compute_move_ids"
    )
    pages = fields.Float(compute="_compute_review", store=True, digits=(16, 0))
    amount_untaxed = fields.Monetary("Untaxed", compute="_compute_review", store=True)
    amount_before = fields.Monetary(
        "Period before",
        compute="_compute_review",
        store=True,
        help="Of the contract's statements of the period before.",
    )
    has_before = fields.Boolean(compute="_compute_review", store=True)
    difference = fields.Float(
        "Change %",
        compute="_compute_review",
        store=True,
        digits=(16, 1),
        help="From the period before to the last one here.",
    )
    finding_count = fields.Integer(
        compute="_compute_review",
        store=True,
        help="Anomalies of its statements that nobody has accepted.",
    )
    remarks = fields.Text("To look at", compute="_compute_remarks")
    outside_count = fields.Integer(
        readonly=True, help="Active devices of the client that are in no contract."
    )
    problem_count = fields.Integer(
        "Problems", compute="_compute_problem_count", store=True
    )

    _contract_uniq = models.UniqueIndex(
        "(run_id, contract_id)", "The contract is in this run already."
    )
    _waiting = models.Index("(run_id, id) WHERE state IN ('to_do', 'to_invoice')")

    @api.depends("statement_ids.move_id")
    def _compute_move_ids(self):
        for row in self:
            row.move_ids = row.statement_ids.move_id

    @api.depends(
        "statement_ids.amount_untaxed",
        "statement_ids.pages",
        "statement_ids.cancelled",
        "statement_ids.anomaly_count",
    )
    def _compute_review(self):
        values = self._review_values()
        for row in self:
            row.update(values[row])

    @api.depends("finding_count", "outside_count", "state")
    def _compute_problem_count(self):
        for row in self:
            row.problem_count = (
                row.finding_count + row.outside_count + (row.state == "problem")
            )

    @api.depends("message", "statement_ids.anomaly_ids.state")
    @api.depends_context("lang")
    def _compute_remarks(self):
        """Why it was not billed, and what is unusual, in the reader's language."""
        for row in self:
            row.remarks = "\n".join(
                [
                    *filter(None, [row.message]),
                    *row._live_statements()._open_anomalies()._told(SOME),
                ]
            )

    def _review_values(self):
        """What a reviewer compares; the place for whatever else is found.

        :return: dict row -> values of the fields that `_compute_review` sets
        """
        before = self._amounts_before()
        values = {}
        for row in self:
            statements = row._live_statements()
            newest = row._newest(statements)
            previous = [
                before[row.contract_id.id, charge]
                for charge in newest
                if (row.contract_id.id, charge) in before
            ]
            amount = sum(
                statement.amount_untaxed
                for same in newest.values()
                for statement in same
            )
            last = sum(previous)
            values[row] = {
                "pages": sum(statements.mapped("pages")),
                "amount_untaxed": sum(statements.mapped("amount_untaxed")),
                "amount_before": last,
                "has_before": bool(previous),
                "difference": 100 * (amount - last) / last if last else 0,
                "finding_count": sum(statements.mapped("anomaly_count")),
            }
        return values

    @api.model
    def _some(self, devices):
        """The names of some devices, as many as one reads in a list."""
        names = devices[:SOME].mapped("display_name")
        return ", ".join(names + ["…"] if len(devices) > SOME else names)

    def _live_statements(self):
        return self.statement_ids.filtered(lambda statement: not statement.cancelled)

    @api.model
    def _newest(self, statements):
        """The last period's statements of each kind of charge.

        :return: dict charge -> focalist.statement records, several where each site or
            cost centre has its own
        """
        newest = {}
        for (charge, _start), same in (
            statements.sorted("date_start")
            .grouped(lambda statement: (statement.charge, statement.date_start))
            .items()
        ):
            newest[charge] = same
        return newest

    def _amounts_before(self):
        """What the contracts' statements before those of these rows come to.

        :return: dict (contract id, charge) -> amount
        """
        first = {}
        for row in self:
            for statement in row._live_statements():
                key = row.contract_id.id, statement.charge
                first[key] = min(
                    first.get(key, statement.date_start), statement.date_start
                )
        if not first:
            return {}
        self.env["focalist.statement"].flush_model()
        found = self.env.execute_query(
            SQL(
                """
                SELECT own.contract_id, own.charge, before.amount_untaxed
                  FROM (VALUES %s) AS own(contract_id, charge, day)
            CROSS JOIN LATERAL (
                       SELECT SUM(amount_untaxed) AS amount_untaxed
                         FROM focalist_statement s
                        WHERE s.contract_id = own.contract_id
                          AND s.charge = own.charge
                          AND s.date_start < own.day
                          AND s.cancelled IS NOT TRUE
                     GROUP BY s.date_start
                     ORDER BY s.date_start DESC
                        LIMIT 1) AS before
                """,
                SQL(", ").join(
                    SQL("(%s, %s, %s::date)", contract, charge, day)
                    for (contract, charge), day in first.items()
                ),
            )
        )
        return {(contract, charge): amount for contract, charge, amount in found}

    # -- what people do with rows -----------------------------------------------------

    def action_open_statements(self):
        """Open the statements of these contracts in the run."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_billing.focalist_statement_action"
        )
        statements = self._live_statements()
        if len(statements) == 1:
            return action | {
                "views": [(False, "form")],
                "res_id": statements.id,
                "context": {},
            }
        return action | {"domain": [("id", "in", statements.ids)], "context": {}}

    def action_open_invoices(self):
        """Open the invoices of these contracts in the run."""
        self.check_access("read")
        return self.statement_ids.move_id._focalist_open()

    def action_skip(self):
        """Set these contracts aside: another run may take their statements."""
        rows = self._in_review().filtered(lambda row: row.state in OPEN_ROWS)
        rows.sudo().state = "skipped"
        for run in rows.run_id:
            if set(run.row_ids.mapped("state")) <= {"done", "skipped"}:
                run.sudo().state = "done"

    def action_measure(self):
        """Make their statements anew, from the readings and prices there are now."""
        rows = self._in_review().filtered(
            lambda row: "invoiced" not in row.statement_ids.mapped("state")
        )
        if not rows:
            raise UserError(
                self.env._("These are invoiced: nothing is left to measure.")
            )
        rows._cancel_drafts()
        rows.sudo().write({"state": "to_do", "message": False, "outside_count": 0})
        for run in rows.run_id:
            run._enter("measuring")

    def action_invoice(self):
        """Make the invoices of these contracts, as their run says."""
        rows = self._in_review().filtered(
            lambda row: row.state in ("ready", "problem") and row._live_statements()
        )
        if not rows:
            raise UserError(self.env._("None of these has a statement to invoice."))
        statements = rows._live_statements()
        anomalies = statements._open_anomalies()
        if "blocking" in anomalies.mapped("severity"):
            # Accepted or put right first; what only tells goes on.
            return self.env["focalist.anomaly.accept"]._ask(statements, anomalies)
        rows.sudo().write({"state": "to_invoice", "message": False})
        for run in rows.run_id:
            run._enter("invoicing")
        return True

    def _without_blocking(self):
        """Those of these rows with no anomaly that has to be accepted."""
        anomalies = self._live_statements()._open_anomalies()
        blocking = anomalies.filtered(lambda anomaly: anomaly.severity == "blocking")
        return self.filtered(lambda row: not row.statement_ids & blocking.statement_id)

    def _in_review(self):
        """These rows, after a check that they may be changed now."""
        for run in self.run_id:
            run._take("review", "done")
            if run.state not in ("review", "done"):
                raise UserError(
                    self.env._(
                        "%(run)s is at work or stopped: wait for its end, or resume"
                        " it first.",
                        run=run.name,
                    )
                )
        return self

    def _cancel_drafts(self):
        """Cancel what is not invoiced of these rows' statements; rights are checked."""
        self.statement_ids.filtered(
            lambda statement: statement.state in ("draft", "empty")
        ).action_cancel()
