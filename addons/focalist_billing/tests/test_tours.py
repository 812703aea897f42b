from itertools import accumulate

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import BillingCommon
from .test_portal import PortalCommon


@tagged("post_install", "-at_install")
class TestAccountantTour(BillingCommon, HttpCase):
    """A month of an accountant, in one tour: prices, run, review, payments, credit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.write({"name": "Museum", "email": "museum@example.com"})
        cls.bakery, bakerys_site = cls._make_client("Bakery")
        bakerys_contract = cls._make_contract(cls.bakery)
        for site, serial, pages in (
            (cls.site, "A001", (1000, 1000, 1000, 3600)),
            (bakerys_site, "B001", (500, 500, 500, 500)),
        ):
            values = accumulate((1000, *pages))
            days = ("01-31", "02-28", "03-31", "04-30", "05-31")
            cls._read(
                site,
                serial,
                *(
                    (f"2026-{day} 08:00", {"mono": value})
                    for day, value in zip(days, values, strict=True)
                ),
            )
        for month in (2, 3, 4):
            for contract in (cls.contract, bakerys_contract):
                statement = cls._bill(f"2026-{month:02}-15", contract=contract)
                statement._create_invoices().action_post()
        cls.accountant = new_test_user(
            cls.env,
            login="accountant",
            groups="focalist_base.group_focalist_accountant",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def test_i1_i2_tour_accountant_from_prices_to_credit_and_rebill(self):
        before = self.env["account.move"].search([])
        self.start_tour("/odoo", "focalist_billing_accountant", login="accountant")

        versions = self.contract.pricing_ids.sorted("date_from")
        self.assertEqual(versions.mapped("price_mono"), [0.01, 0.012])
        run = self.env["focalist.billing.run"].search([])
        self.assertEqual(
            (run.state, run.user_id, run.invoicing), ("done", self.accountant, "post")
        )
        self.assertEqual(set(run.row_ids.mapped("state")), {"done"})
        made = self.env["account.move"].search([("id", "not in", before.ids)])
        made = made.filtered(lambda move: move.is_sale_document()).sorted("id")
        self.assertEqual(set(made.mapped("state")), {"posted"})
        [bakerys] = made.filtered(lambda move: move.partner_id == self.bakery)
        self.assertAlmostEqual(bakerys.amount_untaxed, 5)
        self.assertFalse(bakerys.is_move_sent)

        first, credit, second = made - bakerys
        self.assertEqual(
            [move.move_type for move in (first, credit, second)],
            ["out_invoice", "out_refund", "out_invoice"],
        )
        # 3,600 pages, and 15 % of tax.
        for move, untaxed, total in (
            (first, 86.4, 99.36),
            (credit, 86.4, 99.36),
            (second, 43.2, 49.68),
        ):
            self.assertAlmostEqual(move.amount_untaxed, untaxed)
            self.assertAlmostEqual(move.amount_total, total)

        # Two parts are paid; what they leave is credited, and they pay the next one.
        payments = first.matched_payment_ids | second.matched_payment_ids
        self.assertEqual(sorted(payments.mapped("amount")), [10, 20])
        self.assertEqual(credit.reversed_entry_id, first)
        self.assertFalse(first.amount_residual)
        self.assertFalse(credit.amount_residual)
        self.assertAlmostEqual(second.amount_residual, 19.68)
        self.assertEqual(second.payment_state, "partial")

        # The statement was freed, and is billed anew with its accepted anomaly.
        statement = second.focalist_statement_ids
        self.assertFalse(first.focalist_statement_ids)
        self.assertEqual(credit.focalist_credited_ids, statement)
        self.assertEqual((statement.state, statement.pages), ("invoiced", 3600))
        self.assertIn(statement, run.row_ids.statement_ids)
        anomaly = statement.anomaly_ids
        self.assertEqual(
            (anomaly.kind, anomaly.state, anomaly.reason, anomaly.accepted_by_id),
            ("volume", "accepted", "They printed a catalogue", self.accountant),
        )

        # Only the first was sent: to the client, with its file.
        self.assertEqual((first.is_move_sent, second.is_move_sent), (True, False))
        [mail] = first.message_ids.filtered("notified_partner_ids").filtered(
            lambda message: self.client in message.notified_partner_ids
        )
        self.assertIn(
            first.invoice_pdf_report_id.name, mail.attachment_ids.mapped("name")
        )


@tagged("post_install", "-at_install")
class TestPortalTour(PortalCommon):
    def test_i3_tour_portal_finds_the_meters_and_disputes(self):
        self.start_tour("/my", "focalist_billing_portal", login="coordinator")
        messages = self.move.focalist_statement_ids.message_ids
        self.assertIn("It was off all month", str(messages.mapped("body")))


@tagged("post_install", "-at_install")
class TestSimulationTour(BillingCommon, HttpCase):
    def test_tour_sales_simulates_and_uses_the_prices(self):
        prospect, site = self._make_client("Prospect")
        month = fields.Date.start_of(fields.Date.today(), "month")
        first, last = (
            fields.Date.subtract(month, days=days).isoformat() for days in (15, 5)
        )
        self._read(
            site,
            "P001",
            (f"{first} 08:00", {"mono": 0}),
            (f"{last} 08:00", {"mono": 900}),
        )
        draft = self._make_contract(prospect, active=False)
        new_test_user(
            self.env,
            login="sales",
            groups="focalist_base.group_focalist_sales",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.start_tour("/odoo", "focalist_billing_simulation", login="sales")
        self.assertEqual(draft.pricing_ids.price_mono, 0.02)
        self.assertEqual(draft.state, "draft")
        self.assertFalse(draft.statement_ids)
