from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillingCommon

NOTICE = "focalist_billing.mail_activity_type_notice"
END = "focalist_billing.mail_activity_type_end"


@tagged("post_install", "-at_install")
class TestContractTerm(BillingCommon):
    """The end of a contract, notice before it, and renewal without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._user("seller", "sales")
        cls.accountant = cls._user("books", "accountant")
        cls.contract.write(
            {
                "date_end": "2026-12-31",
                "renewal": "tacit",
                "notice_months": 3,
                "user_id": cls.seller.id,
            }
        )

    @classmethod
    def _user(cls, login, group):
        return new_test_user(
            cls.env,
            login=login,
            groups=f"focalist_base.group_focalist_{group}",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def _cron(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref("focalist_billing.contract_terms").method_direct_trigger()
        self.env.invalidate_all()

    def _search(self, name, day):
        """The contracts that a filter of the list shows on a day."""
        view = self.env.ref("focalist_billing.focalist_contract_view_search")
        domain = etree.fromstring(view.arch).xpath(f"//filter[@name='{name}']/@domain")

        with freeze_time(day):
            return self.env["focalist.contract"].search(safe_eval(domain[0]))

    def test_the_last_day_of_notice_is_months_before_the_end(self):
        for end, months, until in [
            ("2026-12-31", 3, "2026-09-30"),
            ("2027-02-28", 3, "2026-11-30"),
            ("2028-02-29", 1, "2028-01-31"),
            ("2026-12-14", 6, "2026-06-14"),
            ("2026-12-31", 0, "2026-12-31"),
        ]:
            with self.subTest(end=end, months=months):
                self.contract.write({"date_end": end, "notice_months": months})
                self.assertEqual(str(self.contract.notice_until), until)

    def test_the_responsible_is_the_clients_salesperson(self):
        client, _site = self._make_client("Sold", user_id=self.seller.id)
        self.assertEqual(self._make_contract(client).user_id, self.seller)

    def test_who_is_responsible_is_reminded_of_notice_once(self):
        self._cron("2026-08-30")
        self.assertFalse(self.contract.activity_ids)
        self._cron("2026-08-31")
        self._cron("2026-09-01")
        activity = self.contract.activity_search([NOTICE])
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(str(activity.date_deadline), "2026-09-30")
        activity.action_feedback()
        self._cron("2026-09-02")
        self.assertFalse(self.contract.activity_search([NOTICE]), "it was done")
        self.assertEqual(self._search("notice_due", "2026-09-30"), self.contract)
        self.assertFalse(self._search("notice_due", "2026-10-01"))

    def test_a_contract_without_notice_is_renewed_the_day_after(self):
        self._cron("2026-09-30")
        self.assertEqual(str(self.contract.date_end), "2026-12-31")
        self._cron("2026-10-01")
        self.assertEqual(str(self.contract.date_end), "2027-12-31")
        self.assertEqual(str(self.contract.notice_until), "2027-09-30")
        self.assertFalse(self.contract.activity_search([NOTICE]))
        self.assertIn(
            "Renewed until 12/31/2027: nobody gave notice until 09/30/2026.",
            str(self.contract.message_ids.mapped("body")),
        )
        self._cron("2026-10-02")
        self.assertEqual(str(self.contract.date_end), "2027-12-31")

    def test_a_contract_with_notice_ends(self):
        with freeze_time("2026-09-15"):
            self.contract.with_user(self.accountant).action_give_notice()
        self.assertEqual(str(self.contract.notice_given_on), "2026-09-15")
        self.assertFalse(self.contract.notice_until)
        self._cron("2026-10-01")
        self.assertEqual(str(self.contract.date_end), "2026-12-31")
        self._cron("2026-12-01")
        self._cron("2026-12-02")
        activity = self.contract.activity_search([END])
        self.assertEqual(str(activity.date_deadline), "2026-12-31")
        self.assertEqual(self._search("ends_soon", "2026-12-02"), self.contract)

    def test_a_notice_is_taken_back(self):
        with freeze_time("2026-09-15"):
            self.contract.action_give_notice()
            self.contract.action_withdraw_notice()
        self._cron("2026-10-01")
        self.assertEqual(str(self.contract.date_end), "2027-12-31")

    def test_notice_is_the_accountants(self):
        for name in ("action_give_notice", "action_withdraw_notice"):
            with self.assertRaises(AccessError):
                getattr(self.contract.with_user(self.seller), name)()
        with self.assertRaisesRegex(AccessError, "Notice given on"):
            self.contract.with_user(self.accountant).notice_given_on = "2026-01-01"

    def test_notice_needs_an_end(self):
        self.contract.date_end = False
        self.assertFalse(self.contract.notice_until)
        with self.assertRaisesRegex(UserError, "has no end"):
            self.contract.action_give_notice()

    def test_terms_that_passed_are_made_up_for(self):
        self.contract.date_end = "2026-06-30"
        self._cron("2028-01-15")
        self.assertEqual(str(self.contract.date_end), "2028-06-30")

    def test_the_end_of_a_month_stays_one(self):
        self.contract.write({"date_end": "2027-02-28", "renewal_months": 12})
        self._cron("2026-12-01")
        self.assertEqual(str(self.contract.date_end), "2028-02-29")

    def test_devices_stay_in_a_contract_that_is_renewed(self):
        device = self._read(self.site, "A001")
        member = self.contract.member_ids.filtered(lambda m: m.device_id == device)
        self.contract.date_end = "2026-12-31"
        self.assertTrue(member.end_at)
        self._cron("2026-10-01")
        self.assertEqual(str(member.end_at), "2027-12-31 23:00:00")

    def test_devices_of_a_contract_with_a_planned_end_are_in_it(self):
        self._read(self.site, "A001")
        with freeze_time("2026-08-01"):
            self.contract.date_end = "2026-11-30"
            self.env.invalidate_all()
            self.assertEqual(self.contract.device_count, 1)
            self.assertFalse(self.contract._devices_outside())
        with freeze_time("2026-12-02"):
            self.env.invalidate_all()
            self.assertEqual(self.contract.device_count, 0)
            self.assertTrue(self.contract._devices_outside())

    def test_a_contract_that_stopped_with_its_client_is_not_renewed(self):
        with freeze_time("2026-08-01"):
            self.client.focalist_active = False
        self._cron("2026-10-01")
        self.assertEqual(str(self.contract.date_end), "2026-08-01")
        with freeze_time("2026-10-02"):
            self.client.focalist_active = True
        self.assertEqual(str(self.contract.date_end), "2026-12-31")
        self._cron("2026-10-03")
        self.assertEqual(str(self.contract.date_end), "2027-12-31")

    def test_a_contract_that_is_closed_is_not_renewed(self):
        self.contract.action_close()
        end = self.contract.date_end
        self._cron("2027-10-01")
        self.assertEqual(self.contract.date_end, end)

    def test_a_contract_that_ends_is_not_renewed(self):
        self.contract.renewal = "none"
        self.assertFalse(self.contract.notice_until)
        self._cron("2026-12-01")
        self.assertTrue(self.contract.activity_search([END]))
        self.assertEqual(str(self.contract.date_end), "2026-12-31")

    def test_contracts_are_renewed_together(self):
        contracts = self.contract
        for number in range(3):
            client, _site = self._make_client(f"More {number}")
            contracts += self._make_contract(client)
        contracts.write({"date_end": "2026-12-31", "renewal": "tacit"})
        self._cron("2026-10-01")
        self.assertEqual(
            {str(day) for day in contracts.mapped("date_end")}, {"2027-12-31"}
        )
