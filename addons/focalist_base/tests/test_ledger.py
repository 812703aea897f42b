import base64
from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.focalist_base.tools.ledger import JUMP_FACTOR, JUMP_PAGES, jump_limit
from odoo.addons.focalist_base.tools.meters import parse_pages

from .common import START, FocalistCase

DAY = 24


class LedgerCase(FocalistCase):
    def setUp(self):
        super().setUp()
        self.printer = self.device(at=START - timedelta(days=1))

    def reading(self, hour, device=None):
        """The reading of a moment."""
        moment = hour if isinstance(hour, datetime) else START + timedelta(hours=hour)
        reading = (device or self.printer).reading_ids.filtered(
            lambda r: r.read_at == moment
        )
        self.assertEqual(len(reading), 1)
        return reading

    def tell(self, *values, serial="E100", meter="total", **more):
        """Take (hour, value) in, one batch a value."""
        for hour, value in values:
            self.ingest(self.report(hour, serial, meters={meter: value}, **more))

    def pages(self, device=None, meter="pages_total"):
        """Pages of a device by its days, and by its months: they are the same."""
        domain = [("device_id", "=", (device or self.printer).id)]
        self.env.invalidate_all()
        days = sum(self.env["focalist.volume"].search(domain).mapped(meter))
        months = sum(self.env["focalist.volume.month"].search(domain).mapped(meter))
        self.assertEqual(days, months)
        return days

    def waiting(self, device=None):
        """What waits, {hour: {meter: reason}}, and the hours that ask."""
        readings = (device or self.printer).reading_ids.filtered(
            lambda r: r.state == "quarantined"
        )
        hours = {}
        for reading in readings.sorted("read_at"):
            hour = (reading.read_at - START) // timedelta(hours=1)
            hours[hour] = {
                meter: entry["reason"]
                for meter, entry in reading.held.items()
                if entry["state"] == "quarantined"
            }
        asking = [
            (reading.read_at - START) // timedelta(hours=1)
            for reading in readings.sorted("read_at")
            if reading.is_question
        ]
        return hours, asking


