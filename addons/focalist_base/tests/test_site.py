from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import START, FocalistCase

SALES = "focalist_base.group_focalist_sales"


class ClientFormCase(FocalistCase):
    def client_form(self, user):
        """A client's form as a user's browser gets it."""
        clients = self.env["res.partner"].with_user(user)
        view = self.env.ref("base.view_partner_form")
        return etree.fromstring(clients.get_view(view.id, "form")["arch"])


@tagged("post_install", "-at_install")
class TestSite(ClientFormCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.user("sales", SALES)

    def mains(self, client=None):
        return (client or self.client_a).focalist_site_ids.filtered("is_main")

    # S5

    def test_s5_first_site_is_the_main_one(self):
        self.assertTrue(self.site_a.is_main)
        self.assertFalse(self.site_a2.is_main)
        self.assertTrue(self.site_b.is_main)

    def test_s5_main_site_moves(self):
        self.site_a2.is_main = True
        self.assertEqual(self.mains(), self.site_a2)
        new = self.site(self.client_a, "Nice", is_main=True)
        self.assertEqual(self.mains(), new)
        self.assertTrue(self.site_b.is_main, "another client's")

    def test_s5_main_site_is_one_in_the_database(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                "UPDATE focalist_site SET is_main = true WHERE id = %s",
                [self.site_a2.id],
            )

    def test_s5_two_main_sites_at_once(self):
        with self.assertRaisesRegex(UserError, "one main site"):
            (self.site_a | self.site_a2).write({"is_main": True})
        (self.site_a2 | self.site_b).write({"is_main": True})
        self.assertEqual(self.mains(), self.site_a2)

    def test_s5_main_site_is_never_none(self):
        self.site_a.is_main = False
        self.assertEqual(len(self.mains()), 1)

    def test_s5_closed_main_site_gives_way(self):
        self.site_a.active = False
        self.assertEqual(self.mains(), self.site_a2)
        self.assertFalse(self.site_a.is_main)
        self.site_a2.active = False
        new = self.site(self.client_a, "Nice")
        self.assertEqual(self.mains(), new)

    def test_s5_deleted_main_site_gives_way(self):
        self.site_a.unlink()
        self.assertEqual(self.mains(), self.site_a2)

    def test_s5_many_sites_at_once(self):
        client = self.client("Gamma")
        sites = self.env["focalist.site"].create(
            [{"name": name, "partner_id": client.id} for name in ("1", "2", "3")]
        )
        self.assertEqual(len(sites.filtered("is_main")), 1)

    # S3

    def test_s3_deletion_is_refused_where_devices_stand(self):
        self.device()
        with self.assertRaisesRegex(UserError, r"Paris.*cannot be deleted.*\(1\)"):
            (self.site_a2 | self.site_a).unlink()
        self.assertTrue(self.site_a2.exists())

    def test_s3_deletion_is_refused_where_volumes_belong(self):
        device = self.device()
        self.ingest(self.metered(0, total=1), self.metered(24, total=9))
        device._move(self.site_a2, START.replace(day=20))
        with self.assertRaisesRegex(UserError, "deactivate it instead"):
            self.site_a.unlink()

    def test_s3_deletion_is_refused_where_a_device_waits(self):
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        with self.assertRaisesRegex(UserError, r"\(1\)"):
            self.site_a.unlink()

    def test_s3_empty_site_can_be_deleted(self):
        sites = self.site_a | self.site_a2
        sites.with_user(self.sales).unlink()
        self.assertFalse(sites.exists(), "for good")
        self.assertFalse(self.client_a.focalist_site_ids)

    def test_s3_refusal_tells_what_hangs_on_each_site(self):
        device = self.device()
        self.device("E200")
        self.ingest(self.metered(0, total=1), self.metered(24, total=9))
        device._move(self.site_a2, START.replace(day=20))
        with self.assertRaises(UserError) as refusal:
            (self.site_a | self.site_a2).with_user(self.sales).unlink()
        message = refusal.exception.args[0]
        for told in (
            "Paris cannot be deleted: devices that are there (1), devices that were"
            " there (1), printed pages (8)",
            "Lyon cannot be deleted: devices that are there (1)",
            "Move its devices to another site and deactivate it",
        ):
            self.assertIn(told, message)

    def test_s3_asks_first_and_is_for_sales(self):
        sites = self.env["focalist.site"].with_user(self.sales)
        rows = etree.fromstring(sites.get_view(False, "list")["arch"])
        # Odoo's own Delete takes the ticked ones, and asks first, too.
        self.assertNotIn("delete", rows.attrib)
        for arch in (rows, self.client_form(self.sales)):
            (button,) = arch.xpath("//button[@name='unlink']")
            self.assertIn("for good", button.get("confirm"))
        technician = self.user("technician", "focalist_base.group_focalist_technician")
        with self.assertRaises(AccessError):
            self.site_a.with_user(technician).unlink()

    # S4

    def test_s4_only_active_sites_are_offered(self):
        device = self.device()
        self.site_a2.active = False
        with self.assertRaisesRegex(ValidationError, "choose an active site"):
            device._move(self.site_a2, START.replace(day=20))
        found = self.env["focalist.site"].name_search("Lyon")
        self.assertFalse(found)
        self.site_a2.active = True
        device._move(self.site_a2, START.replace(day=21))
        self.assertEqual(device.site_id, self.site_a2)

    # S1, S2

    def test_s1_list_of_a_client_sites(self):
        self.device()
        action = self.client_a.with_user(self.sales).action_open_focalist_sites()
        sites = self.env["focalist.site"].with_user(self.sales)
        sites = sites.with_context(**action["context"])
        arch = etree.fromstring(sites.get_view(False, "list")["arch"])
        names = {node.get("name") for node in arch.iter("field", "button")}
        self.assertLessEqual(
            {
                "name",
                "full_address",
                "coordinator_id",
                "device_count",
                "active",
                "action_open_statistics",
                "get_formview_action",
                "unlink",
                "action_archive",
                "action_unarchive",
                "action_make_main",
            },
            names,
        )
        self.site_a2.with_user(self.sales).action_archive()
        rows = sites.web_search_read(
            action["domain"], {"name": {}, "device_count": {}, "active": {}}
        )["records"]
        self.assertEqual(
            [(row["name"], row["device_count"], row["active"]) for row in rows],
            [("Paris", 1, True), ("Lyon", 0, False)],
        )
        (self.site_a2).with_user(self.sales).action_unarchive()
        self.assertTrue(self.site_a2.active)

    def test_s1_tab_of_a_client(self):
        arch = self.client_form(self.sales)
        (tab,) = arch.xpath("//page[@name='focalist_sites']/field")
        (rows,) = tab.xpath("list")
        self.assertFalse(rows.get("editable"), "a row opens the site's form")
        names = {node.get("name") for node in rows}
        self.assertLessEqual(
            {
                "name",
                "full_address",
                "coordinator_id",
                "device_count",
                "active",
                "action_open_statistics",
                "action_make_main",
                "unlink",
            },
            names,
        )
        self.assertIs(safe_eval(tab.get("context"), {"id": 1})["active_test"], False)

    def test_s1_map(self):
        self.client_a.write({"street": "1 rue A", "city": "Paris"})
        action = self.site_a.with_user(self.sales).action_open_map()
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertIn("query=1+rue+A", action["url"])

    def test_s2_coordinator_created_on_the_spot(self):
        site = self.site_a.with_user(self.sales)
        arch = etree.fromstring(site.get_view(False, "form")["arch"])
        (node,) = arch.xpath("//field[@name='coordinator_id']")
        self.assertNotIn("no_create", node.get("options", ""))
        context = safe_eval(node.get("context"), {"partner_id": self.client_a.id})
        with Form(site) as form:
            form.opening_hours = "Mon-Fri 8:00-12:00"
            form.delivery_note = "Gate B"
            people = self.env["res.partner"].with_user(self.sales)
            created, _name = people.with_context(**context).name_create("Zoe")
            form.coordinator_id = self.env["res.partner"].browse(created)
        self.assertEqual(self.site_a.coordinator_id.name, "Zoe")
        self.assertEqual(self.client_a.focalist_main_coordinator_id.name, "Zoe")
        self.assertEqual(self.site_a.delivery_note, "Gate B")

    def test_s2_address_of_a_site(self):
        dock = self.contact(self.client_a, "Dock", type="delivery", street="2 rue B")
        with Form(self.site_a.with_user(self.sales)) as form:
            form.address_id = dock
        self.assertEqual(self.site_a.address_id, dock)
        self.assertIn("2 rue B", self.site_a.full_address)

    def test_s2_only_the_clients_coordinators_are_offered(self):
        anna = self.coordinator(self.client_a)
        self.contact(self.client_a, "No coordinator")
        self.coordinator(self.client_b)
        field = self.site_a.fields_get(["coordinator_id"])["coordinator_id"]
        domain = safe_eval(field["domain"], {"partner_id": self.client_a.id})
        self.assertEqual(self.env["res.partner"].search(domain), anna)

    def test_s2_site_stays_with_its_client(self):
        with self.assertRaisesRegex(UserError, "stays with its client"):
            self.site_a.partner_id = self.client_b

    def test_s2_site_of_somebody_who_is_no_client(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.site(stranger, "Nowhere")
        stranger.focalist_company_id = self.dealer
        with self.assertRaisesRegex(ValidationError, "Stranger is not a client"):
            self.site(stranger, "Nowhere")

    def test_s2_coordinator_of_another_client(self):
        stranger = self.coordinator(self.client_b)
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.coordinator_id = stranger
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.coordinator_ids = stranger
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.address_id = stranger

    def test_s2_coordinator_who_is_none(self):
        contact = self.contact(self.client_a)
        with self.assertRaisesRegex(ValidationError, "not a coordinator"):
            self.site_a.coordinator_id = contact

    def test_s1_address(self):
        self.client_a.write(
            {
                "street": "1 rue A",
                "zip": "75001",
                "city": "Paris",
                "country_id": self.env.ref("base.fr").id,
            }
        )
        self.assertEqual(self.site_a.full_address, "1 rue A, 75001 Paris, France")
        self.site_a.address_id = self.contact(
            self.client_a, "Dock", type="delivery", street="2 rue B", city="Lyon"
        )
        self.assertIn("2 rue B", self.site_a.full_address)
        self.assertNotIn("rue A", self.site_a.full_address)

    def test_s1_counts_devices_in_service(self):
        self.device()
        self.device("E200").action_retire()
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        self.env.invalidate_all()
        self.assertEqual(self.site_a.device_count, 1)
        self.assertEqual(self.client_a.focalist_device_count, 1)
        self.assertEqual(self.client_a.focalist_site_count, 2)

    # O3

    def test_o3_main_coordinator_is_the_default(self):
        anna = self.coordinator(self.client_a)
        self.assertEqual(self.site(self.client_a, "Nice").coordinator_id, anna)
        bob = self.coordinator(self.client_a, "Bob")
        own = self.site(self.client_a, "Brest", coordinator_id=bob.id)
        self.assertEqual(own.coordinator_id, bob)
        with Form(self.env["focalist.site"]) as form:
            form.partner_id = self.client_a
            self.assertEqual(form.coordinator_id, anna)
            form.name = "Metz"
            form.coordinator_id = bob
        self.assertEqual(form.record.coordinator_id, bob)

    def test_o3_site_keeps_its_coordinator(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        self.site_a.coordinator_id = anna
        self.client_a.focalist_main_coordinator_id = bob
        self.assertEqual(self.site_a.coordinator_id, anna)

    def test_o3_sites_of_a_former_coordinator(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        (self.site_a | self.site_a2).coordinator_id = bob
        bob.is_focalist_coordinator = False
        self.assertEqual((self.site_a | self.site_a2).coordinator_id, anna)
        self.site_a.coordinator_id = anna
        anna.active = False
        self.assertFalse(self.site_a.coordinator_id)


@tagged("post_install", "-at_install")
class TestClient(ClientFormCase):
    def test_c4_prefix_is_unique_for_a_dealer(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.client("Alpha 2", focalist_prefix="alp")
        other = self.env["res.company"].create({"name": "Other dealer"})
        twin = self.client(
            "Alpha 3", focalist_prefix="ALP", focalist_company_id=other.id
        )
        self.assertEqual(twin.focalist_company_id, other)
        nobody = self.env["res.partner"].create(
            {"name": "No client", "focalist_prefix": "ALP"}
        )
        self.assertTrue(nobody)

    def test_clients_without_a_prefix(self):
        self.client("Gamma")
        self.client("Delta", focalist_prefix=False)
        blank = self.client("Epsilon", focalist_prefix="  ")
        self.client("Zeta", focalist_prefix=" ")
        self.assertFalse(blank.focalist_prefix)

    def test_dealer_of_a_new_client(self):
        self.assertEqual(self.client_a.focalist_company_id, self.dealer)
        self.assertEqual(self.client_a.focalist_currency_id, self.dealer.currency_id)
        prospect = self.env["res.partner"].create({"name": "P", "is_company": True})
        self.assertFalse(prospect.focalist_company_id)
        prospect.is_focalist_client = True
        self.assertEqual(prospect.focalist_company_id, self.dealer)

    def test_client_without_a_dealer(self):
        client = self.client("Gamma")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            client.focalist_company_id = False
            client.flush_recordset()

    def test_client_with_sites_stays_with_its_dealer(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        with self.assertRaisesRegex(UserError, "stays a client of Dealer"):
            self.client_a.focalist_company_id = other
        with self.assertRaisesRegex(UserError, "Deactivate it"):
            self.client_a.is_focalist_client = False
        self.site_b.active = False
        with self.assertRaisesRegex(UserError, "Deactivate it"):
            self.client_b.is_focalist_client = False
        self.site_b.unlink()
        self.client_b.is_focalist_client = False

    def test_c5_deactivation_loses_nothing(self):
        self.device()
        self.client_a.focalist_active = False
        self.assertTrue(self.client_a.active)
        self.assertTrue(self.site_a.active)
        self.assertEqual(self.client_a.focalist_device_count, 1)
        self.client_a.focalist_active = True

    def test_last_month(self):
        self.device(at=START.replace(year=2020))
        today = self.env["focalist.device"].env.cr.now().date().replace(day=1)
        last = today.replace(
            year=today.year - (today.month == 1), month=(today.month - 2) % 12 + 1
        )
        moment = START.replace(year=last.year, month=last.month, day=10, hour=0)
        self.ingest(
            self.metered(moment, total=10),
            self.metered(moment.replace(hour=5), total=52),
        )
        self.env["focalist.client.stat"]._cron_refresh()
        self.assertEqual(self.client_a.focalist_last_month_pages, 42)
        self.assertEqual(self.client_b.focalist_last_month_pages, 0)

    # O1, O2

    def main(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.client_a.focalist_main_coordinator_id

    def test_o1_first_coordinator_is_the_main_one(self):
        self.assertFalse(self.main())
        anna = self.coordinator(self.client_a)
        self.assertEqual(self.main(), anna)
        self.coordinator(self.client_a, "Aaron")
        self.assertEqual(self.main(), anna)

    def test_o1_contact_becomes_the_first_coordinator(self):
        contact = self.contact(self.client_a)
        self.assertFalse(self.client_a.focalist_coordinator_ids)
        contact.is_focalist_coordinator = True
        self.assertEqual(self.main(), contact)

    def test_o1_main_coordinator_who_leaves_is_replaced(self):
        for how in ("is_focalist_coordinator", "active", "parent_id", "unlink"):
            with self.subTest(how=how):
                anna = self.coordinator(self.client_a)
                bob = self.coordinator(self.client_a, "Bob")
                self.client_a.focalist_main_coordinator_id = anna
                if how == "unlink":
                    anna.unlink()
                else:
                    anna[how] = False
                self.assertEqual(self.main(), bob)
                bob.unlink()
                self.assertFalse(self.main())

    def test_o1_main_coordinator_cannot_be_none(self):
        anna = self.coordinator(self.client_a)
        self.client_a.focalist_main_coordinator_id = False
        self.assertEqual(self.main(), anna)

    def test_o1_main_coordinator_is_one_of_them(self):
        self.coordinator(self.client_a)
        for stranger in (self.contact(self.client_a), self.coordinator(self.client_b)):
            with self.assertRaisesRegex(ValidationError, "not a coordinator of Alpha"):
                self.client_a.focalist_main_coordinator_id = stranger

    def test_o1_the_database_holds_one_main_coordinator_a_client(self):
        """It is one column of the client, whoever writes it: two do not fit."""
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        self.env.flush_all()
        for person in (anna, bob):
            self.env.cr.execute(
                "UPDATE res_partner SET focalist_main_coordinator_id = %s"
                " WHERE id = %s",
                [person.id, self.client_a.id],
            )
        self.env.invalidate_all()
        self.assertEqual((anna | bob).filtered("is_focalist_main_coordinator"), bob)

    def coordinators_tab(self):
        sales = self.user("the sales", SALES)
        arch = self.client_form(sales)
        (rows,) = arch.xpath(
            "//page[@name='focalist_coordinators']"
            "/field[@name='focalist_coordinator_ids']/list"
        )
        return rows

    def test_o1_main_coordinator_has_a_green_check(self):
        (check,) = self.coordinators_tab().xpath("button[contains(@icon, 'fa-check')]")
        self.assertIn("text-success", check.get("icon"))
        for main in (True, False):
            hidden = safe_eval(
                check.get("invisible"), {"is_focalist_main_coordinator": main}
            )
            self.assertIs(hidden, not main)

    def test_o1_given_sites_or_the_whole_client(self):
        names = {node.get("name") for node in self.coordinators_tab()}
        self.assertLessEqual(
            {"name", "focalist_coordinator_scope", "focalist_coordinated_site_ids"},
            names,
        )
        # What the browser sends of the tab's dialogs.
        anna = {"name": "Anna", "is_focalist_coordinator": True}
        bob = anna | {
            "name": "Bob",
            "focalist_coordinator_scope": "sites",
            "focalist_coordinated_site_ids": [Command.link(self.site_a2.id)],
        }
        self.client_a.with_user(self.user("sales", SALES)).web_save(
            {"focalist_coordinator_ids": [Command.create(anna), Command.create(bob)]},
            {"id": {}},
        )
        people = self.client_a.focalist_coordinator_ids.grouped("name")
        for name, sites in (
            ("Anna", self.site_a | self.site_a2),
            ("Bob", self.site_a2),
        ):
            user = self.portal(name, people[name])
            seen = self.env["focalist.site"].with_user(user).search([])
            self.assertEqual(seen.sudo(), sites, name)

    def test_o2_main_one_from_the_list(self):
        self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        sales = self.user("sales", SALES)
        (button,) = self.coordinators_tab().xpath(
            "button[@title='Make this the main coordinator']"
        )
        for main in (True, False):
            row = {"is_focalist_main_coordinator": main, "id": bob.id}
            self.assertIs(safe_eval(button.get("invisible"), row), main)
        getattr(bob.with_user(sales), button.get("name"))()
        self.assertEqual(self.main(), bob)

    def test_o2_main_one_from_the_contacts_form(self):
        anna = self.coordinator(self.client_a)
        sales = self.user("sales", SALES)
        people = self.env["res.partner"].with_user(sales)
        bob = people.create(
            {
                "name": "Bob",
                "parent_id": self.client_a.id,
                "is_focalist_coordinator": True,
                "is_focalist_main_coordinator": True,
            }
        )
        self.assertEqual(self.main().name, bob.name)
        people.create(
            {
                "name": "Carl",
                "parent_id": self.client_a.id,
                "is_focalist_coordinator": True,
                "is_focalist_main_coordinator": False,
            }
        )
        self.assertEqual(self.main().name, "Bob")
        with Form(anna.with_user(sales), "base.view_partner_form") as form:
            form.is_focalist_main_coordinator = True
        self.assertEqual(self.main(), anna)
        anna.with_user(sales).is_focalist_main_coordinator = False
        self.assertNotEqual(self.main(), anna)
        (self.client_a.focalist_coordinator_ids - anna).unlink()
        anna.is_focalist_main_coordinator = False
        self.assertEqual(self.main(), anna, "one as soon as there are any")

    def test_o2_make_another_the_main_one(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        self.assertTrue(anna.is_focalist_main_coordinator)
        bob.action_focalist_make_main()
        self.assertEqual(self.main(), bob)
        self.assertEqual(
            (anna | bob).mapped("is_focalist_main_coordinator"), [False, True]
        )

    def test_o2_new_client_with_its_coordinators(self):
        action = self.env.ref("focalist_base.focalist_client_action")
        clients = self.env["res.partner"].with_context(
            default_is_focalist_client=True, default_is_company=True
        )
        self.assertIn("default_is_focalist_client", action.context)
        with Form(clients, "base.view_partner_form") as form:
            form.name = "Gamma"
            with form.focalist_coordinator_ids.new() as person:
                person.name = "Anna"
            with form.focalist_coordinator_ids.new() as person:
                person.name = "Bob"
            with form.focalist_site_ids.new() as site:
                site.name = "Nice"
        client = form.record
        self.assertTrue(client.is_focalist_client)
        self.assertEqual(client.focalist_company_id, self.dealer)
        self.assertEqual(len(client.focalist_coordinator_ids), 2)
        self.assertIn(
            client.focalist_main_coordinator_id, client.focalist_coordinator_ids
        )
        self.assertTrue(client.focalist_site_ids.is_main)
