from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged

from .common import START, FocalistCase

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class StepCommon(FocalistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician = cls.user("tech", "focalist_base.group_focalist_technician")
        cls.printer = cls.device()
        cls.ingest(cls.metered(0, total=100, mono=80), cls.metered(24, total=150))

    def wizard(self, kind, devices, user=None):
        return Form(
            self.env["focalist.device.step"]
            .with_user(user or self.technician)
            .with_context(
                active_model="focalist.device",
                active_ids=devices.ids,
                default_kind=kind,
            )
        )

    def type_meters(self, form, name="line_ids", **meters):
        lines = getattr(form, name)
        for position in range(len(lines)):
            with lines.edit(position) as line:
                line.value = meters.get(line.meter, "")

    def pages(self, site):
        return sum(
            self.env["focalist.volume"]
            .search([("site_id", "=", site.id)])
            .mapped("pages_total")
        )


@tagged("post_install", "-at_install")
class TestStep(StepCommon):
    def test_s4_active_sites_only(self):
        """A device is neither added, put, moved nor swapped to a closed site."""
        self.site_a2.active = False
        for model, name in (
            ("focalist.device.placement", "site_id"),
            ("focalist.device", "proposed_site_id"),
            ("focalist.device.step", "site_id"),
        ):
            field = self.env[model].fields_get([name])[name]
            self.assertIn("('active', '=', True)", field["domain"])
        with self.assertRaisesRegex(ValidationError, "Lyon is closed"):
            self.env["focalist.device"].with_user(self.technician).create(
                {"model_id": self.model.id, "proposed_site_id": self.site_a2.id}
            )
        with (
            self.assertRaisesRegex(ValidationError, "Lyon is closed"),
            self.env.cr.savepoint(),
        ):
            self.printer._move(self.site_a2, START + 2 * DAY)
        form = self.wizard("move", self.printer)
        form.site_id = self.site_a2
        form.moved_at = START + 2 * DAY
        with self.assertRaisesRegex(ValidationError, "Lyon is closed"):
            form.save().action_apply()
        # An agent goes on finding devices there; nobody activates them.
        self.ingest(self.report(0, "NEW1"), site=self.site_a2)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        with self.assertRaisesRegex(ValidationError, "Lyon is closed"):
            found.action_activate()

    def test_move_with_meters(self):
        """One reading of the display closes the old place and opens the new one."""
        form = self.wizard("move", self.printer)
        form.site_id = self.site_b
        form.moved_at = START + 2 * DAY + timedelta(hours=3, minutes=17)
        form.meters = "typed"
        self.type_meters(form, total="170")
        form.save().action_apply()
        at = START + 2 * DAY + timedelta(hours=3, minutes=17)
        new, old = self.printer.placement_ids.sorted("start_at", reverse=True)
        self.assertEqual((old.end_at, new.start_at), (at, at))
        self.assertEqual(old.closing_reading_id.read_at, at - SECOND)
        self.assertEqual(new.opening_reading_id.read_at, at)
        self.assertEqual(new.opening_reading_id.partner_id, self.client_b)
        self.assertEqual(new.opening_reading_id.meter_total, 170)
        self.ingest(self.metered(80, total=200))
        self.assertEqual(self.pages(self.site_a), 70)
        self.assertEqual(self.pages(self.site_b), 30)
        bodies = " ".join(self.printer.message_ids.mapped("body"))
        self.assertIn("Moved from Alpha, Paris to Beta, Lille", bodies)
        self.assertIn("Total 170", bodies)

    def test_move_with_last_meters(self):
        form = self.wizard("move", self.printer)
        form.site_id = self.site_b
        form.moved_at = START + 2 * DAY
        form.meters = "last"
        form.save().action_apply()
        self.assertEqual(self.printer.last_meters, {"total": 150, "mono": 80})
        opening = self.printer._present_placements().opening_reading_id
        self.assertEqual((opening.meter_total, opening.meter_mono), (150, 80))

    def test_move_shows_a_meter_that_does_not_fit(self):
        form = self.wizard("move", self.printer)
        form.site_id = self.site_b
        form.moved_at = START + 2 * DAY
        form.meters = "typed"
        self.type_meters(form, total="15")
        action = form.save().action_apply()
        waiting = self.env["focalist.meter.reading"].search(action["domain"])
        self.assertEqual(set(waiting.mapped("state")), {"quarantined"})
        self.assertEqual(self.printer.site_id, self.site_b)

    def test_move_is_refused_with_a_reason(self):
        for moment, words in (
            (START + timedelta(hours=23), "was read at its present site"),
            (START - DAY, "came to Alpha, Paris"),
            (fields.Datetime.now() + DAY, "future"),
            (fields.Datetime.now() - 401 * DAY, "within 400 days"),
        ):
            form = self.wizard("move", self.printer)
            form.site_id = self.site_b
            form.moved_at = moment
            with self.subTest(words=words), self.assertRaisesRegex(UserError, words):
                form.save().action_apply()
        form = self.wizard("move", self.printer)
        form.site_id = self.site_a
        form.moved_at = START + 2 * DAY
        with self.assertRaisesRegex(UserError, "stands at .* already"):
            form.save().action_apply()

    def test_swap(self):
        """B takes A's place at the same moment, each with its own meters."""
        other = self.device("E200", self.site_b)
        self.ingest(self.metered(5, "E200", total=7))
        form = self.wizard("swap", self.printer)
        form.moved_at = START + 3 * DAY
        form.incoming_id = other
        form.meters = "typed"
        self.type_meters(form, total="160")
        self.type_meters(form, "incoming_line_ids", total="9")
        form.save().action_apply()
        self.assertEqual(self.printer.state, "retired")
        self.assertFalse(self.printer.site_id)
        self.assertEqual(self.printer.placement_ids.closing_reading_id.meter_total, 160)
        self.assertEqual(other.site_id, self.site_a)
        came = other._present_placements()
        self.assertEqual(came.opening_reading_id.meter_total, 9)
        self.assertEqual(came.start_at, self.printer.placement_ids.end_at)
        self.assertEqual(came.replaces_id, self.printer.placement_ids)
        self.assertEqual((self.pages(self.site_a), self.pages(self.site_b)), (60, 2))
        for one, name in ((self.printer, "E200"), (other, "E100")):
            self.assertIn(name, " ".join(one.message_ids.mapped("body")))

    def test_swap_between_sites(self):
        other = self.device("E200", self.site_b)
        form = self.wizard("swap", self.printer)
        form.moved_at = START + 3 * DAY
        form.incoming_id = other
        form.outcome = "site"
        form.site_id = self.site_b
        form.save().action_apply()
        self.assertEqual(self.printer.site_id, self.site_b)
        self.assertEqual(other.site_id, self.site_a)
        self.assertEqual((self.printer | other).mapped("state"), ["active"] * 2)
        self.printer.with_user(self.technician).action_take_back()
        self.assertEqual(self.printer.site_id, self.site_a)
        self.assertEqual(other.site_id, self.site_b)

    def test_swap_is_refused_with_a_reason(self):
        waiting = self.env["focalist.device"].create({"model_id": self.model.id})
        with self.assertRaisesRegex(UserError, "nothing to swap"):
            waiting._swap(self.printer, START + 3 * DAY, self.site_b)
        with self.assertRaisesRegex(UserError, "with another one"):
            self.printer._swap(self.printer, START + 3 * DAY, self.site_b)

    def test_retire_and_restore(self):
        form = self.wizard("retire", self.printer)
        form.moved_at = START + 2 * DAY
        form.meters = "typed"
        self.type_meters(form, total="155")
        form.save().action_apply()
        self.assertEqual(self.printer.state, "retired")
        self.assertEqual(self.printer.placement_ids.end_at, START + 2 * DAY)
        self.assertEqual(self.pages(self.site_a), 55)
        form = self.wizard("move", self.printer)
        form.site_id = self.site_a
        form.moved_at = START + 4 * DAY
        form.save().action_apply()
        self.assertEqual(self.printer.state, "active")
        self.assertEqual(len(self.printer.placement_ids), 2)

    def test_retires_several(self):
        other = self.device("E200")
        form = self.wizard("retire", self.printer | other)
        form.moved_at = START + 2 * DAY
        form.save().action_apply()
        self.assertEqual(set((self.printer | other).mapped("state")), {"retired"})

    # Undo

    def test_undo_of_a_move(self):
        """What was read as it moved stays read: at the place where it stands."""
        self.ingest(
            self.report(25, supplies=[self.supply(50.0)], alerts=[self.alert()])
        )
        before = self.ledger(self.printer)
        meters = {self.printer: {"total": 170}}
        self.printer.with_user(self.technician)._step(
            self.site_b, START + 2 * DAY, meters
        )
        self.assertEqual(self.printer.alert_count, 0)
        self.assertTrue(self.printer.with_user(self.technician).can_take_back)
        self.printer.with_user(self.technician).action_take_back()
        placement = self.printer.placement_ids
        self.assertEqual(placement.site_id, self.site_a)
        self.assertFalse(placement.end_at)
        self.assertEqual(self.printer.reading_ids.site_id, self.site_a)
        self.assertEqual(self.printer.alert_count, 1)
        self.assertFalse(
            self.env["focalist.supply.item"].search(
                [("device_id", "=", self.printer.id), ("removed_at", "!=", False)]
            )
        )
        after = self.ledger(self.printer)
        self.assertEqual(
            after["readings"][: len(before["readings"])], before["readings"]
        )
        self.assertEqual(self.pages(self.site_a), 70)
        self.assertEqual(self.pages(self.site_b), 0)

    def test_undo_is_refused_once_it_was_read(self):
        self.printer._step(self.site_b, START + 2 * DAY)
        self.ingest(self.report(60))
        self.assertFalse(self.printer.can_take_back)
        with self.assertRaisesRegex(UserError, "was read at Beta, Lille"):
            self.printer.action_take_back()

    def test_undo_of_retiring(self):
        self.printer._step(self.env["focalist.site"], START + 2 * DAY)
        self.printer.with_user(self.technician).action_take_back()
        self.assertEqual(self.printer.state, "active")
        self.assertFalse(self.printer.placement_ids.end_at)
        self.ingest(self.metered(60, total=180))
        self.assertEqual(self.pages(self.site_a), 80)

    def test_undo_of_activation(self):
        self.ingest(self.report(0, "NEW1"), site=self.site_b)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        found._activate(START + DAY)
        found.with_user(self.technician).action_take_back()
        self.assertEqual((found.state, found.site_id), ("to_complete", self.site_b))
        self.assertFalse(found.placement_ids)

    def test_undo_of_a_swap_takes_both_back(self):
        other = self.device("E200", self.site_b)
        self.printer._swap(
            other,
            START + 3 * DAY,
            self.env["focalist.site"],
            {self.printer: {"total": 160}, other: {"total": 9}},
        )
        other.with_user(self.technician).action_take_back()
        self.assertEqual(self.printer.site_id, self.site_a)
        self.assertEqual(self.printer.state, "active")
        self.assertEqual(other.site_id, self.site_b)
        self.assertEqual(other.reading_ids.site_id, self.site_b)

    def test_undo_of_a_swap_with_one_from_stock(self):
        other = self.device("E200", self.site_b)
        other._step(self.env["focalist.site"], START + DAY)
        self.printer._swap(
            other, START + 3 * DAY, self.env["focalist.site"], {other: {"total": 9}}
        )
        self.printer.with_user(self.technician).action_take_back()
        self.assertEqual(self.printer.site_id, self.site_a)
        self.assertEqual(other.state, "retired")
        self.assertEqual(other.reading_ids.state, "void")

    def test_undo_of_nothing(self):
        waiting = self.env["focalist.device"].create({"model_id": self.model.id})
        with self.assertRaisesRegex(UserError, "no step"):
            waiting.action_take_back()

    # Rights

    def test_technicians_alone(self):
        for group in ("sales", "accountant"):
            user = self.user(group, f"focalist_base.group_focalist_{group}")
            with self.subTest(group=group):
                with self.assertRaises(AccessError):
                    self.env["focalist.device.step"].with_user(user).create({})
                with self.assertRaises(AccessError):
                    self.printer.with_user(user).action_take_back()
                with self.assertRaises(AccessError):
                    self.env["focalist.import"].with_user(user).create({})

    # Entry by hand

    def test_device_by_hand_with_a_new_model(self):
        models = self.env["focalist.device.model"].with_user(self.technician)
        for text, maker, name in (
            ("Ricoh IM C300", "Ricoh", "IM C300"),
            ("Konica Minolta bizhub C258", "Konica", "Minolta bizhub C258"),
        ):
            model = models.browse(models.name_create(text)[0])
            self.assertEqual((model.manufacturer_id.name, model.name), (maker, name))
        self.env["focalist.manufacturer"].create({"name": "Konica Minolta"})
        model = models.browse(models.name_create("KONICA MINOLTA bizhub C458")[0])
        self.assertEqual(model.manufacturer_id.name, "Konica Minolta")
        self.assertEqual(model.name, "bizhub C458")
        with self.assertRaisesRegex(UserError, "manufacturer and the model"):
            models.name_create("C458")

    def test_device_by_hand_with_opening_meters(self):
        devices = self.env["focalist.device"].with_user(self.technician)
        with Form(devices) as form:
            form.model_id = self.model
            form.serial_number = "H100"
            form.proposed_site_id = self.site_b
        form = self.wizard("move", form.record)
        self.assertEqual(form.site_id, self.site_b)
        form.moved_at = START
        form.meters = "typed"
        self.type_meters(form, total="12 345")
        form.save().action_apply()
        device = self.env["focalist.device"].search([("serial_key", "=", "H100")])
        self.assertEqual((device.state, device.site_id), ("active", self.site_b))
        self.assertEqual(device.placement_ids.opening_reading_id.meter_total, 12345)

    def test_status_in_words(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.printer.status = "standby"
        self.assertEqual(self.printer.status_text, "Standby")
        self.assertEqual(
            self.printer.with_context(lang="fr_FR").status_text, "En veille"
        )
        self.printer.status = "jammed"
        self.assertEqual(self.printer.status_text, "jammed")


@tagged("post_install", "-at_install")
class TestStepTour(StepCommon, HttpCase):
    def test_tour_technician_moves_swaps_and_retires(self):
        self.technician.write({"login": "technician", "password": "technician"})
        spare = self.device("E200", self.site_b)
        self.start_tour("/odoo", "focalist_base_technician", login="technician")
        self.assertEqual(
            self.printer.placement_ids.sorted("start_at").site_id,
            self.site_a | self.site_a2,
        )
        self.assertEqual(
            spare.placement_ids.sorted("start_at").site_id, self.site_b | self.site_a2
        )
        self.assertEqual((self.printer | spare).mapped("state"), ["retired"] * 2)
        self.assertEqual(self.printer.total_meter, 170)
        self.assertFalse((self.printer | spare)._present_placements())