@tagged("post_install", "-at_install")
class TestPlausible(LedgerCase):
    """A value beyond what is to be expected waits for a person."""

    def test_limit(self):
        self.assertEqual((JUMP_FACTOR, JUMP_PAGES), (10, 5000))
        self.assertEqual(jump_limit(100, timedelta(days=1)), 5100)
        self.assertEqual(jump_limit(1000, timedelta(days=2)), 20_000)

    def test_expected_from_the_last_three_months(self):
        # 100 pages a day for 20 days: a day later, up to 5,100 more are plausible.
        self.tell((0, 0), (20 * DAY, 2000), (21 * DAY, 2000 + 5100))
        self.assertFalse(self.printer.to_check)
        self.tell((22 * DAY, 7100 + 10_000))
        self.assertEqual(self.waiting(), ({22 * DAY: {"total": "jumped"}}, [22 * DAY]))
        self.assertTrue(self.printer.to_check)
        self.assertEqual(self.printer.total_meter, 7100)
        self.assertEqual(self.pages(), 7100)
        self.assertIn("far more", self.reading(22 * DAY).held_text)

    def test_more_time_makes_more_plausible(self):
        self.tell((0, 0), (20 * DAY, 20_000), (30 * DAY, 20_000 + 99_000))
        self.assertFalse(self.printer.to_check)
        other = self.device("E200", at=START - timedelta(days=1))
        self.tell((0, 0), (20 * DAY, 20_000), (29 * DAY, 119_000), serial="E200")
        self.assertTrue(other.to_check)

    def test_older_volumes_say_nothing(self):
        """The rate of long ago is not what is to be expected."""
        self.tell((0, 0), (10 * DAY, 40_000))  # 4,000 a day
        self.tell((200 * DAY, 40_010), (201 * DAY, 40_020), (202 * DAY, 60_000))
        self.assertEqual(self.waiting()[0], {202 * DAY: {"total": "jumped"}})

    def test_expected_from_the_model(self):
        self.model.monthly_volume = 30_000
        self.tell((0, 500), (DAY, 500 + 10_000))
        self.assertFalse(self.printer.to_check)
        other = self.device("E200", at=START - timedelta(days=1))
        self.tell((0, 500), (DAY, 500 + 10_001), serial="E200")
        self.assertTrue(other.to_check)

    def test_nothing_is_known(self):
        self.tell((0, 500), (DAY, 2_000_000))
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.printer.total_meter, 2_000_000)

    def test_meter_by_meter(self):
        self.model.monthly_volume = 300
        self.ingest(self.metered(0, total=10, mono=5, color=5))
        self.ingest(self.metered(1, total=12, mono=9000, color=7))
        reading = self.reading(1)
        self.assertEqual(reading.held["mono"]["reason"], "jumped")
        self.assertEqual((reading.meter_total, reading.meter_color), (12, 7))

    def test_in_one_batch(self):
        self.model.monthly_volume = 300
        self.ingest(
            self.metered(0, total=10),
            self.metered(1, total=900_000),
            self.metered(2, total=20),
        )
        self.assertEqual(self.waiting(), ({1: {"total": "jumped"}}, [1]))

    def test_other_serial_number(self):
        reading = self.printer._enter_meters({"total": 5}, START, "technician")
        self.assertEqual(reading.state, "accepted")
        report = self.metered(DAY, "E999", total=10)
        self.ingest(report, device=self.printer, source="technician")
        self.assertEqual(self.reading(DAY).held["total"]["reason"], "other_serial")
        self.assertFalse(
            self.env["focalist.device"].search([("serial_number", "=", "E999")])
        )
        self.reading(DAY)._accept("The label was wrong")
        self.assertEqual(self.printer.total_meter, 10)

    def test_number_of_queries(self):
        """What is looked up to judge does not grow with the devices."""
        self.model.monthly_volume = 30_000

        def counted(size):
            serials = [f"Q{size}x{number:03}" for number in range(size)]
            for serial in serials:
                self.device(serial)
            self.ingest(*(self.metered(0, serial, total=10) for serial in serials))
            self.ingest(*(self.metered(DAY, serial, total=20) for serial in serials))
            counts = []
            for hour, value in ((2 * DAY, 90_000), (3 * DAY, 90_010), (DAY + 1, 25)):
                batch = [self.metered(hour, serial, total=value) for serial in serials]
                self.env.flush_all()
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                self.ingest(batch[0])
                before = self.cr.sql_log_count
                self.ingest(*batch)
                self.env.flush_all()
                counts.append(self.cr.sql_log_count - before)
            return counts

        for small, large in zip(counted(10), counted(100), strict=True):
            self.assertLessEqual(large, small + 8)
            self.assertLess(large, 60)


@tagged("post_install", "-at_install")
class TestSeries(LedgerCase):
    """One question a meter, however many polls follow it."""

    def test_polls_after_a_reset_ask_once(self):
        self.tell((0, 1000), *((hour, hour) for hour in range(1, 40)))
        hours, asking = self.waiting()
        self.assertEqual(len(hours), 39)
        self.assertEqual(asking, [1])

    def test_in_one_batch(self):
        self.ingest(*(self.metered(h, total=1000 if not h else h) for h in range(20)))
        self.assertEqual(self.waiting()[1], [1])

    def test_new_counter_that_catches_up(self):
        """It does not count as the old one just because it is higher at last."""
        self.tell((0, 1000), (1, 5), (2, 500), (3, 990), (4, 1010), (5, 1100))
        hours, asking = self.waiting()
        self.assertEqual(list(hours), [1, 2, 3, 4, 5])
        self.assertEqual(hours[4], {"total": "follows"})
        self.assertEqual(asking, [1])
        self.assertEqual(self.printer.total_meter, 1000)

    def test_one_wrong_poll(self):
        self.tell((0, 1000), (1, 5), (2, 1001))
        self.assertEqual(self.waiting(), ({1: {"total": "went_back"}}, [1]))
        self.assertEqual(self.printer.total_meter, 1001)

    def test_jump_and_back(self):
        self.model.monthly_volume = 300
        self.tell((0, 1000), (1, 99_000), (2, 99_001), (3, 1010))
        self.assertEqual(self.waiting()[1], [1])
        self.assertEqual(self.printer.total_meter, 1010)

    def test_meters_ask_apart(self):
        self.ingest(self.metered(0, total=1000, mono=500))
        self.ingest(self.metered(1, total=3, mono=501))
        self.ingest(self.metered(2, total=4, mono=2))
        self.ingest(self.metered(3, total=5, mono=3))
        self.assertEqual(self.waiting()[1], [1, 2])

    def test_what_people_send_asks_each_time(self):
        self.tell((0, 1000))
        for hour in (1, 2):
            self.ingest(self.metered(hour, total=1000 + hour), source="portal")
        self.assertEqual(self.waiting()[1], [1, 2])
        self.tell((3, 1003))
        self.assertEqual(self.printer.total_meter, 1003)


