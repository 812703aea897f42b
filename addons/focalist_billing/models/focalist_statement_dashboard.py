from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .res_partner_invoices import SOLD

#: Months of revenue, and rows of each table.
MONTHS, TOP = 12, 5


class FocalistStatement(models.Model):
    """The accountant's dashboard: where the money of this month is."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    @api.model
    @api.readonly
    def billing_dashboard(self):
        """What is to bill, waits, is billed and paid, and the revenue of a year.

        In the companies that are chosen; amounts of each currency apart.

        :return: dict(tiles, revenue) for the dashboard's script
        """
        # Accountants alone: sales read statements, and no payments.
        self.check_access("write")
        return {
            "tiles": [
                self._tile_due(),
                self._tile_drafts(),
                self._tile_waiting(),
                self._tile_anomalies(),
                self._tile_draft_invoices(),
                self._tile_billed(),
                self._tile_paid(),
                *self._tiles_unpaid(),
            ],
            "revenue": self._revenue_by_currency(),
        }

    @api.model
    def _tile(self, name, title, note, action, domain, amounts=(), **values):
        """A number with its amounts, and the list behind it.

        :param domain: Domain of the list's model
        :param amounts: pairs of a res.currency record and an amount
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(action)
        model = self.env[action["res_model"]]
        return {
            "name": name,
            "title": title,
            "note": note,
            "count": model.search_count(domain),
            "amounts": [
                {"currency": currency.id, "amount": amount}
                for currency, amount in amounts
                if not currency.is_zero(amount)
            ],
            "action": action
            | {"domain": list(domain), "context": {}, "display_name": title},
            "tone": "",
            **values,
        }

    @api.model
    def _mine(self):
        return Domain("company_id", "in", self.env.companies.ids)

    @api.model
    def _month_start(self):
        return fields.Date.start_of(fields.Date.context_today(self), "month")

    @api.model
    def _tile_due(self):
        contracts = self.env["focalist.contract"].search(
            self._mine() & Domain("state", "!=", "draft")
        )
        return self._tile(
            "due",
            self.env._("Contracts to bill"),
            self.env._("A period is over and has no statement"),
            "focalist_billing.focalist_contract_action",
            Domain("id", "in", contracts._due().ids),
        )

    @api.model
    def _tile_of_statements(self, name, title, note, domain, **values):
        domain = self._mine() & domain
        return self._tile(
            name,
            title,
            note,
            "focalist_billing.focalist_statement_action",
            domain,
            self._read_group(domain, ["currency_id"], ["amount_untaxed:sum"]),
            **values,
        )

    @api.model
    def _tile_drafts(self):
        return self._tile_of_statements(
            "drafts",
            self.env._("Statements to invoice"),
            self.env._("Untaxed"),
            Domain("state", "=", "draft"),
        )

    @api.model
    def _tile_waiting(self):
        open_ones = Domain("state", "=", "open") & Domain(
            "kind", "in", ("missing", "to_check")
        )
        return self._tile_of_statements(
            "waiting",
            self.env._("Waiting for readings"),
            self.env._("Statements with meters that are missing or to check"),
            Domain("state", "in", ("draft", "empty"))
            & Domain("anomaly_ids", "any", open_ones),
            tone="warning",
        )

    @api.model
    def _tile_anomalies(self):
        return self._tile_of_statements(
            "anomalies",
            self.env._("With anomalies"),
            self.env._("To be looked at before they are invoiced"),
            Domain("state", "in", ("draft", "empty")) & Domain("anomaly_count", ">", 0),
            tone="danger",
        )

    @api.model
    def _of_clients(self):
        """Domain of the invoices of statements, and of those to clients by hand."""
        return (
            self._mine()
            & Domain("move_type", "in", SOLD)
            & (
                Domain("focalist_origin_ids", "!=", False)
                | Domain("commercial_partner_id.is_focalist_client", "=", True)
            )
        )

    @api.model
    def _tile_of_invoices(self, name, title, note, domain, field, **values):
        domain = self._of_clients() & domain
        return self._tile(
            name,
            title,
            note,
            "account.action_move_out_invoice_type",
            domain,
            self.env["account.move"]._read_group(
                domain, ["currency_id"], [f"{field}:sum"]
            ),
            **values,
        )

    @api.model
    def _tile_draft_invoices(self):
        return self._tile_of_invoices(
            "draft_invoices",
            self.env._("Draft invoices"),
            self.env._("Untaxed, not posted yet"),
            Domain("state", "=", "draft"),
            "amount_untaxed_in_currency_signed",
        )

    @api.model
    def _tile_billed(self):
        return self._tile_of_invoices(
            "billed",
            self.env._("Billed this month"),
            self.env._("Untaxed, less credit notes"),
            Domain("state", "=", "posted")
            & Domain("invoice_date", ">=", self._month_start()),
            "amount_untaxed_in_currency_signed",
            tone="success",
        )

    @api.model
    def _tile_paid(self):
        domain = (
            self._mine()
            & Domain("payment_type", "=", "inbound")
            & Domain("partner_type", "=", "customer")
            & Domain("state", "in", ("in_process", "paid"))
            & Domain("date", ">=", self._month_start())
            & (
                Domain("partner_id.commercial_partner_id.is_focalist_client", "=", True)
                | Domain("invoice_ids.focalist_origin_ids", "!=", False)
            )
        )
        return self._tile(
            "paid",
            self.env._("Paid this month"),
            self.env._("Payments received"),
            "account.action_account_payments",
            domain,
            self.env["account.payment"]._read_group(
                domain, ["currency_id"], ["amount:sum"]
            ),
            tone="success",
        )

    @api.model
    def _tiles_unpaid(self):
        due = Domain("state", "=", "posted") & Domain(
            "payment_state", "in", ("not_paid", "partial")
        )
        late = due & Domain("invoice_date_due", "<", fields.Date.context_today(self))
        return [
            self._tile_unpaid(
                "unpaid",
                self.env._("Amounts due"),
                self.env._("Posted and not paid, less credit notes"),
                due,
            ),
            self._tile_unpaid(
                "overdue",
                self.env._("Overdue"),
                self.env._("Of it, after the due date"),
                late,
                tone="danger",
            ),
        ]

    @api.model
    def _tile_unpaid(self, name, title, note, domain, **values):
        domain = self._of_clients() & domain
        amounts = {}
        for currency, move_type, amount in self.env["account.move"]._read_group(
            domain, ["currency_id", "move_type"], ["amount_residual:sum"]
        ):
            sign = -1 if move_type == "out_refund" else 1
            amounts[currency] = amounts.get(currency, 0) + sign * amount
        return self._tile(
            name,
            title,
            note,
            "account.action_move_out_invoice_type",
            domain,
            amounts.items(),
            **values,
        )

    @api.model
    def _revenue_by_currency(self):
        """The last twelve months, by month and by who brings the most of it."""
        revenue = self.env["focalist.revenue"]
        titles = {
            "partner_id": self.env._("Clients"),
            "site_id": self.env._("Sites"),
            "device_id": self.env._("Devices"),
        }
        first = self._month_start() - relativedelta(months=MONTHS - 1)
        recent = self._mine() & Domain("month", ">=", first)
        found = []
        for currency, total in revenue._read_group(
            recent, ["currency_id"], ["amount:sum"], order="amount:sum desc"
        ):
            domain = recent & Domain("currency_id", "=", currency.id)
            found.append(
                {
                    "currency": currency.id,
                    "name": currency.name,
                    "total": total,
                    "domain": list(domain),
                    "tables": [
                        {
                            "field": field,
                            "title": title,
                            "rows": [
                                {
                                    "id": record.id,
                                    "name": record.display_name,
                                    "amount": amount,
                                }
                                for record, amount in revenue._read_group(
                                    domain & Domain(field, "!=", False),
                                    [field],
                                    ["amount:sum"],
                                    order="amount:sum desc",
                                    limit=TOP,
                                )
                            ],
                        }
                        for field, title in titles.items()
                    ],
                }
            )
        return found
