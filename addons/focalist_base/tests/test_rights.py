from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MODELS, START, FocalistCase

GROUP = "focalist_base.group_focalist_"
READ, EDIT = {"read"}, {"read", "write", "create"}
ALL = EDIT | {"unlink"}
# Of those not named, everybody of Focalist reads and nobody does more.
RIGHTS = {
    "sales": {"focalist.site": ALL},
    "technician": {
        "focalist.device": ALL,
        "focalist.device.model": EDIT,
        "focalist.device.placement": EDIT,
        "focalist.manufacturer": EDIT,
        "focalist.site": EDIT,
        "focalist.supply.model": EDIT,
    },
    "accountant": {},
    "support": {},
    "manager": {
        "focalist.client.fields": {"read", "write"},
        "focalist.device": ALL,
        "focalist.device.model": ALL,
        "focalist.device.placement": EDIT,
        "focalist.manufacturer": ALL,
        "focalist.site": ALL,
        "focalist.supply.model": ALL,
    },
}


@tagged("post_install", "-at_install")
class TestRights(FocalistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device()
        cls.ingest(
            cls.report(0, meters={"total": 1}, **cls.tables()),
            cls.report(24, meters={"total": 9}, **cls.tables("CRUM0002")),
        )
        cls.ingest(cls.metered(30, total=2))
        cls.printer.reading_ids.filtered("is_question")._void("Misread")

    def test_rights_of_each_group(self):
        for group, rights in RIGHTS.items():
            user = self.user(f"the {group}", GROUP + group)
            for model in MODELS:
                records = self.env[model].search([]).with_user(user)
                self.assertTrue(records, model)
                for operation in ("read", "write", "create", "unlink"):
                    with self.subTest(group=group, model=model, operation=operation):
                        self.assertEqual(
                            records.has_access(operation),
                            operation in rights.get(model, READ),
                        )

    def test_rights_of_strangers(self):
        for user in (
            self.user("internal", "base.group_user"),
            self.env.ref("base.public_user"),
            self.user("collector", GROUP + "collector"),
        ):
            for model in MODELS:
                with self.subTest(user=user.login, model=model):
                    records = self.env[model].search([]).with_user(user)
                    for operation in ("read", "write", "create", "unlink"):
                        self.assertFalse(records.has_access(operation))
                    with self.assertRaises(AccessError):
                        records.browse().search([])

    def test_rights_of_a_collector_end_at_its_route(self):
        collector = self.user("collector", GROUP + "collector")
        self.env["ir.model.access"].create(
            {
                "name": "open to everybody",
                "model_id": self.env.ref("base.model_res_currency").id,
                "perm_read": True,
            }
        )
        stranger = self.env.ref("base.public_user")
        self.assertTrue(self.env["res.currency"].with_user(stranger).search([]))
        for model in ("res.currency", "res.country", "res.users", "res.partner"):
            with self.subTest(model=model):
                records = self.env[model].with_user(collector)
                self.assertFalse(records.has_access("read"))
                with self.assertRaises(AccessError):
                    records.search_read([], ["id"])

    def test_rights_of_an_internal_user_to_contacts(self):
        """Who sees contacts and not the fleet reads a client without an error."""
        internal = self.user("internal", "base.group_user")
        client = self.client_a.with_user(internal)
        names = [name for name in client.fields_get() if "focalist" in name]
        self.assertIn("focalist_prefix", names)
        self.assertTrue(client.read(names))
        for name in ("focalist_device_ids", "focalist_last_month_pages"):
            with self.assertRaises(AccessError):
                client.read([name])
        editor = self.user("editor", "base.group_user,base.group_partner_manager")
        self.client_a.with_user(editor).write({"name": "Alpha 2"})
        self.env["res.partner"].with_user(editor).create({"name": "New"})

    def test_rights_of_sales(self):
        sales = self.user("sales", GROUP + "sales")
        clients = self.env["res.partner"].with_user(sales)
        client = clients.create(
            {
                "name": "Gamma",
                "is_company": True,
                "is_focalist_client": True,
                "focalist_prefix": "GAM",
            }
        )
        site = (
            self.env["focalist.site"]
            .with_user(sales)
            .create({"name": "Nice", "partner_id": client.id})
        )
        person = clients.create(
            {
                "name": "Anna",
                "parent_id": client.id,
                "is_focalist_coordinator": True,
            }
        )
        self.assertEqual(client.focalist_main_coordinator_id, person)
        site.coordinator_id = person
        client.focalist_active = False
        site.tz = "Asia/Tokyo"
        self.site_a.with_user(sales).tz = "Asia/Tokyo"
        site.unlink()
        with self.assertRaises(AccessError):
            self.printer.with_user(sales).action_ignore()
        with self.assertRaises(AccessError):
            self.printer.with_user(sales).action_retire()

    def test_rights_of_a_technician(self):
        technician = self.user("technician", GROUP + "technician")
        devices = self.env["focalist.device"].with_user(technician)
        device = devices.create(
            {
                "model_id": self.model.id,
                "serial_number": "T100",
                "proposed_site_id": self.site_a.id,
            }
        )
        device.action_activate()
        self.assertEqual(device.site_id, self.site_a)
        device._move(self.site_b, fields.Datetime.add(fields.Datetime.now(), hours=1))
        device.action_retire()
        waiting = devices.create({"model_id": self.model.id})
        waiting.unlink()
        with self.assertRaises(AccessError):
            self.client_a.with_user(technician).name = "No"
        reading = self.printer.reading_ids[0].with_user(technician)
        with self.assertRaises(AccessError):
            reading.state = "void"

    def test_wizards_tell_nothing_of_another_dealers_devices(self):
        """Odoo fills in what a wizard stores as superuser, whatever it is asked for."""
        self.ingest(self.report(90, meters={"total": 5}))
        other = self.env["res.company"].create({"name": "Other dealer"})
        stranger = self.user(
            "stranger",
            GROUP + "technician",
            company_id=other.id,
            company_ids=other.ids,
        )
        readings = self.printer.reading_ids[0].ids
        for model, values in (
            ("focalist.meter.entry", {"device_id": self.printer.id}),
            (
                "focalist.meter.entry",
                {"device_id": self.printer.id, "corrects_id": readings[0]},
            ),
            (
                "focalist.device.step",
                {"device_ids": self.printer.ids, "meters": "typed"},
            ),
            (
                "focalist.device.step",
                {"kind": "swap", "meters": "typed", "incoming_id": self.printer.id},
            ),
            (
                "focalist.meter.decide",
                {"reading_ids": readings, "decision": "swap", "reason": "x"},
            ),
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.env[model].with_user(stranger).create(values)
        line = {"device_id": self.printer.id, "model_id": self.printer.model_id.id}
        asked = self.env["focalist.device.complete"].with_user(stranger)
        asked = asked.with_context(allowed_company_ids=other.ids)
        with self.assertRaises(AccessError):
            asked.with_context(active_ids=self.printer.ids).create({})
        asked = asked.create({"line_ids": [Command.create(line)]})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            asked.line_ids.read(["serial_number"])
        with self.assertRaises(AccessError):
            asked.action_apply()

    def test_what_only_buttons_write(self):
        """What decides on bills and on who sees them is written by no RPC call."""
        technician = self.user("technician", GROUP + "technician")
        manager = self.user("manager", GROUP + "manager")
        written = {
            self.printer: {
                "company_id": self.env.ref("base.main_company").id,
                "firmware": "9",
                "last_meters": {"total": 1},
                "last_reading_at": START,
                "last_report_at": START,
                "partner_id": self.client_b.id,
                "serial_key": "OTHER",
                "site_id": self.site_b.id,
                "state": "retired",
                "total_meter": 5,
            },
            self.printer.placement_ids: {
                "closing_reading_id": self.printer.reading_ids[0].id,
                "company_id": self.env.ref("base.main_company").id,
                "opening_reading_id": self.printer.reading_ids[0].id,
                "partner_id": self.client_b.id,
            },
            self.site_a: {"company_id": self.env.ref("base.main_company").id},
            self.env["focalist.volume"].search([], limit=1): {"pages_total": 7},
            self.env["focalist.volume.month"].search([], limit=1): {"pages_total": 7},
            self.printer.reading_ids[0]: {"meter_total": 7},
        }
        for record, values in written.items():
            for user in (technician, manager):
                for name, value in values.items():
                    with self.subTest(model=record._name, field=name, user=user.login):
                        with self.assertRaises(AccessError):
                            record.with_user(user).write({name: value})
                        if (record, name) == (self.printer, "company_id"):
                            continue  # its own dealer is for its creator to choose
                        with self.assertRaises(AccessError):
                            record.with_user(user).create({name: value})
        copy = self.printer.with_user(technician).copy()
        self.assertRecordValues(
            copy, [{"state": "to_complete", "firmware": False, "site_id": False}]
        )

    def test_what_is_in_use_is_not_deleted(self):
        manager = self.user("manager", f"{GROUP}manager,base.group_partner_manager")
        for record, why in (
            (self.client_a, "has sites and devices"),
            (self.model, r"devices \(1\) are of it"),
            (self.maker, r"models \(1\) are of it"),
        ):
            with self.subTest(record=record), self.assertRaisesRegex(UserError, why):
                record.with_user(manager).unlink()
        unused = self.env["focalist.device.model"].create(
            {"name": "SP 100", "manufacturer_id": self.maker.id}
        )
        unused.with_user(manager).unlink()
        self.client("Fresh").with_user(manager).unlink()

    def test_rights_of_an_accountant(self):
        accountant = self.user("accountant", GROUP + "accountant")
        for act in ("action_activate", "action_ignore", "action_retire"):
            with self.assertRaises(AccessError):
                getattr(self.printer.with_user(accountant), act)()
        action = self.printer.with_user(accountant).action_open_readings()
        self.assertEqual(action["domain"], [("device_id", "=", self.printer.id)])

    def test_rights_do_not_reach_ingestion(self):
        """It works with the rights of its caller: only trusted code calls it."""
        technician = self.user("technician", GROUP + "technician")
        with self.assertRaises(AccessError):
            self.env["focalist.device"].with_user(technician)._ingest(
                [self.metered(30, total=10)], self.origin()
            )
        self.assertEqual(self.printer.total_meter, 9)
        self.assertTrue(START)
