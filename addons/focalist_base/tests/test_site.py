from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import START, FocalistCase


@tagged("post_install", "-at_install")
class TestSite(FocalistCase):
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

    def test_two_main_sites_at_once(self):
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

    def test_deleted_main_site_gives_way(self):
        self.site_a.unlink()
        self.assertEqual(self.mains(), self.site_a2)

    def test_many_sites_at_once(self):
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
        with self.assertRaisesRegex(UserError, "archive the site"):
            self.site_a.unlink()

    def test_s3_deletion_is_refused_where_a_device_waits(self):
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        with self.assertRaisesRegex(UserError, r"\(1\)"):
            self.site_a.unlink()

    def test_s3_empty_site_can_be_deleted(self):
        (self.site_a | self.site_a2).unlink()
        self.assertFalse(self.client_a.focalist_site_ids)

    # S1, S2

    def test_site_stays_with_its_client(self):
        with self.assertRaisesRegex(UserError, "stays with its client"):
            self.site_a.partner_id = self.client_b

    def test_site_of_somebody_who_is_no_client(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.site(stranger, "Nowhere")
        stranger.focalist_company_id = self.dealer
        with self.assertRaisesRegex(ValidationError, "Stranger is not a client"):
            self.site(stranger, "Nowhere")

    def test_coordinator_of_another_client(self):
        stranger = self.coordinator(self.client_b)
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.coordinator_id = stranger
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.coordinator_ids = stranger
        with self.assertRaisesRegex(ValidationError, "no contact of Alpha"):
            self.site_a.address_id = stranger

    def test_coordinator_who_is_none(self):
        contact = self.contact(self.client_a)
        with self.assertRaisesRegex(ValidationError, "not a coordinator"):
            self.site_a.coordinator_id = contact

    def test_address(self):
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

    def test_counts_devices_in_service(self):
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

    def test_site_keeps_its_coordinator(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        self.site_a.coordinator_id = anna
        self.client_a.focalist_main_coordinator_id = bob
        self.assertEqual(self.site_a.coordinator_id, anna)

    def test_sites_of_a_former_coordinator(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        (self.site_a | self.site_a2).coordinator_id = bob
        bob.is_focalist_coordinator = False
        self.assertEqual((self.site_a | self.site_a2).coordinator_id, anna)
        self.site_a.coordinator_id = anna
        anna.active = False
        self.assertFalse(self.site_a.coordinator_id)


@tagged("post_install", "-at_install")
class TestClient(FocalistCase):
    def test_prefix_is_unique_for_a_dealer(self):
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

    def test_deactivation_loses_nothing(self):
        self.device()
        self.client_a.focalist_active = False
        self.assertTrue(self.client_a.active)
        self.assertTrue(self.site_a.active)
        self.assertEqual(self.client_a.focalist_device_count, 1)
        self.client_a.focalist_active = True

    def test_search_by_name_and_prefix(self):
        """C2: the search box looks in both."""
        clients = self.env["res.partner"]
        view = clients.get_view(
            self.env.ref("focalist_base.focalist_client_view_search").id, "search"
        )
        self.assertIn("focalist_prefix", view["arch"])

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

    def test_contact_becomes_the_first_coordinator(self):
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

    def test_main_coordinator_is_one_of_them(self):
        self.coordinator(self.client_a)
        for stranger in (self.contact(self.client_a), self.coordinator(self.client_b)):
            with self.assertRaisesRegex(ValidationError, "not a coordinator of Alpha"):
                self.client_a.focalist_main_coordinator_id = stranger

    def test_o2_make_another_the_main_one(self):
        anna = self.coordinator(self.client_a)
        bob = self.coordinator(self.client_a, "Bob")
        self.assertTrue(anna.is_focalist_main_coordinator)
        bob.action_focalist_make_main()
        self.assertEqual(self.main(), bob)
        self.assertEqual(
            (anna | bob).mapped("is_focalist_main_coordinator"), [False, True]
        )

    def test_new_client_with_its_coordinators(self):
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
