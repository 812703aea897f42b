from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestInvoice(BillingCommon):
    """From a statement to Odoo's own invoice, and back."""

    def setUp(self):
        super().setUp()
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 1000, "color": 100}),
            ("2026-03-31 08:00", {"mono": 2234, "color": 433}),
        )
        self._read(
            self.site,
            "A002",
            ("2026-02-28 08:00", {"mono": 10}),
            ("2026-03-31 08:00", {"mono": 110}),
        )
        self.statement = self._bill()

    def test_invoice_has_taxes_and_accounts_of_odoo(self):
        move = self.statement._create_invoices()
        self.assertRecordValues(
            move.invoice_line_ids,
            [
                {"quantity": 1334, "price_unit": 0.01, "price_subtotal": 13.34},
                {"quantity": 333, "price_unit": 0.1, "price_subtotal": 33.3},
            ],
        )
        self.assertEqual(
            move.invoice_line_ids.tax_ids, self.company.account_sale_tax_id
        )
        self.assertAlmostEqual(move.amount_untaxed, self.statement.amount_untaxed)
        self.assertAlmostEqual(move.amount_tax, 7.0)  # 15 % of 46.64
        move.action_post()
        self.assertEqual(move.state, "posted")

    def test_services_are_taxed_as_services(self):
        """In France the default tax is the one on goods."""
        company = self.env["res.company"].create({"name": "French dealer"})
        taxes = self.env["account.tax"].with_company(company)
        group = self.env["account.tax.group"].create(
            {"name": "Tax", "company_id": company.id}
        )
        goods, services = taxes.create(
            [
                {
                    "name": f"20% {scope}",
                    "amount": 20,
                    "tax_scope": scope,
                    "company_id": company.id,
                    "tax_group_id": group.id,
                    "country_id": self.env.ref("base.fr").id,
                }
                for scope in ("consu", "service")
            ]
        )
        company.account_sale_tax_id = goods
        product = self.env.ref("focalist_billing.product_mono")
        before = product.taxes_id
        company._set_focalist_charge_taxes()
        self.assertEqual(product.taxes_id - before, services)
        self.assertLessEqual(before, product.taxes_id, "others keep their own")
        product.taxes_id = product.taxes_id - services + goods.copy({"name": "Chosen"})
        company._set_focalist_charge_taxes()
        self.assertNotIn(services, product.taxes_id, "what was chosen stays")

    def test_i2_each_line_is_traced_to_its_readings(self):
        move = self.statement._create_invoices()
        mono, color = move.invoice_line_ids
        self.assertEqual(len(mono.focalist_charge_ids._statement_lines()), 2)
        self.assertEqual(
            sum(mono.focalist_charge_ids._statement_lines().mapped("pages")),
            mono.quantity,
        )
        self.assertEqual(
            color.focalist_charge_ids._statement_lines().reading_to_id.meter_color, 433
        )

    def test_line_tells_its_period_in_the_receivers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.client.lang = "fr_FR"
        move = self.statement._create_invoices()
        self.assertIn("01/03/2026", move.invoice_line_ids[0].name)
        self.assertIn("31/03/2026", move.invoice_line_ids[0].name)

    def test_deleting_the_invoice_opens_the_statement(self):
        move = self.statement._create_invoices()
        self.assertEqual(self.statement.state, "invoiced")
        move.unlink()
        self.assertEqual(self.statement.state, "draft")
        self.assertEqual(self.statement._create_invoices().state, "draft")

    def test_cancelling_the_invoice_opens_the_statement(self):
        move = self.statement._create_invoices()
        move.button_cancel()
        self.assertEqual(self.statement.state, "draft")
        again = self.statement._create_invoices()
        self.assertNotEqual(again, move)
        self.assertEqual(len(self.statement.charge_ids.move_line_id), 2)
        self.assertEqual(self.statement.charge_ids.move_line_id.move_id, again)

    def test_an_invoiced_statement_stays(self):
        self.statement._create_invoices()
        with self.assertRaises(UserError):
            self.statement.unlink()
        with self.assertRaises(UserError):
            self.statement.action_cancel()
        with self.assertRaises(UserError):
            self.statement._create_invoices()

    def test_nothing_to_invoice_is_said(self):
        self.contract.pricing_ids.write({"price_mono": 0, "price_color": 0})
        self.assertEqual(self.statement.state, "empty")
        with self.assertRaisesRegex(UserError, "nothing to invoice"):
            self.statement._create_invoices()

    def test_the_payer_is_the_invoice_address(self):
        client, site = self._make_client(
            "Two addresses",
            child_ids=[Command.create({"name": "Accounts", "type": "invoice"})],
        )
        contract = self._make_contract(client)
        self._read(
            site,
            "B001",
            ("2026-02-28 08:00", {"mono": 10}),
            ("2026-03-31 08:00", {"mono": 110}),
        )
        move = self._bill(contract=contract)._create_invoices()
        self.assertEqual(move.partner_id, client.child_ids)
        self.assertIn(move, client.focalist_invoice_ids)

    def test_run_bills_all_contracts_of_the_month(self):
        client, site = self._make_client("Second")
        second = self._make_contract(client)
        self._read(
            site,
            "B001",
            ("2026-02-28 08:00", {"mono": 10}),
            ("2026-03-31 08:00", {"mono": 110}),
        )
        quarterly = self._make_contract(self._make_client("Quarterly")[0])
        quarterly.period = "quarter"
        draft = self._make_contract(self._make_client("Draft")[0], active=False)
        with Form(self.env["focalist.billing.run"]) as form:
            form.month = "2026-03-05"
        run = form.save()
        run.action_start()
        self.assertEqual(run.state, "review")
        rows = run.row_ids.grouped("contract_id")
        self.assertEqual(
            {contract: row.state for contract, row in rows.items()},
            # The first has its statement already; the quarter has no reading.
            {self.contract: "ready", second: "ready", quarterly: "problem"},
        )
        self.assertNotIn(draft, rows)
