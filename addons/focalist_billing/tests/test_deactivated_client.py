from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestDeactivatedClient(BillingCommon):
    """How a client's deactivation ends its contracts; billing's tabs on its form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            group: new_test_user(
                cls.env,
                group,
                f"focalist_base.group_focalist_{group}",
                company_id=cls.company.id,
                company_ids=cls.company.ids,
            )
            for group in ("sales", "accountant")
        }
        cls._read(
            cls.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-10 08:00", {"mono": 150}),
            ("2026-03-31 08:00", {"mono": 200}),
            ("2026-04-20 08:00", {"mono": 260}),
        )

    def deactivate(self, day):
        with freeze_time(day):
            self.client.with_user(self.users["sales"]).action_focalist_deactivate()

    def reactivate(self, day):
        with freeze_time(day):
            self.client.with_user(self.users["sales"]).action_focalist_reactivate()

    def run_of(self, month):
        """The statements that an accountant's billing run of a month makes."""
        runs = self.env["focalist.billing.run"].with_user(self.users["accountant"])
        run = runs.create({"month": month})
        before = self.contract.statement_ids
        run.action_start()
        self.assertNotIn("problem", run.row_ids.mapped("state"))
        return self.contract.statement_ids - before

    def test_c5_pages_until_then_are_on_a_final_statement(self):
        self.deactivate("2026-03-15")
        statement = self.run_of("2026-03-01")
        self.assertEqual(statement.pages, 50)
        self.assertEqual(str(statement.service_end), "2026-03-15")
        with self.assertRaisesRegex(UserError, "No contract has a period"):
            self.run_of("2026-04-01")
        self.assertFalse(self._bill("2026-04-01"))

    def test_c5_final_statement_of_a_long_period_is_due_at_once(self):
        self.contract.period = "year"
        self.deactivate("2026-03-15")
        with freeze_time("2026-03-16"):
            statement = self.run_of("2026-03-01")
        self.assertEqual(statement.pages, 50)

    def test_c5_billing_goes_on_when_the_client_is_reactivated(self):
        self.deactivate("2026-03-15")
        self.run_of("2026-03-01")._create_invoices()
        self.reactivate("2026-04-10")
        self.assertFalse(self.contract.date_end)
        self.assertFalse(self.contract.member_ids.end_at)
        statement = self.run_of("2026-04-01")
        self.assertEqual(statement.pages, 110, "what was printed meanwhile is not lost")

    def test_c5_a_last_draft_goes_on_when_the_client_is_reactivated(self):
        self.deactivate("2026-03-15")
        march = self.run_of("2026-03-01")
        self.reactivate("2026-04-10")
        self.assertEqual((str(march.service_end), march.pages), ("2026-03-31", 100))
        self.assertEqual(self.run_of("2026-04-01").pages, 60)

    def test_c5_planned_end_comes_back(self):
        self.contract.date_end = "2027-08-31"
        for closed in (False, True):
            if closed:
                self.contract.action_close()
            self.deactivate("2026-03-15")
            self.assertEqual(str(self.contract.date_end), "2026-03-15")
            self.reactivate("2026-04-10")
            self.assertEqual(str(self.contract.date_end), "2027-08-31")
            self.assertFalse(self.contract.stopped_on)

    def test_c5_end_that_somebody_changed_stays(self):
        self.deactivate("2026-03-15")
        self.contract.date_end = "2026-03-10"
        self.reactivate("2026-04-10")
        self.assertEqual(str(self.contract.date_end), "2026-03-10")

    def test_c5_ended_and_draft_contracts_stay_as_they_are(self):
        draft = self._make_contract(self.client, active=False)
        self.contract.date_end = "2026-02-28"
        self.deactivate("2026-03-15")
        self.assertFalse(draft.date_end)
        self.assertEqual(str(self.contract.date_end), "2026-02-28")

    def test_c4_pricing_and_invoices_have_their_tabs(self):
        arch = etree.fromstring(
            self.env["res.partner"]
            .with_user(self.users["accountant"])
            .get_view(self.env.ref("base.view_partner_form").id, "form")["arch"]
        )
        pages = [page.get("name") for page in arch.xpath("//notebook/page")]
        wanted = [
            "focalist_devices",
            "focalist_pricing",
            "focalist_coordinators",
            "focalist_invoices",
            "focalist_custom_fields",
        ]
        self.assertEqual([name for name in pages if name in wanted], wanted)
        for page, field in (
            ("focalist_pricing", "focalist_contract_ids"),
            ("focalist_invoices", "focalist_invoice_ids"),
        ):
            self.assertTrue(
                arch.xpath(f"//page[@name='{page}']//field[@name='{field}']")
            )
