from psycopg2.errors import ExclusionViolation

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestContract(BillingCommon):
    """A client's contract: its periods, its devices, its life."""

    def test_periods_follow_the_calendar(self):
        for period, expected in {
            "month": ("2026-05-01", "2026-05-31"),
            "quarter": ("2026-04-01", "2026-06-30"),
            "half_year": ("2026-01-01", "2026-06-30"),
            "year": ("2026-01-01", "2026-12-31"),
        }.items():
            self.contract.period = period
            day = self.contract.date_start.replace(month=5, day=20)
            self.assertEqual(
                tuple(map(str, self.contract._period_of(day))), expected, period
            )

    def test_the_form_proposes_what_can_be_known(self):
        with freeze_time("2026-05-20"):
            form = Form(self.env["focalist.contract"])
            form.partner_id = self.client
            contract = form.save()
        self.assertEqual(contract.payer_id, self.client)
        self.assertEqual(str(contract.date_start), "2026-05-01")
        self.assertEqual(contract.company_id, self.company)
        self.assertRegex(contract.name, r"^CT\d{5}$")

    def test_devices_join_when_it_is_activated(self):
        client, site = self._make_client("Later")
        device = self._read(site, "L001", ("2026-01-10 08:00", {"mono": 1}))
        contract = self._make_contract(client)
        self.assertEqual(contract.member_ids.device_id, device)

    def test_a_device_that_comes_joins(self):
        device = self._read(self.site, "N001", ("2026-01-10 08:00", {"mono": 1}))
        self.assertEqual(self.contract.member_ids.device_id, device)

    def test_a_device_that_leaves_ends_its_membership(self):
        device = self._read(self.site, "N001", ("2026-01-10 08:00", {"mono": 1}))
        other, other_site = self._make_client("Other")
        other_contract = self._make_contract(other)
        device.placement_ids.end_at = "2026-02-01 10:00:00"
        self.env["focalist.device.placement"].create(
            {
                "device_id": device.id,
                "site_id": other_site.id,
                "start_at": "2026-02-01 10:00:00",
            }
        )
        self.assertEqual(str(self.contract.member_ids.end_at), "2026-02-01 10:00:00")
        self.assertEqual(other_contract.member_ids.device_id, device)

    def test_from_site_to_site_it_stays(self):
        device = self._read(self.site, "N001", ("2026-01-10 08:00", {"mono": 1}))
        second = self.env["focalist.site"].create(
            {"name": "Second", "partner_id": self.client.id}
        )
        device.placement_ids.end_at = "2026-02-01 10:00:00"
        self.env["focalist.device.placement"].create(
            {
                "device_id": device.id,
                "site_id": second.id,
                "start_at": "2026-02-01 10:00:00",
            }
        )
        self.assertEqual(len(self.contract.member_ids), 1)
        self.assertFalse(self.contract.member_ids.end_at)

    def test_one_contract_at_a_time(self):
        device = self._read(self.site, "N001", ("2026-01-10 08:00", {"mono": 1}))
        second = self._make_contract(self.client)
        self.assertFalse(second.member_ids)
        with self.assertRaises(ExclusionViolation), mute_logger("odoo.sql_db"):
            self.env["focalist.contract.device"].create(
                {
                    "contract_id": second.id,
                    "device_id": device.id,
                    "start_at": "2026-03-01 00:00:00",
                }
            )

    def test_close_and_reopen(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-10 08:00", {"mono": 150}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        with freeze_time("2026-03-15"):
            self.contract.action_close()
        self.assertEqual(self.contract.state, "closed")
        statement = self._bill()
        self.assertEqual(statement.pages, 50, "pages until the end are billed")
        self.assertFalse(self._bill("2026-04-01"))
        statement.action_cancel()
        self.contract.action_reopen()
        self.assertEqual(self._bill().pages, 100)

    def test_what_was_billed_holds_the_contract(self):
        self._read(
            self.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-10 08:00", {"mono": 150}),
        )
        self._bill()
        with self.assertRaises(ValidationError):
            self.contract.period = "quarter"
        with self.assertRaises(UserError):
            self.contract.unlink()

    def test_a_contract_that_stays_says_why(self):
        contract = self._make_contract(self._make_client("Other")[0])
        with self.assertRaisesRegex(UserError, "it is active. Close it instead"):
            contract.unlink()
        contract.date_end = "2026-03-31"
        contract.action_close()
        with self.assertRaisesRegex(UserError, "it is closed, and kept"):
            contract.unlink()

    def test_a_client_is_asked_for(self):
        with self.assertRaisesRegex(ValidationError, "not a client"):
            self.env["focalist.contract"].create({"partner_id": self.partner_a.id})

    def test_a_client_with_contracts_stays_with_its_dealer(self):
        client = self.env["res.partner"].create(
            {
                "name": "No site",
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": self.company.id,
            }
        )
        self._make_contract(client, active=False)
        other = self.env["res.company"].create({"name": "Other dealer"})
        for values in (
            {"is_focalist_client": False},
            {"focalist_company_id": other.id},
        ):
            with self.assertRaisesRegex(UserError, "has contracts"):
                client.sudo().write(values)
