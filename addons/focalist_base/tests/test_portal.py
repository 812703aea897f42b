from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MODELS, START, FocalistCase

OWN = tuple(
    model
    for model in MODELS
    if model
    not in (
        "focalist.client.fields",
        "focalist.client.stat",
        "focalist.volume.fleet",
        "focalist.device.model",
        "focalist.manufacturer",
        "focalist.meter.decision",
        "focalist.meter.segment",
        "focalist.supply.model",
    )
)


@tagged("post_install", "-at_install")
class TestPortal(FocalistCase):
    """Client A's people in the portal, and B's; a device has moved from A to B."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.portal("anna", cls.contact(cls.client_a))
        cls.bert = cls.portal("bert", cls.contact(cls.client_b, "Bert"))
        cls.carl = cls.portal(
            "carl",
            cls.coordinator(
                cls.client_a,
                "Carl",
                focalist_coordinator_scope="sites",
                focalist_coordinated_site_ids=cls.site_a2.ids,
            ),
        )
        cls.at_paris = cls.device("PARIS1", cls.site_a)
        cls.at_lyon = cls.device("LYON1", cls.site_a2)
        cls.at_lille = cls.device("LILLE1", cls.site_b)
        # It came from Paris, and tells no serial number.
        cls.moved = cls.device(
            False, cls.site_a, mac_address="00:26:73:aa:bb:cc", hostname="old"
        )
        for hour in (0, 24):
            cls.ingest(
                *(
                    cls.report(
                        hour,
                        device.serial_number,
                        mac=device.mac_address or None,
                        meters={"total": 100 + hour},
                        address="10.1.1.1",
                        **cls.tables(f"CRUM-A{hour:04}"),
                    )
                    for device in (
                        cls.at_paris + cls.at_lyon + cls.at_lille + cls.moved
                    )
                )
            )
        cls.note_at_a = cls.moved.message_post(
            body="Secret of A", subtype_xmlid="mail.mt_comment"
        )
        cls.moved._move(cls.site_b, START + timedelta(hours=30))
        for hour in (40, 60):
            cls.ingest(
                cls.report(
                    hour,
                    None,
                    mac="00:26:73:aa:bb:cc",
                    meters={"total": 200 + hour},
                    address="192.168.7.7",
                    hostname="secret-of-b",
                    supplies=[
                        cls.supply(description="Toner Zeta", serial=f"CRUM-B{hour:04}")
                    ],
                    alerts=[cls.alert(description="Jam Zeta")],
                )
            )

    def records_of(self, model, clients, sites=None):
        records = self.env[model].search([("partner_id", "in", clients.ids)])
        if sites:
            own = "id" if model == "focalist.site" else "site_id"
            records = records.filtered_domain([(own, "in", sites.ids)])
        return records

    def check_sees_only(self, user, clients, sites=None):
        for model in OWN:
            with self.subTest(user=user.login, model=model):
                expected = self.records_of(model, clients, sites)
                others = self.env[model].search([]) - expected
                self.assertTrue(expected)
                self.assertTrue(others)
                own = self.env[model].with_user(user)
                self.assertEqual(own.search([]).sudo(), expected)
                self.assertEqual(own.search_count([]), len(expected))
                self.assertEqual(
                    {row["id"] for row in own.search_read([], ["partner_id"])},
                    set(expected.ids),
                )
                ((count,),) = own._read_group([], [], ["__count"])
                self.assertEqual(count, len(expected))
                groups = own.formatted_read_group([], ["partner_id"], ["__count"])
                self.assertEqual(
                    {group["partner_id"][0] for group in groups}, set(clients.ids)
                )
                found = {row[0] for row in own.name_search("", limit=None)}
                self.assertLessEqual(found, set(expected.ids))
                for record in others:
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(["id", "partner_id"])
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(expected.with_user(user).has_access(operation))

    def test_portal_of_a_whole_client(self):
        self.check_sees_only(self.anna, self.client_a)

    def test_portal_of_another_client(self):
        self.check_sees_only(self.bert, self.client_b)

    def test_portal_of_a_coordinator_of_given_sites(self):
        self.check_sees_only(self.carl, self.client_a, self.site_a2)

    def test_portal_of_a_coordinator_follows_its_scope(self):
        devices = self.env["focalist.device"].with_user(self.carl)
        self.assertEqual(devices.search([]), self.at_lyon)
        self.carl.partner_id.focalist_coordinator_scope = "client"
        self.assertEqual(devices.search([]), self.at_paris + self.at_lyon)
        self.carl.partner_id.focalist_coordinator_scope = "sites"
        self.assertEqual(devices.search([]), self.at_lyon)
        self.site_a.coordinator_ids |= self.carl.partner_id
        self.assertEqual(devices.search([]), self.at_paris + self.at_lyon)
        self.carl.partner_id.focalist_coordinated_site_ids = False
        self.assertFalse(devices.search([]))

    def test_portal_user_who_changes_employer(self):
        devices = self.env["focalist.device"].with_user(self.anna)
        self.assertEqual(devices.search([]), self.at_paris + self.at_lyon)
        self.anna.partner_id.parent_id = self.client_b
        self.assertEqual(devices.search([]), self.at_lille + self.moved)

    def test_portal_user_of_no_client(self):
        stranger = self.portal(
            "stranger", self.env["res.partner"].create({"name": "Stranger"})
        )
        for model in OWN:
            self.assertFalse(self.env[model].with_user(stranger).search([]))

    def test_portal_after_a_move_keeps_the_past(self):
        """A reads what the device did at A and nothing of it at B; B the rest."""
        for user, client, readings in (
            (self.anna, self.client_a, [100, 124]),
            (self.bert, self.client_b, [240, 260]),
        ):
            for model in (
                "focalist.meter.reading",
                "focalist.volume",
                "focalist.volume.month",
                "focalist.device.placement",
                "focalist.alert",
                "focalist.supply.item",
                "focalist.supply.level",
                "focalist.supply.replacement",
            ):
                with self.subTest(user=user.login, model=model):
                    own = (
                        self.env[model]
                        .with_user(user)
                        .search([("device_id", "=", self.moved.id)])
                    )
                    expected = self.env[model].search(
                        [
                            ("device_id", "=", self.moved.id),
                            ("partner_id", "=", client.id),
                        ]
                    )
                    self.assertTrue(expected)
                    self.assertEqual(own.sudo(), expected)
                    self.env.invalidate_all()
                    names = [row["display_name"] for row in own.read(["display_name"])]
                    self.assertTrue(all(names))
            own = self.env["focalist.meter.reading"].with_user(user).search([])
            own = own.filtered(lambda r: r.device_id.id == self.moved.id)
            self.assertEqual(sorted(own.mapped("meter_total")), readings)

    def test_portal_after_a_move_tells_neither_of_the_other(self):
        """What A reads of cartridges and alerts ends with the move, and B's begins."""
        end = START + timedelta(hours=30)
        for user, mine, others in (
            (self.anna, "CRUM-A", ("CRUM-B", "Zeta")),
            (self.bert, "CRUM-B", ("CRUM-A", "Toner low")),
        ):
            domain = [("device_id", "=", self.moved.id)]
            for model in (
                "focalist.alert",
                "focalist.supply.item",
                "focalist.supply.level",
                "focalist.supply.replacement",
            ):
                self.env.invalidate_all()
                records = self.env[model].with_user(user).search(domain)
                text = str(records.read())
                for word in others:
                    self.assertNotIn(word, text, (user.login, model))
                if model == "focalist.supply.item":
                    self.assertIn(mine, text)
        items = self.env["focalist.supply.item"].with_user(self.anna).search([])
        items = items.filtered(lambda i: i.device_id.id == self.moved.id)
        self.assertEqual(len(items), 2)
        self.assertEqual(max(items.mapped("removed_at")), end)
        self.assertEqual(max(items.mapped("meter_end")), 124)
        alerts = self.env["focalist.alert"].with_user(self.anna).search([])
        alert = alerts.filtered(lambda a: a.device_id.id == self.moved.id)
        self.assertEqual(alert.cleared_at, end)

    def test_portal_reads_names_of_the_past(self):
        """The name of a device that is elsewhere tells nothing of where it is."""
        placement = self.moved.placement_ids.filtered("end_at").with_user(self.anna)
        self.env.invalidate_all()
        values = placement.read()[0]
        self.assertEqual(
            values["device_id"],
            (self.moved.id, "MP C4503 (00:26:73:aa:bb:cc)"),
        )
        for reading in (
            self.env["focalist.meter.reading"].with_user(self.anna).search([])
        ):
            text = str(reading.read())
            self.assertNotIn("192.168.7.7", text)
            self.assertNotIn("secret-of-b", text)
            self.assertNotIn("Beta", text)
            self.assertNotIn("Lille", text)

    def test_portal_through_a_device(self):
        device = self.moved.with_user(self.bert)
        self.env.invalidate_all()
        placements = self.env["focalist.device.placement"].search(
            [("partner_id", "=", self.client_b.id), ("device_id", "=", self.moved.id)]
        )
        readings = self.env["focalist.meter.reading"].search(
            [("partner_id", "=", self.client_b.id), ("device_id", "=", self.moved.id)]
        )
        values = device.read(["placement_ids", "reading_ids", "reading_count"])[0]
        self.assertEqual(values["placement_ids"], placements.ids)
        self.assertEqual(set(values["reading_ids"]), set(readings.ids))
        self.assertEqual(values["reading_count"], len(readings))
        # Odoo's own fields of activities fail for people of the portal.
        names = [
            name
            for name in device.fields_get()
            if not name.startswith(("activity_", "my_activity_"))
        ]
        self.assertIn("toner_percent", names)
        self.assertNotIn("last_meters", names)
        self.assertNotIn("proposed_site_id", names)
        self.assertFalse(self.moved.proposed_site_id)
        everything = str(device.read(names))
        for secret in ("Alpha", "Paris", "10.1.1.1", "Secret of A"):
            self.assertNotIn(secret, everything)
        with self.assertRaises(AccessError):
            self.moved.with_user(self.anna).read(["hostname"])

    def test_portal_cannot_ask_for_what_was_told_at_the_former_client(self):
        """Nothing that a device last told, by no call, before its next report."""
        device = self.at_paris
        device._move(self.site_b, START + timedelta(hours=30))
        self.assertTrue(device.total_meter)
        devices = self.env["focalist.device"].with_user(self.bert)
        device = device.with_user(self.bert)
        for name in (
            "total_meter",
            "mono_meter",
            "color_meter",
            "last_reading_at",
            "last_report_at",
        ):
            with self.subTest(name=name):
                self.assertNotIn(name, devices.fields_get())
                for ask in (
                    lambda name: device.read([name]),
                    lambda name: devices.search([(name, "!=", False)]),
                    lambda name: devices.search([], order=name),
                    lambda name: devices._read_group([], [], [f"{name}:max"]),
                    lambda name: (
                        self.env["focalist.supply"]
                        .with_user(self.bert)
                        .search([(f"device_id.{name}", "!=", False)])
                    ),
                ):
                    with self.assertRaises(AccessError):
                        ask(name)

    def test_portal_calls_no_device_silent_that_has_just_come(self):
        device, now = self.at_paris, fields.Datetime.now()
        device._move(self.site_b, now - timedelta(days=1))
        self.assertTrue(device.is_silent)
        devices = self.env["focalist.device"].with_user(self.bert)
        silent = devices.search([("is_silent", "=", True)])
        self.assertIn(self.at_lille, silent)
        self.assertNotIn(device, silent)
        self.assertFalse(device.with_user(self.bert).is_silent)
        self.assertTrue(self.at_lille.with_user(self.bert).is_silent)

    def test_portal_cannot_ask_through_relations(self):
        """What may not be read cannot be guessed by searching for it either."""
        readings = self.env["focalist.meter.reading"].with_user(self.anna)
        for domain in (
            [("device_id.hostname", "=", "secret-of-b")],
            [("device_id.ip_address", "like", "192.168")],
            [("placement_id.device_id.partner_id.name", "=", "Beta")],
            [("device_id.site_id.name", "=", "Lille")],
        ):
            with self.subTest(domain=domain):
                self.assertFalse(readings.search(domain))

    def test_portal_sees_nothing_that_was_written_about_a_device(self):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "photo of A.txt",
                "raw": b"Secret of A",
                "res_model": "focalist.device",
                "res_id": self.moved.id,
            }
        )
        for user in (self.anna, self.bert):
            messages = self.env["mail.message"].with_user(user)
            domain = [("model", "=", "focalist.device")]
            self.assertFalse(messages.search(domain))
            with self.assertRaises(AccessError):
                self.note_at_a.with_user(user).read(["body"])
            attachments = self.env["ir.attachment"].with_user(user)
            self.assertFalse(attachments.search([("id", "=", attachment.id)]))
            with self.assertRaises(AccessError):
                attachment.with_user(user).read(["raw"])
        technician = self.user("tech", "focalist_base.group_focalist_technician")
        self.assertIn("Secret", self.note_at_a.with_user(technician).body)
        self.assertEqual(attachment.with_user(technician).raw, b"Secret of A")

    def test_portal_does_not_read_raw_reports(self):
        reading = self.env["focalist.meter.reading"].with_user(self.anna).search([])[0]
        self.assertNotIn("raw", reading.read()[0])
        with self.assertRaises(AccessError):
            reading.read(["raw"])

    def test_portal_users_read_their_own_contact(self):
        client = self.client_a.with_user(self.anna)
        names = [name for name in client.fields_get() if "focalist" in name]
        self.assertIn("focalist_prefix", names)
        self.assertNotIn("focalist_device_ids", names)
        self.assertEqual(client.read(names)[0]["focalist_prefix"], "ALP")

    def test_portal_starts_no_action(self):
        device = self.at_paris.with_user(self.anna)
        for act in ("action_activate", "action_ignore", "action_retire"):
            with self.assertRaises(AccessError):
                getattr(device, act)()
        with self.assertRaises(AccessError):
            self.env["focalist.device.step"].with_user(self.anna).create({})
