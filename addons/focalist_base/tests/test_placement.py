from contextlib import contextmanager
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import START, FocalistCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestPlacement(FocalistCase):
    def place(self, device, site, start, end=False):
        placement = self.env["focalist.device.placement"].create(
            {
                "device_id": device.id,
                "site_id": site.id,
                "start_at": start,
                "end_at": end,
            }
        )
        placement.flush_recordset()
        return placement

    @contextmanager
    def refused_by_the_database(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            yield

    def test_one_place_at_a_time(self):
        device = self.device()
        device.placement_ids.end_at = START + 10 * DAY
        for start, end in (
            (START + 5 * DAY, False),
            (START - DAY, START + DAY),
            (START + DAY, START + 2 * DAY),
            (START - DAY, False),
        ):
            with self.subTest(start=start, end=end):
                with self.refused_by_the_database():
                    self.place(device, self.site_a2, start, end)
        # One may begin the moment that the other ends; another device is another.
        self.place(device, self.site_a2, START + 10 * DAY)
        self.place(device, self.site_b, START - DAY, START)
        self.assertTrue(self.device("E200"))

    def test_end_after_start(self):
        device = self.device()
        with self.refused_by_the_database():
            device.placement_ids.end_at = START - DAY
            self.env.flush_all()

    def test_closed_site_keeps_its_devices(self):
        device = self.device()
        self.site_a.active = False
        device._move(self.site_a2, START + DAY)
        self.assertEqual(device.site_id, self.site_a2)

    def test_stores_its_client_and_dealer(self):
        placement = self.device().placement_ids
        self.env.cr.execute(
            "SELECT partner_id, company_id FROM focalist_device_placement"
            " WHERE id = %s",
            [placement.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (self.client_a.id, self.dealer.id))

    def test_covers_what_was_read_there(self):
        device = self.device()
        self.ingest(self.metered(24, total=1), self.metered(96, total=9))
        placement = device.placement_ids
        for values in (
            {"start_at": START + 2 * DAY},
            {"end_at": START + 3 * DAY},
            {"site_id": self.site_b.id},
        ):
            with self.subTest(values=values):
                with (
                    self.assertRaisesRegex(ValidationError, "must cover"),
                    self.env.cr.savepoint(),
                ):
                    placement.write(values)
        placement.write({"start_at": START - DAY, "end_at": START + 5 * DAY})

    # A device's place

    def test_place(self):
        found = self.env["focalist.device"].create({"model_id": self.model.id})
        self.assertFalse(found.site_id)
        found.proposed_site_id = self.site_a
        self.assertEqual(
            (found.site_id, found.partner_id), (self.site_a, self.client_a)
        )
        found.proposed_site_id = self.site_b
        self.assertEqual(found.partner_id, self.client_b)
        found._activate(START)
        self.assertEqual(found.site_id, self.site_b)
        found.proposed_site_id = self.site_a
        self.assertEqual(found.site_id, self.site_b, "it stands where it stands")
        found.action_retire()
        self.assertFalse(found.site_id)
        self.assertFalse(found.partner_id)

    def test_activation_needs_a_site(self):
        found = self.env["focalist.device"].create(
            {"model_id": self.model.id, "serial_number": "E300"}
        )
        with self.assertRaisesRegex(UserError, "Choose the site of .*E300"):
            found.action_activate()
        self.assertEqual(found.state, "to_complete")

    def test_activating_twice(self):
        device = self.device()
        device.action_activate()
        self.assertEqual(len(device.placement_ids), 1)

    def test_ignored_device_can_be_activated(self):
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        found.action_ignore()
        self.assertEqual(found.site_id, self.site_a)
        found.action_activate()
        self.assertEqual(found.state, "active")
        self.assertEqual(found.placement_ids.site_id, self.site_a)

    def test_retired_device(self):
        device = self.device()
        ahead = fields.Datetime.now() + timedelta(minutes=30)
        self.ingest(self.metered(ahead, total=9))
        device.action_retire()
        self.assertEqual(device.state, "retired")
        self.assertGreater(device.placement_ids.end_at, ahead)
        self.assertEqual(self.statuses(self.metered(30, total=9)), ["ignored"])
        with self.assertRaisesRegex(UserError, "out of service"):
            device.unlink()

    def test_moves(self):
        device = self.device()
        self.ingest(self.metered(24, total=9))
        with self.assertRaisesRegex(UserError, "was read at its present site"):
            device._move(self.site_b, START + timedelta(hours=23))
        device._move(self.site_b, START + 2 * DAY)
        self.assertRecordValues(
            device.placement_ids.sorted("start_at"),
            [
                {"site_id": self.site_a.id, "end_at": START + 2 * DAY},
                {"site_id": self.site_b.id, "end_at": False},
            ],
        )
        self.assertEqual(device.partner_id, self.client_b)

    def test_what_was_told_stays_with_the_former_client(self):
        told = {
            "ip_address": "10.0.0.1",
            "hostname": "alpha-1",
            "location": "Alpha, 2nd floor",
            "console": "Call Alpha",
            "status": "idle",
        }
        device, out, waiting = self.device(), self.device("E200"), self.device("E300")
        (device | out | waiting).write(told)
        technician = self.user("tech", "focalist_base.group_focalist_technician")
        device.with_user(technician)._move(self.site_a2, START + DAY)
        self.assertRecordValues(device, [told])
        device.with_user(technician)._move(self.site_b, START + 2 * DAY)
        self.assertRecordValues(device, [dict.fromkeys(told, False)])
        # Taken out of service first, it comes from that client all the same.
        out.action_retire()
        out._move(self.site_b, fields.Datetime.now() + DAY)
        self.assertRecordValues(out, [dict.fromkeys(told, False)])
        found = self.env["focalist.device"].create(
            {"model_id": self.model.id, "proposed_site_id": self.site_a.id, **told}
        )
        found.proposed_site_id = self.site_a2
        self.assertEqual(found.hostname, "alpha-1")
        found.with_user(technician).proposed_site_id = self.site_b
        self.assertRecordValues(found, [dict.fromkeys(told, False)])

    def test_move_from_the_screen(self):
        devices = self.device() | self.device("E200")
        technician = self.user("tech", "focalist_base.group_focalist_technician")
        wizard = (
            self.env["focalist.device.step"]
            .with_user(technician)
            .with_context(active_model="focalist.device", active_ids=devices.ids)
        )
        form = Form(wizard)
        form.site_id = self.site_a2
        form.moved_at = START + DAY
        form.save().action_apply()
        self.assertEqual(devices.site_id, self.site_a2)
        self.assertEqual(len(devices.placement_ids), 4)
        form = Form(wizard)
        form.site_id = self.site_a
        form.moved_at = fields.Datetime.now() - 401 * DAY
        with self.assertRaisesRegex(UserError, "within 400 days"):
            form.save().action_apply()
        form.moved_at = fields.Datetime.now() + DAY
        with self.assertRaisesRegex(UserError, "future"):
            form.save().action_apply()

    def test_retired_device_comes_back(self):
        device = self.device()
        device.action_retire()
        device._move(self.site_b, fields.Datetime.now() + DAY)
        self.assertEqual((device.state, device.site_id), ("active", self.site_b))


@tagged("post_install", "-at_install")
class TestReading(FocalistCase):
    def setUp(self):
        super().setUp()
        self.device()
        self.ingest(self.metered(0, total=5))
        self.reading = self.env["focalist.meter.reading"].search([])

    def test_is_never_edited(self):
        for values in ({"read_at": START}, {"device_id": 1}, {"raw": {}}):
            with self.assertRaisesRegex(UserError, "never edited"):
                self.reading.write(values)

    def test_is_never_deleted(self):
        with self.assertRaisesRegex(UserError, "never deleted"):
            self.reading.unlink()

    def test_keeps_the_report(self):
        self.assertEqual(self.reading.raw["meters"], {"total": 5})
        self.assertEqual(self.reading.raw["address"], "10.1.2.3")

    def test_device_with_the_same_serial_number(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.device("e-100")
