from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MODELS, START, FocalistCase

GROUPS = (
    "focalist_base.group_focalist_manager",
    "focalist_base.group_focalist_sales",
    "focalist_base.group_focalist_technician",
    "focalist_base.group_focalist_accountant",
)
SHARED = ("focalist.device.model", "focalist.manufacturer", "focalist.supply.model")


@tagged("post_install", "-at_install")
class TestCompany(FocalistCase):
    """Two dealers in one database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device()
        cls.ingest(
            cls.report(0, meters={"total": 1}, **cls.tables()),
            cls.report(24, meters={"total": 9}, **cls.tables("CRUM0002")),
        )
        cls.other = cls.env["res.company"].create({"name": "Other dealer"})
        cls.env.user.company_ids |= cls.other
        cls.client_o = cls.client("Omega", focalist_company_id=cls.other.id)
        cls.site_o = cls.site(cls.client_o, "Oslo")
        cls.printer_o = cls.device("E100", cls.site_o, company_id=cls.other.id)
        cls.ingest(
            cls.report(0, meters={"total": 3}, **cls.tables()),
            cls.report(24, meters={"total": 700}, **cls.tables("CRUM0003")),
            company=cls.other,
        )
        for printer in (cls.printer, cls.printer_o):
            company = printer.company_id
            cls.ingest(cls.metered(48, total=2), company=company)
            printer.reading_ids.filtered("is_question")._void("Misread")

    def test_company_is_that_of_the_client(self):
        self.assertEqual(self.site_o.company_id, self.other)
        for records in (
            self.printer_o,
            self.printer_o.placement_ids,
            self.printer_o.reading_ids,
            self.env["focalist.volume"].search([("device_id", "=", self.printer_o.id)]),
            self.env["focalist.volume.month"].search(
                [("device_id", "=", self.printer_o.id)]
            ),
        ):
            self.assertTrue(records)
            self.assertEqual(records.company_id, self.other)

    def test_company_of_another_dealer_is_not_seen(self):
        for group in GROUPS:
            user = self.user(group, group)
            for model in MODELS:
                if model in SHARED:
                    continue
                with self.subTest(group=group, model=model):
                    everything = self.env[model].search([])
                    hidden = everything.filtered(lambda r: r.company_id == self.other)
                    self.assertTrue(hidden)
                    seen = self.env[model].with_user(user).search([])
                    self.assertEqual(seen.sudo(), everything - hidden)
                    with self.assertRaises(AccessError):
                        hidden.with_user(user).read(["company_id"])
                    self.assertFalse(hidden[:1].with_user(user).has_access("write"))

    def test_company_switch(self):
        user = self.user(
            "both",
            "focalist_base.group_focalist_manager",
            company_ids=(self.dealer | self.other).ids,
        )
        devices = self.env["focalist.device"].with_user(user)
        for companies in (self.dealer, self.other, self.dealer | self.other):
            seen = devices.with_context(allowed_company_ids=companies.ids).search([])
            self.assertEqual(seen.company_id, companies)

    def test_company_of_device_and_site_agree(self):
        with self.assertRaises(UserError):
            self.printer._move(self.site_o, START.replace(day=20))
        with self.assertRaises(UserError):
            self.env["focalist.device"].create(
                {"model_id": self.model.id, "proposed_site_id": self.site_o.id}
            )

    def test_company_writes_of_its_own_clients_alone(self):
        person = self.coordinator(self.client_o)
        contact = self.contact(self.client_o, "Olga")
        ours = self.client("Fresh")
        for group in GROUPS[:2]:
            user = self.user(group, f"{group},base.group_partner_manager")
            for partner, values in (
                (self.client_o, {"focalist_active": False}),
                (self.client_o, {"focalist_company_id": self.dealer.id}),
                (self.client_o, {"focalist_prefix": "OUR"}),
                (self.client_o, {"is_focalist_client": False}),
                (person, {"focalist_coordinator_scope": "sites"}),
                (person, {"is_focalist_coordinator": False}),
                (contact, {"is_focalist_coordinator": True}),
                (ours, {"focalist_company_id": self.other.id}),
            ):
                with self.subTest(group=group, values=values):
                    with self.assertRaisesRegex(AccessError, "another dealer"):
                        with self.env.cr.savepoint():
                            partner.with_user(user).write(values)
            for values in (
                {"parent_id": self.client_o.id, "is_focalist_coordinator": True},
                {"is_focalist_client": True, "focalist_company_id": self.other.id},
            ):
                with self.subTest(group=group, values=values):
                    with self.assertRaisesRegex(AccessError, "another dealer"):
                        with self.env.cr.savepoint():
                            contact.with_user(user).create({"name": "New", **values})
            # What is not Focalist's is Odoo's to decide.
            contact.with_user(user).phone = "123"
            ours.with_user(user).focalist_active = False
        both = self.user("both", GROUPS[1], company_ids=(self.dealer | self.other).ids)
        self.client_o.with_user(both).focalist_active = False
        ours.with_user(both).focalist_company_id = self.other

    def test_company_does_not_share_volumes(self):
        user = self.user("manager", GROUPS[0])
        total = (
            self.env["focalist.volume.month"]
            .with_user(user)
            ._read_group([], [], ["pages_total:sum"])
        )
        self.assertEqual(total, [(8,)])

    def test_company_of_the_client_list(self):
        user = self.user("manager", GROUPS[0])
        action = self.env.ref("focalist_base.focalist_client_action")
        domain = action._fields["domain"] and action.domain
        self.assertIn("allowed_company_ids", domain)
        clients = (
            self.env["res.partner"]
            .with_user(user)
            .search(
                [
                    ("is_focalist_client", "=", True),
                    ("focalist_company_id", "in", self.dealer.ids),
                ]
            )
        )
        self.assertIn(self.client_a, clients)
        self.assertNotIn(self.client_o, clients)
