from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import BillingCommon

MODELS = (
    "focalist.contract",
    "focalist.contract.device",
    "focalist.pricing",
    "focalist.statement",
    "focalist.statement.line",
)


@tagged("post_install", "-at_install")
class TestRights(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._read(
            cls.site,
            "A001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        cls.statement = cls._bill()

    @classmethod
    def _user(cls, group, **values):
        return new_test_user(
            cls.env,
            login=group,
            groups=f"focalist_base.group_focalist_{group}",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            **values,
        )

    def test_rights_technician_sees_no_prices(self):
        user = self._user("technician")
        for model in MODELS:
            with self.assertRaises(AccessError):
                self.env[model].with_user(user).search([])

    def test_rights_technician_moves_a_billed_device(self):
        user = self._user("technician")
        device = self.statement.line_ids.device_id
        device.placement_ids.with_user(user).end_at = "2026-04-01 00:00:00"
        _other, site = self._make_client("Other")
        self.env["focalist.device.placement"].with_user(user).create(
            {
                "device_id": device.id,
                "site_id": site.id,
                "start_at": "2026-04-01 00:00:00",
            }
        )
        self.assertTrue(self.contract.member_ids.end_at)

    def test_rights_sales_prepares_drafts(self):
        user = self._user("sales")
        client, _site = self._make_client("New")
        draft = (
            self.env["focalist.contract"]
            .with_user(user)
            .create(
                {
                    "partner_id": client.id,
                    "date_start": "2026-01-01",
                    "pricing_ids": [
                        Command.create({"date_from": "2026-01-01", "price_mono": 0.02})
                    ],
                }
            )
        )
        draft.pricing_ids.price_mono = 0.03
        with self.assertRaises(AccessError):
            draft.action_activate()
        with self.assertRaises(AccessError):
            self.contract.with_user(user).date_end = "2026-12-31"
        with self.assertRaises(AccessError):
            self.contract.pricing_ids.with_user(user).price_mono = 0
        statement = self.statement.with_user(user)
        self.assertEqual(statement.pages, 100)
        for action in (
            statement.action_create_invoice,
            statement.action_cancel,
            statement.unlink,
        ):
            with self.assertRaises(AccessError):
                action()

    def test_rights_accountant_bills(self):
        user = self._user("accountant")
        client, site = self._make_client("New")
        contract = self._make_contract(client, active=False).with_user(user)
        self._read(
            site,
            "B001",
            ("2026-02-28 08:00", {"mono": 100}),
            ("2026-03-31 08:00", {"mono": 200}),
        )
        contract.action_activate()
        run = self.env["focalist.billing.run"].with_user(user)
        action = run.create(
            {"month": "2026-03-01", "contract_ids": contract.ids}
        ).action_start()
        statement = (
            self.env["focalist.statement"].with_user(user).browse(action["res_id"])
        )
        statement.action_create_invoice()
        statement.move_id.action_post()
        self.assertEqual(statement.move_id.state, "posted")

    def test_rights_a_part_of_prices_stays_with_its_version(self):
        """Or sales would change the prices of an active contract."""
        client, _site = self._make_client("New")
        draft = self._make_contract(client, active=False).with_user(self._user("sales"))
        part = self.env["focalist.pricing.override"].with_user(draft.env.user)
        part = part.create(
            {
                "pricing_id": draft.pricing_ids.id,
                "model_id": self.statement.line_ids.device_id.model_id.id,
            }
        )
        part.pricing_id = draft.pricing_ids
        with self.assertRaisesRegex(UserError, "stay with their version"):
            part.pricing_id = self.contract.pricing_ids
        with self.assertRaisesRegex(AccessError, "cannot be written by hand"):
            part.company_id = self.env["res.company"].create({"name": "Other"})

    def test_rights_nobody_makes_what_was_billed(self):
        accountant = self._user("accountant")
        for model in ("line", "charge", "supply"):
            records = self.env[f"focalist.statement.{model}"].with_user(accountant)
            with self.assertRaises(AccessError):
                records.with_context(default_statement_id=self.statement.id).create({})
        with self.assertRaises(AccessError):
            self.statement.charge_ids.with_user(accountant).unlink()

    def test_rights_a_request_sets_no_guarded_field_by_a_default(self):
        client, _site = self._make_client("New")
        contracts = self.env["focalist.contract"].with_user(self._user("sales"))
        values = {"partner_id": client.id, "date_start": "2026-01-01"}
        with self.assertRaisesRegex(AccessError, "cannot be written by hand"):
            contracts.create(values | {"state": "active"})
        contract = contracts.with_context(
            default_state="active", default_cost_centre="kept", lang="en_US"
        ).create(values)
        self.assertEqual(contract.state, "draft")
        self.assertEqual(contract.env.context["default_cost_centre"], "kept")

    def test_company_nothing_is_handed_to_another_dealer(self):
        """Not even by a write that begins in one's own company."""
        other = self.env["res.company"].create({"name": "Other dealer"})
        client = self.env["res.partner"].create(
            {
                "name": "Shared contact",
                "is_company": True,
                "is_focalist_client": True,
                "focalist_company_id": other.id,
            }
        )
        theirs = self.env["focalist.price.index"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        own = self.env["focalist.price.index"].create(
            {"name": "Own", "company_id": self.company.id}
        )
        value = self.env["focalist.price.index.value"].create(
            {"index_id": own.id, "month": "2026-01-01", "value": 100}
        )
        product = self.env["focalist.charge.product"].create(
            {
                "company_id": self.company.id,
                "charge": "fee",
                "product_id": self.product_a.id,
            }
        )
        new_client, _site = self._make_client("New")
        contract = self._make_contract(new_client)
        accountant = self._user("accountant")
        for record, values in (
            (value, {"index_id": theirs.id}),
            (own, {"company_id": other.id}),
            (product, {"company_id": other.id}),
            (contract, {"partner_id": client.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                record.with_user(accountant).write(values)
            record.invalidate_recordset()
        value.with_user(accountant).value = 101

    def test_company_of_another_dealer(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        user = self._user("manager")
        user.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        for model in MODELS:
            self.assertFalse(self.env[model].with_user(user).search([]), model)
            self.assertTrue(self.env[model].search([]), model)