@tagged("post_install", "-at_install")
class TestDecision(LedgerCase):
    """A person accepts what waits, voids it, or declares a reset."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician = cls.user("tech", "focalist_base.group_focalist_technician")

    def jumped(self):
        self.model.monthly_volume = 300
        self.tell((0, 1000), (DAY, 9000), (2 * DAY, 9010), (3 * DAY, 9020))
        self.assertEqual(self.waiting()[1], [DAY])
        return self.reading(DAY)

    def test_accept(self):
        reading = self.jumped().with_user(self.technician)
        reading._accept("A large job")
        self.assertFalse(self.waiting()[0])
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.printer.total_meter, 9020)
        self.assertEqual(self.printer.last_meters, {"total": 9020})
        self.assertEqual(self.pages(), 8020)
        self.assertRecordValues(
            self.reading(DAY).decision_ids,
            [
                {
                    "decision": "accept",
                    "reason": "A large job",
                    "create_uid": self.technician.id,
                    "meters": "Total 9000",
                }
            ],
        )

    def test_accept_what_went_back(self):
        self.tell((0, 1000), (1, 5))
        with self.assertRaisesRegex(UserError, "reset or swap"):
            self.reading(1)._accept("It is so")

    def test_accept_what_a_later_value_refutes(self):
        self.model.monthly_volume = 300
        self.tell((0, 1000), (1, 99_000), (2, 1001))
        with self.assertRaisesRegex(UserError, "higher than the next"):
            self.reading(1)._accept("It is so")

    def test_void(self):
        self.tell((0, 1000), (1, 5), (2, 1001))
        self.reading(1).with_user(self.technician)._void("A misread")
        reading = self.reading(1)
        self.assertEqual(reading.state, "void")
        self.assertEqual(
            reading.held,
            {"total": {"value": 5, "state": "void", "reason": "voided"}},
        )
        self.assertEqual(reading.raw["meters"], {"total": 5})
        self.assertFalse(reading.is_question)
        self.assertFalse(self.printer.to_check)
        self.assertEqual(self.pages(), 1)

    def test_void_one_and_the_next_one_asks(self):
        self.tell((0, 1000), (1, 5), (2, 6), (3, 7))
        self.reading(1)._void("A misread")
        self.assertEqual(self.waiting()[1], [2])
        self.assertTrue(self.printer.to_check)

    def test_void_a_series(self):
        """What was only held because it followed counts again."""
        self.tell((0, 1000), (1, 5), (2, 6), (3, 1010), (4, 1020))
        self.assertEqual(len(self.waiting()[0]), 4)
        self.reading(1)._void("A misread", series=True)
        self.assertFalse(self.waiting()[0])
        self.assertEqual(self.printer.total_meter, 1020)
        self.assertEqual(self.reading(2).state, "void")
        self.assertEqual(self.reading(2).decision_ids.reason, "A misread")
        self.assertEqual(self.pages(), 20)

    def test_void_what_counts_and_accept_it_again(self):
        self.tell((0, 1000), (1, 1500), (2, 1100))
        self.assertEqual(self.waiting()[1], [2])
        self.reading(1)._void("Typed wrongly")
        self.assertFalse(self.waiting()[0])
        self.assertEqual(self.pages(), 100)
        with self.assertRaisesRegex(UserError, "higher than the next"):
            self.reading(1)._accept("No, it was right")
        self.reading(2)._void("This one was wrong")
        self.assertEqual(self.pages(), 0)
        self.reading(1)._accept("No, it was right")
        self.assertEqual(self.pages(), 500)
        self.assertEqual(self.printer.total_meter, 1500)

    def test_void_all_that_a_device_told(self):
        self.tell((0, 1000), (1, 1500))
        self.printer.reading_ids._void("Another printer")
        self.assertEqual(self.pages(), 0)
        self.assertFalse(self.printer.last_meters)
        self.assertIs(self.printer.total_meter, False)
        self.tell((2, 7), (3, 9))
        self.assertEqual(self.pages(), 2)

    def test_void_of_many_devices(self):
        others = self.device("E200") + self.device("E300")
        for device in others:
            self.tell((1, 1000), (2, 5), (3, 1001), serial=device.serial_number)
        others.reading_ids.filtered("is_question")._void("A storm")
        self.assertFalse(any(others.mapped("to_check")))
        self.assertEqual([self.pages(device) for device in others], [1, 1])

    def test_nothing_to_decide(self):
        self.tell((0, 1000))
        with self.assertRaises(UserError):
            self.reading(0)._accept("Why not")
        self.ingest(self.metered(1, total=-1))
        with self.assertRaises(UserError):
            self.reading(1)._void("Why not")

    def test_confirm_what_a_client_sent(self):
        self.tell((0, 1000))
        self.ingest(self.metered(1, total=1200), source="portal")
        self.reading(1)._accept("Asked by phone")
        self.assertEqual(self.printer.total_meter, 1200)
        self.assertFalse(self.printer.to_check)
        self.ingest(self.metered(2, total=1300), source="portal")
        self.ingest(self.metered(3, total=1400), source="portal")
        self.reading(2)._void("Another printer")
        self.assertEqual(self.waiting(), ({3: {"total": "unconfirmed"}}, [3]))

    def test_others_decide_nothing(self):
        reading = self.jumped()
        for group in ("sales", "accountant", "support"):
            user = self.user(f"a {group}", f"focalist_base.group_focalist_{group}")
            for decide in (
                lambda r: r._accept("x"),
                lambda r: r._void("x"),
                lambda r: r._declare("reset", "x"),
                lambda r: r.device_id._enter_meters({"total": 1}, START, "manual"),
            ):
                with self.subTest(group=group), self.assertRaises(AccessError):
                    decide(reading.with_user(user))
            log = self.env["focalist.meter.decision"].with_user(user)
            self.assertTrue(log.has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(log.with_user(self.technician).has_access(operation))

    def test_another_dealers_technician(self):
        reading = self.jumped()
        other = self.env["res.company"].create({"name": "Other dealer"})
        stranger = self.user(
            "stranger",
            "focalist_base.group_focalist_technician",
            company_id=other.id,
            company_ids=other.ids,
        )
        with self.assertRaises(AccessError):
            reading.with_user(stranger)._void("x")

    def test_readings_are_facts(self):
        self.tell((0, 1000))
        for values in ({"read_at": START}, {"source": "manual"}, {"raw": {}}):
            with self.assertRaises(UserError):
                self.reading(0).write(values)
        with self.assertRaises(UserError):
            self.reading(0).unlink()


@tagged("post_install", "-at_install")
class TestEntry(LedgerCase):
    """A person brings a reading through the same door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.technician = cls.user("tech", "focalist_base.group_focalist_technician")

    def test_entered_reading(self):
        self.tell((0, 1000))
        contact = self.printer.last_report_at
        reading = self.printer.with_user(self.technician)._enter_meters(
            {"total": 1100}, START + timedelta(hours=5), "technician"
        )
        self.assertRecordValues(
            reading,
            [
                {
                    "source": "technician",
                    "state": "accepted",
                    "meter_total": 1100,
                    "create_uid": self.technician.id,
                }
            ],
        )
        self.assertEqual(self.printer.last_report_at, contact, "nobody heard of it")
        self.assertEqual(self.printer.total_meter, 1100)
        self.assertEqual(self.pages(), 100)

    def test_entered_reading_is_judged(self):
        self.tell((0, 1000))
        reading = self.printer._enter_meters(
            {"total": 110}, START + timedelta(1), "manual"
        )
        self.assertEqual(reading.state, "quarantined")

    def test_device_out_of_service(self):
        self.printer.action_retire()
        with self.assertRaises(UserError):
            self.printer._enter_meters({"total": 1}, datetime(2026, 11, 1), "manual")

    # Screens

    def wizard(self, model, records, **values):
        wizard = (
            self.env[model]
            .with_user(self.technician)
            .with_context(
                active_model=records._name,
                active_ids=records.ids,
                active_id=records.id if len(records) == 1 else False,
            )
        )
        form = Form(wizard)
        for name, value in values.items():
            form[name] = value
        return form

    def test_list_shows_each_device_once(self):
        self.ingest(self.metered(0, total=1000, mono=900))
        self.tell((1, 5), (2, 6), (3, 7))
        self.ingest(self.metered(4, mono=8))
        action = self.env.ref("focalist_base.focalist_device_to_check_action")
        devices = self.env["focalist.device"].with_user(self.technician)
        found = devices.search(safe_eval(action.domain))
        self.assertRecordValues(
            found,
            [
                {
                    "id": self.printer.id,
                    "check_since": START + timedelta(hours=1),
                    "check_counted": "Total 1000, Mono 900",
                    "check_first": "Total 5 (lower than the reading before),"
                    " Mono 8 (lower than the reading before)",
                    "check_newest": "Total 7, Mono 8",
                }
            ],
        )

    def test_decide_on_devices(self):
        other = self.device("E200")
        for serial in ("E100", "E200"):
            self.tell((1, 1000), (2, 5), (3, 6), serial=serial)
        form = self.wizard(
            "focalist.meter.decide",
            self.printer + other,
            decision="reset",
            reason="A power cut",
        )
        wizard = form.save()
        self.assertEqual(wizard.reading_ids, self.reading(2) + self.reading(2, other))
        wizard.action_decide()
        self.assertFalse((self.printer + other).filtered("to_check"))
        self.assertEqual([self.pages(), self.pages(other)], [1, 1])

    def test_decide_on_a_reading(self):
        self.tell((0, 900), (10, 1000), (30, 40))
        form = self.wizard(
            "focalist.meter.decide",
            self.reading(30),
            decision="reset",
            reason="A new board",
        )
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.last_value, line.held_value), (1000, 40))
            line.end_value = "1 060"
            line.start_value = "0"
        form.save().action_decide()
        self.assertEqual(self.pages(), 160 + 40)
        self.assertTrue(self.reading(30).is_declared)
        form = self.wizard(
            "focalist.meter.decide", self.reading(30), decision="undo", reason="No"
        )
        form.save().action_decide()
        self.assertTrue(self.printer.to_check)
        self.assertFalse(self.reading(30).is_declared)
        form = self.wizard(
            "focalist.meter.decide", self.printer, decision="void", reason="No"
        )
        form.save().action_decide()
        self.assertFalse(self.printer.to_check)

    def test_typed_pages(self):
        for text, value in (("", None), (" 12 345 ", 12345), ("1,000", 1000), ("0", 0)):
            self.assertEqual(parse_pages(text), value)
        for text in ("-1", "12a", "9" * 12):
            with self.assertRaises(ValueError):
                parse_pages(text)

    def test_enter_on_a_device(self):
        self.ingest(self.metered(0, total=1000, scan=5))
        form = self.wizard(
            "focalist.meter.entry", self.printer, read_at=START + timedelta(hours=5)
        )
        self.assertEqual(len(form.line_ids), 2)
        with form.line_ids.edit(0) as line:
            self.assertEqual((line.meter, line.last_value), ("total", 1000))
            line.value = "1,100"
        form.photo = base64.b64encode(b"GIF89a")
        action = form.save().action_enter()
        reading = self.reading(5)
        self.assertEqual(action["res_id"], reading.id)
        self.assertEqual((reading.meter_total, reading.meter_scan), (1100, False))
        self.assertEqual(reading.photo, base64.b64encode(b"GIF89a"))
        with self.assertRaises(UserError):
            reading.photo = base64.b64encode(b"GIF87a")

    def test_enter_nothing(self):
        with self.assertRaisesRegex(UserError, "at least one"):
            self.wizard("focalist.meter.entry", self.printer).save().action_enter()

    def test_correct_a_reading(self):
        self.tell((0, 1000), (5, 1900))
        form = self.wizard(
            "focalist.meter.entry", self.reading(5), reason="Two digits exchanged"
        )
        self.assertEqual(form.device_id, self.printer)
        self.assertEqual(form.read_at, START + timedelta(hours=5))
        with form.line_ids.edit(0) as line:
            line.value = "1090"
        form.save().action_enter()
        moment = START + timedelta(hours=5)
        wrong, right = self.printer.reading_ids.filtered(
            lambda r: r.read_at == moment
        ).sorted("id")
        self.assertEqual((wrong.state, right.state), ("void", "accepted"))
        self.assertEqual(right.meter_total, 1090)
        self.assertEqual(wrong.decision_ids.mapped("decision"), ["correct", "void"])
        self.assertEqual(self.pages(), 90)
