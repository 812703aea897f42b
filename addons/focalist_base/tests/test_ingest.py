import random
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.focalist_base.models import focalist_device_ingest
from odoo.addons.focalist_base.tools.meters import MAX_METER

from .common import PROPERTY, START, FocalistCase

STRAY = ("is_stray", "stray_at", "stray_partner_id", "stray_site_id")


@tagged("post_install", "-at_install")
class TestIngest(FocalistCase):
    def setUp(self):
        super().setUp()
        self.printer = self.device()

    @contextmanager
    def counting(self, names):
        """Count what is added to these models meanwhile."""
        before = {name: self.env[name].search_count([]) for name in names}
        added = {}
        yield added
        for name in names:
            added[name] = self.env[name].search_count([]) - before[name]

    # Once, whatever happens

    def test_a_model_is_a_colour_one_once_a_device_tells(self):
        model = self.printer.model_id
        self.ingest(self.metered(0, total=10, mono=10, color=0))
        self.assertFalse(model.is_color)
        self.ingest(self.metered(1, total=20, mono=19, color=1))
        self.assertTrue(model.is_color)
        model.is_color = False
        self.ingest(
            self.report(
                2,
                meters={"total": 30},
                supplies=[{"index": "1.1", "kind": "toner", "color": "cyan"}],
            )
        )
        self.assertTrue(model.is_color, "it has colours to print with")

    def test_idempotent_second_arrival(self):
        reports = [self.metered(hour, total=100 + 10 * hour) for hour in (0, 30, 60)]
        self.assertEqual(self.statuses(*reports), ["accepted"] * 3)
        before = self.ledger(self.printer)
        self.assertEqual(self.statuses(*deepcopy(reports)), ["duplicate"] * 3)
        self.assertEqual(self.ledger(self.printer), before)

    def test_idempotent_same_uid_in_one_batch(self):
        report = self.metered(0, total=100)
        self.assertEqual(
            self.statuses(report, deepcopy(report), self.metered(24, total=150)),
            ["accepted", "duplicate", "accepted"],
        )
        self.assertEqual(len(self.printer.reading_ids), 2)
        volume = self.env["focalist.volume.month"].search(
            [("device_id", "=", self.printer.id)]
        )
        self.assertEqual(volume.pages_total, 50)

    def test_idempotent_pending_device(self):
        report = self.metered(0, "NEW1", total=5)
        with self.counting(["focalist.device", "focalist.meter.reading"]) as added:
            for _time in range(2):
                self.assertEqual(self.statuses(report, site=self.site_a), ["pending"])
        self.assertEqual(added, {"focalist.device": 1, "focalist.meter.reading": 0})

    def test_one_uid_of_two_devices(self):
        self.device("E200")
        first = self.metered(0, total=1)
        second = {**self.metered(0, "E200", total=1), "uid": first["uid"]}
        self.assertEqual(self.statuses(first, second), ["accepted", "accepted"])

    # Order of arrival

    def test_late_report(self):
        self.ingest(self.metered(0, total=100), self.metered(48, total=200))
        late = self.metered(24, total=180)
        self.assertEqual(
            self.statuses(
                late,
            ),
            ["accepted"],
        )
        self.assertEqual(self.printer.total_meter, 200)
        self.assertEqual(self.printer.last_meters, {"total": 200})
        self.assertEqual(self.printer.last_reading_at, START + timedelta(hours=48))
        reading = self.printer.reading_ids.filtered(lambda r: r.uid == late["uid"])
        self.assertEqual(reading.state, "accepted")

    def test_late_report_above_the_next(self):
        self.ingest(self.metered(0, total=100, mono=50))
        self.ingest(self.metered(48, total=200, mono=60))
        self.ingest(self.metered(24, total=201, mono=55))
        reading = self.printer.reading_ids.sorted("read_at")[1]
        self.assertEqual((reading.meter_total, reading.meter_mono), (False, 55))
        self.assertEqual(
            reading.held,
            {"total": {"value": 201, "state": "quarantined", "reason": "above_next"}},
        )

    def test_late_reports_of_one_batch_follow_each_other(self):
        self.ingest(self.metered(0, total=100), self.metered(48, total=200))
        self.ingest(self.metered(10, total=150), self.metered(20, total=140))
        readings = self.printer.reading_ids.sorted("read_at")
        self.assertEqual(
            readings.mapped("state"),
            ["accepted", "accepted", "quarantined", "accepted"],
        )

    def test_late_report_after_a_report_without_meters(self):
        """A report of alerts alone is no reading: what comes after is not late."""
        self.ingest(self.metered(0, total=100), self.report(20, console="Jam"))
        self.ingest(self.metered(10, total=120))
        self.assertEqual(self.printer.total_meter, 120)
        self.assertEqual(self.printer.last_reading_at, START + timedelta(hours=10))
        self.assertEqual(self.printer.last_report_at, START + timedelta(hours=20))

    def test_newest_has_no_meters_in_one_batch(self):
        self.ingest(
            self.metered(0, total=100), self.metered(9, total=110), self.report(10)
        )
        self.assertEqual(self.printer.last_reading_at, START + timedelta(hours=9))
        # It lies before 110, so that it is late; and it is a value in between.
        self.assertEqual(self.statuses(self.metered(5, total=105)), ["accepted"])
        self.assertEqual(set(self.printer.reading_ids.mapped("state")), {"accepted"})

    def test_late_value_is_the_last_of_its_meter(self):
        """After it came only what did not count or did not tell that meter."""
        self.ingest(self.metered(0, total=100, scan=10))
        self.ingest(self.metered(20, total=50))
        self.ingest(self.metered(10, total=110, scan=20))
        self.assertEqual(self.printer.last_meters, {"total": 110, "scan": 20})
        self.assertEqual(self.printer.total_meter, 110)
        self.ingest(self.metered(30, total=105, scan=15))
        newest = self.printer.reading_ids.sorted("read_at")[-1]
        self.assertEqual(set(newest.held), {"total", "scan"})

    def test_state_of_the_newest_only(self):
        self.ingest(self.report(10, address="10.0.0.2", console="Ready"))
        self.ingest(self.report(5, address="10.0.0.1", console="Jam"))
        self.assertEqual(self.printer.ip_address, "10.0.0.2")
        self.assertEqual(self.printer.console, "Ready")
        self.assertEqual(self.printer.last_report_at, START + timedelta(hours=10))
        self.ingest(
            self.report(30, address="10.0.0.4"), self.report(20, address="10.0.0.3")
        )
        self.assertEqual(self.printer.ip_address, "10.0.0.4")

    def test_display_that_went_blank(self):
        self.ingest(self.report(0, console="Paper jam", firmware="1.2"))
        self.ingest(self.report(1, console="", firmware=None))
        self.assertFalse(self.printer.console)
        self.assertEqual(self.printer.firmware, "1.2")
        self.ingest(self.report(2, console="Ready"))
        self.ingest(self.report(3))
        self.assertEqual(self.printer.console, "Ready", "it was not read")

    @PROPERTY
    @given(data=st.data())
    def test_order_of_arrival_changes_nothing(self, data):
        """Any order, any cut into batches, any repetition: one ledger, one truth."""
        size = data.draw(st.integers(2, 9))
        hours = data.draw(
            st.lists(st.integers(0, 24 * 50), min_size=size, max_size=size, unique=True)
        )
        steps = data.draw(
            st.lists(
                st.tuples(
                    st.integers(0, 500),
                    st.integers(0, 500),
                    st.booleans(),
                    st.booleans(),
                ),
                min_size=size,
                max_size=size,
            )
        )
        reports, mono, color = [], 0, 0
        for hour, (more_mono, more_color, tells_color, tells_meters) in zip(
            sorted(hours), steps, strict=True
        ):
            mono, color = mono + more_mono, color + more_color
            meters = {"total": mono + color, "mono": mono}
            if tells_color:
                meters["color"] = color
            reports.append(
                self.metered(hour, **meters) if tells_meters else self.report(hour)
            )
        shuffled = data.draw(st.permutations(reports))
        cut = data.draw(st.integers(0, size))
        with self.savepoint():
            self.ingest(*reports)
            expected = self.ledger(self.printer)
        with self.savepoint():
            self.ingest(*shuffled[:cut])
            self.ingest(*shuffled[cut:], *shuffled[: cut // 2])
            self.assertEqual(self.ledger(self.printer), expected)

    @contextmanager
    def savepoint(self):
        """Undo what happens inside, in the database and in the cache."""
        savepoint = self.env.cr.savepoint(flush=True)
        try:
            yield
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all(flush=False)

    def test_fleet_in_two_random_batches(self):
        others = [self.device(f"F{number}00") for number in range(1, 6)]
        devices = self.printer.union(*others)
        reports = [
            self.metered(hour, device.serial_number, total=hour * 3, mono=hour * 2)
            for device in devices
            for hour in (0, 7, 26, 100, 900)
        ]
        with self.savepoint():
            self.ingest(*reports)
            expected = self.ledger(devices)
        shuffled = random.Random(19).sample(reports, len(reports))
        self.ingest(*shuffled[:12])
        self.ingest(*shuffled[12:])
        self.assertEqual(self.ledger(devices), expected)

    # What is wrong is refused alone

    def test_meter_that_went_back_is_quarantined_alone(self):
        self.ingest(self.metered(0, total=100, mono=60, color=40))
        self.assertEqual(
            self.statuses(self.metered(24, total=120, mono=5, color=60)), ["accepted"]
        )
        reading = self.printer.reading_ids.sorted("read_at")[-1]
        self.assertRecordValues(
            reading,
            [
                {
                    "meter_total": 120,
                    "meter_mono": False,
                    "meter_color": 60,
                    "state": "quarantined",
                }
            ],
        )
        self.assertEqual(reading.held["mono"]["value"], 5)
        self.assertEqual(reading.held_text, "Mono 5 (lower than the reading before)")
        self.assertEqual(self.printer.mono_meter, 60)
        days = self.env["focalist.volume"].search([("device_id", "=", self.printer.id)])
        self.assertEqual(sum(days.mapped("pages_total")), 20)
        self.assertEqual(sum(days.mapped("pages_color")), 20)
        self.assertEqual(sum(days.mapped("pages_mono")), 0)

    def test_meter_too_large_is_refused_alone(self):
        self.assertEqual(
            self.statuses(self.metered(0, total=MAX_METER, mono=MAX_METER + 1)),
            ["accepted"],
        )
        reading = self.printer.reading_ids
        self.assertEqual(reading.meter_total, MAX_METER)
        self.assertIs(reading.meter_mono, False)
        self.assertEqual(
            reading.held,
            {"mono": {"value": None, "state": "void", "reason": "too_large"}},
        )
        self.assertEqual(reading.state, "accepted")

    def test_meters_of_wrong_types_are_refused_alone(self):
        wrong = {
            "mono": "12",
            "color": -1,
            "print": 1.5,
            "copy": True,
            "fax": [1],
            "scan": {"a": 1},
            "a4": 10**4000,
            "a3": float("nan"),
            "nonsense": 7,
        }
        self.assertEqual(
            self.statuses(self.metered(0, total=100, **wrong)), ["accepted"]
        )
        reading = self.printer.reading_ids
        self.assertEqual(self.printer.last_meters, {"total": 100})
        self.assertEqual(set(reading.held), set(wrong) - {"nonsense"})

    def test_reading_of_which_no_meter_counts_is_void(self):
        self.ingest(self.metered(0, total=-1))
        self.assertEqual(self.printer.reading_ids.state, "void")

    def test_what_is_wrong_with_one_device_costs_its_reports_alone(self):
        self.device("E200")
        hours = iter(range(100))
        for wrong in ([1], "text"):
            self.printer.last_meters = wrong
            batch = [
                self.metered(next(hours), "E200", total=10),
                self.metered(next(hours), total=200),
                {"uid": "nonsense"},
                self.metered(next(hours), "NEW1", total=5),
                self.metered(next(hours), total=300),
                self.metered(next(hours), "E200", total=20),
            ]
            with (
                self.subTest(wrong=wrong),
                mute_logger("odoo.addons.focalist_base.models.focalist_device_ingest"),
            ):
                results = self.ingest(*batch)
                self.assertEqual(
                    [result["status"] for result in results],
                    ["accepted", "rejected", "rejected"]
                    + ["pending", "rejected", "accepted"],
                )
                self.assertIn("server's log", results[1]["message"])
                self.assertEqual(results[1]["uid"], batch[1]["uid"])
        self.printer.last_meters = {"total": 1}
        self.assertEqual(self.statuses(self.metered(0, total=10)), ["accepted"])

    def nested(self, levels):
        value = []
        for _level in range(levels):
            value = [value]
        return value

    def test_wrong_reports_are_refused_with_a_sentence(self):
        good = [self.metered(0, total=1), self.metered(24, total=2)]
        wrong = [
            None,
            "report",
            12,
            [],
            {},
            self.report(schema=2),
            self.report(schema=None),
            self.report(uid=None),
            self.report(uid=12),
            self.report(uid="x" * 65),
            self.report(uid=["x"]),
            self.report(read_at=None),
            self.report(read_at="yesterday"),
            self.report(read_at=1764000000),
            self.report(read_at="2026-13-45T00:00:00Z"),
            self.report(read_at="0001-01-01T00:00:00+14:00"),
            self.report(read_at="9999-12-31T23:59:59-14:00"),
            self.report(manufacturer=None),
            self.report(manufacturer={"a": 1}),
            self.report(model=""),
            self.report(model=7),
            self.report(serial=None),
            self.report(serial=["E100"]),
            self.report(serial=None, mac="none"),
            self.report(serial="0000", mac="00:00:00:00:00:00"),
            self.report(alerts=self.nested(50)),
            self.report(alerts=self.nested(900)),
            self.report(alerts=list(range(10_000))),
            self.report(alerts=[datetime(2026, 1, 1)]),
            self.report(alerts=b"bytes"),
        ]
        results = self.ingest(good[0], *wrong, good[1])
        self.assertEqual(results[0]["status"], "accepted")
        self.assertEqual(results[-1]["status"], "accepted")
        self.assertEqual(len(results), len(wrong) + 2)
        for report, result in zip(wrong, results[1:-1], strict=True):
            with self.subTest(report=str(report)[:80]):
                self.assertEqual(result["status"], "rejected")
                self.assertRegex(result["message"], r"^[A-Z].*\.$")
                self.assertIsInstance(result["uid"], str)
                self.assertLessEqual(len(result["uid"]), 64)
        self.assertEqual(len(self.printer.reading_ids), 2)
        self.assertEqual(self.printer.total_meter, 2)

    def test_values_that_the_database_cannot_hold(self):
        """A NUL, half a surrogate or a NaN somewhere must not fail the batch."""
        odd = self.report(
            1,
            console="Re\x00ady",
            location="\ud83d floor",
            hostname="prn\x00",
            alerts=[{"description": "\x00\udc00", "code": float("inf"), "k\x00": 1}],
            uptime=float("nan"),
            sys_descr="x" * 100_000,
            meters={"total": 5},
        )
        self.assertEqual(
            self.statuses(self.metered(0, total=1), odd), ["accepted", "accepted"]
        )
        self.env.invalidate_all()
        self.assertEqual(self.printer.console, "Ready")
        self.assertEqual(self.printer.location, "? floor")
        reading = self.printer.reading_ids.sorted("read_at")[-1]
        self.assertEqual(
            reading.raw["alerts"], [{"description": "?", "code": None, "k": 1}]
        )
        self.assertLess(len(reading.raw["sys_descr"]), 20_000)

    @PROPERTY
    @given(
        values=st.dictionaries(
            st.sampled_from(
                ["schema", "uid", "read_at", "manufacturer", "model", "serial"]
                + ["mac", "meters", "console", "location", "alerts", "uptime"]
            ),
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.floats()
                | st.text(st.characters(codec=None), max_size=20)
                | st.binary(max_size=3),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3)
                ),
                max_leaves=8,
            ),
            max_size=4,
        )
    )
    def test_any_nonsense_loses_itself_only(self, values):
        with self.savepoint():
            good = self.metered(2, total=77)
            results = self.ingest({**self.metered(1, total=5), **values}, good)
            self.env.flush_all()
            self.assertEqual(results[1]["status"], "accepted")
            self.assertEqual(self.printer.total_meter, 77)

    def test_future(self):
        now = fields.Datetime.now()
        ahead = self.metered(now + timedelta(minutes=50), total=1)
        future = self.metered(now + timedelta(minutes=70), total=2)
        results = self.ingest(ahead, future)
        self.assertEqual([r["status"] for r in results], ["accepted", "rejected"])
        self.assertIn("clock", results[1]["message"])
        # A clock that is known to be ahead is put right first.
        self.assertEqual(
            self.statuses(future, skew=-timedelta(minutes=60)), ["accepted"]
        )

    def test_corrected_clock(self):
        self.ingest(self.metered(0, total=1), skew=timedelta(minutes=10))
        reading = self.printer.reading_ids
        self.assertEqual(reading.read_at, START + timedelta(minutes=10))
        self.assertEqual(reading.device_read_at, START)

    def test_clock_that_its_collector_corrected(self):
        said = START - timedelta(days=2)
        told = ("", None, 7, "yesterday", f"{said.isoformat()}Z")
        for hour, moment in enumerate(told):
            report = {**self.metered(hour, total=hour), "device_read_at": moment}
            self.assertEqual(self.statuses(report), ["accepted"])
        readings = self.printer.reading_ids.sorted("read_at")
        moments = readings.mapped("read_at")
        self.assertEqual(moments, [START + timedelta(hours=h) for h in range(5)])
        self.assertEqual(readings.mapped("device_read_at"), [*moments[:4], said])

    # Whose device

    def test_portal_and_public_readings_wait_for_a_person(self):
        for hour, source in enumerate(("public", "portal")):
            self.ingest(self.metered(hour, total=100), source=source)
        self.assertEqual(self.printer.reading_ids.mapped("state"), ["quarantined"] * 2)
        self.assertFalse(self.printer.total_meter)

    def test_device_of_another_client(self):
        results = self.ingest(self.metered(0, total=100), partner=self.client_b)
        self.assertEqual(results[0]["status"], "rejected")
        for told in ("Alpha", "Paris", "client"):
            self.assertNotIn(told, results[0]["message"])
        self.assertFalse(self.printer.reading_ids)
        self.assertFalse(self.printer.last_report_at)
        self.assertEqual(
            self.statuses(self.metered(1, total=1), partner=self.client_a), ["accepted"]
        )

    def test_late_report_of_the_former_client_counts_there(self):
        """Its agent may only now get through with what it read before the move."""
        self.ingest(self.metered(0, total=100), partner=self.client_a)
        self.printer._move(self.site_b, START + timedelta(hours=100))
        self.assertEqual(
            self.statuses(self.metered(90, total=150), partner=self.client_a),
            ["accepted"],
        )
        self.assertEqual(self.printer.reading_ids[0].partner_id, self.client_a)
        self.assertEqual(
            self.statuses(
                self.metered(95, total=151),
                self.metered(110, total=160),
                partner=self.client_b,
            ),
            ["rejected", "accepted"],
        )
        self.assertEqual(
            self.statuses(self.metered(120, total=165), partner=self.client_a),
            ["rejected"],
        )

    def test_late_report_of_the_former_client_is_no_news_of_the_device(self):
        self.printer._move(self.site_b, START + timedelta(hours=100))
        self.ingest(
            self.report(90, hostname="alpha-1", meters={"total": 5}),
            partner=self.client_a,
        )
        self.assertEqual(self.printer.total_meter, 5)
        self.assertFalse(self.printer.hostname)
        self.assertFalse(self.printer.ip_address)

    def test_report_that_is_not_taken_changes_nothing(self):
        """A stolen key of client B reaches no device of client A, in any state.

        That it was told of one in service is noted, for a person (D1).
        """
        self.ingest(self.report(0, "NEW1"), partner=self.client_a)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        self.assertFalse(found.site_id)
        self.assertEqual(found.partner_id, self.client_a)
        retired, ignored = self.device("OUT1"), self.device("IGN1")
        retired.action_retire()
        ignored.state = "ignored"
        now = fields.Datetime.now() + timedelta(minutes=5)
        for device in (self.printer, found, retired, ignored):
            names = [n for n in device._fields if n not in STRAY]
            before = device.read(names)
            report = self.report(
                now, device.serial_number, address="6.6.6.6", hostname="evil"
            )
            with self.subTest(device=device.serial_number):
                (result,) = self.ingest(report, partner=self.client_b, site=self.site_b)
                self.assertIn(result["status"], ("rejected", "ignored"))
                self.assertEqual(device.read(names), before)
        self.ingest(self.report(1, "NEW1"), partner=self.client_a, site=self.site_a)
        self.assertEqual(found.site_id, self.site_a)
        found.action_activate()
        self.assertFalse(found.proposed_partner_id)

    def test_device_typed_by_hand_is_its_who_finds_it_first(self):
        typed = self.env["focalist.device"].create(
            {"model_id": self.model.id, "serial_number": "NEW1"}
        )
        self.assertEqual(
            self.statuses(self.report(0, "NEW1"), partner=self.client_a), ["pending"]
        )
        self.assertEqual(typed.partner_id, self.client_a)
        self.assertEqual(
            self.statuses(self.report(1, "NEW1"), partner=self.client_b), ["rejected"]
        )

    def test_mac_address_is_first_that_of_the_own_client(self):
        mac = "00:26:73:aa:bb:cc"
        ours = self.device("E200", self.site_b, mac_address=mac)
        theirs = self.device(False, mac_address=mac)
        report = self.report(1, None, mac=mac, hostname="beta-1")
        self.assertEqual(self.statuses(report, partner=self.client_b), ["accepted"])
        self.assertEqual((ours.hostname, theirs.hostname), ("beta-1", False))

    def test_mac_address_never_takes_another_clients_device(self):
        mac = "00:26:73:aa:bb:cc"
        self.printer.mac_address = mac
        for _time in range(2):
            report = self.report(1, None, mac=mac, hostname="evil")
            self.assertEqual(self.statuses(report, partner=self.client_b), ["pending"])
        self.assertFalse(self.printer.hostname)
        found = self.env["focalist.device"].search([("mac_address", "=", mac)])
        self.assertEqual((found - self.printer).partner_id, self.client_b)

    def test_devices_to_complete_are_bounded(self):
        names = ["focalist.device", "focalist.device.model", "focalist.manufacturer"]
        self.patch(focalist_device_ingest, "MAX_WAITING", 3)
        with self.counting(names) as added:
            batch = [
                self.report(n, f"NEW{n}", manufacturer=f"Maker {n}", model=f"M {n}")
                for n in range(5)
            ]
            results = self.ingest(*batch, partner=self.client_a)
            self.assertEqual(
                [result["status"] for result in results],
                ["pending"] * 3 + ["ignored"] * 2,
            )
            self.assertIn("Too many devices", results[4]["message"])
        self.assertEqual(added, dict.fromkeys(names, 3))
        # What is known goes on, and so do other clients.
        self.assertEqual(
            self.statuses(
                self.metered(9, total=1),
                self.report(9, "NEW1", manufacturer="Maker 1"),
                self.report(9, "NEW9"),
                partner=self.client_a,
            ),
            ["accepted", "pending", "ignored"],
        )
        self.assertEqual(
            self.statuses(self.report(9, "NEW9"), partner=self.client_b), ["pending"]
        )

    def test_other_dealer_has_a_device_of_its_own(self):
        other = self.env["res.company"].create({"name": "Other dealer"})
        self.assertEqual(
            self.statuses(self.metered(0, total=100), company=other), ["pending"]
        )
        self.assertFalse(self.printer.reading_ids)
        twin = self.env["focalist.device"].search(
            [("serial_key", "=", "E100"), ("company_id", "=", other.id)]
        )
        self.assertEqual(len(twin), 1)

    def test_unknown_device_is_to_complete_where_it_was_found(self):
        self.assertEqual(
            self.statuses(
                self.metered(0, "NEW1", total=10),
                site=self.site_a,
                partner=self.client_a,
            ),
            ["pending"],
        )
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        self.assertRecordValues(
            found,
            [
                {
                    "state": "to_complete",
                    "proposed_site_id": self.site_a.id,
                    "site_id": self.site_a.id,
                    "partner_id": self.client_a.id,
                    "company_id": self.dealer.id,
                    "ip_address": "10.1.2.3",
                    "total_meter": False,
                }
            ],
        )
        self.assertFalse(found.reading_ids)
        found.action_activate()
        self.assertEqual(found.state, "active")
        now = fields.Datetime.now()
        self.assertEqual(
            self.statuses(self.metered(now + timedelta(minutes=1), "NEW1", total=12)),
            ["accepted"],
        )
        self.assertEqual(found.reading_ids.site_id, self.site_a)

    def test_device_found_nowhere_gets_its_site_later(self):
        self.ingest(self.report(0, "NEW1"))
        self.ingest(self.report(1, "NEW1"), site=self.site_a2)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        self.assertEqual(found.site_id, self.site_a2)
        self.ingest(self.report(2, "NEW1"), site=self.site_a)
        self.assertEqual(found.site_id, self.site_a2)

    def test_d1_ignored_device_stays_ignored(self):
        self.ingest(self.report(0, "NEW1"), site=self.site_a)
        found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
        found.action_ignore()
        self.assertEqual(self.statuses(self.metered(1, "NEW1", total=1)), ["ignored"])
        self.assertEqual(found.state, "ignored")
        self.assertFalse(found.reading_ids)

    def test_d1_deleted_device_comes_back(self):
        for _time in range(2):
            self.ingest(self.report(0, "NEW1"), site=self.site_a)
            found = self.env["focalist.device"].search([("serial_key", "=", "NEW1")])
            self.assertEqual(found.state, "to_complete")
            found.unlink()

    def test_report_of_a_moment_before_the_placement(self):
        results = self.ingest(self.metered(-10, total=1))
        self.assertEqual(results[0]["status"], "ignored")
        self.assertIn("no site", results[0]["message"])
        self.assertFalse(self.printer.reading_ids)
        self.assertFalse(self.printer.last_reading_at)

    # Names

    def test_three_spellings_are_one_model(self):
        spellings = [
            ("RICOH", "RICOH MP C4503 Series"),
            ("Ricoh Company, Ltd.", "MP-C4503"),
            ("ricoh", "Ricoh mpC4503"),
            ("RICOH COMPANY,LTD.", "RICOH MP C4503"),
        ]
        reports = [
            self.report(hour, manufacturer=maker, model=model)
            for hour, (maker, model) in enumerate(spellings)
        ]
        names = [
            "focalist.manufacturer",
            "focalist.device.model",
            "focalist.device",
        ]
        with self.counting(names) as added:
            self.assertEqual(self.statuses(*reports), ["accepted"] * 4)
            for report in reports:
                self.statuses({**report, "uid": f"again {report['uid']}"})
        self.assertEqual(added, dict.fromkeys(names, 0))

    def test_maker_with_two_names(self):
        spellings = [
            ("Hewlett-Packard", "HP LaserJet 4250"),
            ("HP Inc.", "Hewlett-Packard LaserJet 4250"),
            ("hp", "LaserJet 4250 Printer"),
        ]
        with self.counting(["focalist.manufacturer", "focalist.device.model"]) as added:
            for number, (maker, model) in enumerate(spellings):
                self.ingest(
                    self.report(0, f"HP00{number}", manufacturer=maker, model=model)
                )
        self.assertEqual(set(added.values()), {1})

    def test_serial_number_is_cleaned(self):
        self.assertEqual(
            self.statuses(self.report(0, " e-100 "), self.report(1, "E1 00")),
            ["accepted"] * 2,
        )

    def test_placeholder_serial_numbers_fall_back_to_the_mac_address(self):
        placeholders = ["XXXX", "0000", "unknown", "", "-", "N/A", "XXXXXXXXXX", None]
        macs = [f"00:26:73:00:00:{number:02x}" for number in range(len(placeholders))]
        with self.counting(["focalist.device"]) as added:
            self.ingest(
                *(
                    self.report(0, serial, mac=mac)
                    for serial, mac in zip(placeholders, macs, strict=True)
                )
            )
            self.ingest(
                *(
                    self.report(1, serial, mac=mac.upper().replace(":", "-"))
                    for serial, mac in zip(placeholders, macs, strict=True)
                )
            )
        self.assertEqual(added["focalist.device"], len(placeholders))
        found = self.env["focalist.device"].search([("mac_address", "in", macs)])
        self.assertEqual(len(found), len(placeholders))
        self.assertFalse(any(found.mapped("serial_number")))

    def test_known_device_whose_serial_number_was_not_read(self):
        self.ingest(self.report(0, mac="00:26:73:AA:BB:CC"))
        self.assertEqual(self.printer.mac_address, "00:26:73:aa:bb:cc")
        with self.counting(["focalist.device"]) as added:
            self.assertEqual(
                self.statuses(self.report(1, None, mac="002673aabbcc")), ["accepted"]
            )
        self.assertEqual(added["focalist.device"], 0)

    def test_mac_address_typed_by_hand_is_found(self):
        typed = self.device(serial=False, mac_address="00-26-73-AA-BB-CC")
        self.assertEqual(
            self.statuses(self.report(0, None, mac="00:26:73:aa:bb:cc")), ["accepted"]
        )
        self.assertEqual(typed.last_report_at, START)

    # What is not told

    def test_absent_meter_is_unknown_and_not_zero(self):
        self.ingest(self.metered(0, total=0, scan=None))
        reading = self.printer.reading_ids
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.execute(
            "SELECT meter_total, meter_scan, meter_fax FROM focalist_meter_reading"
            " WHERE id = %s",
            [reading.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (0, None, None))
        self.assertEqual(
            reading.read(["meter_total", "meter_scan"])[0]["meter_total"], 0
        )
        self.assertIs(reading.meter_total, 0)
        self.assertIs(reading.meter_scan, False)
        self.assertIs(self.printer.mono_meter, False)
        readings = self.env["focalist.meter.reading"]
        self.assertEqual(readings.search([("meter_scan", "=", False)]), reading)
        self.assertFalse(readings.search([("meter_total", "=", False)]))
        self.assertEqual(readings.search([("meter_total", "=", 0)]), reading)
        self.assertFalse(readings.search([("meter_scan", "=", 0)]))
        self.assertEqual(
            reading.export_data(["meter_total", "meter_scan"])["datas"], [[0, ""]]
        )

    # Cost

    def queries(self, size):
        devices = [self.device(f"Q{size}-{number}00") for number in range(size)]
        serials = [device.serial_number for device in devices]
        first = [self.metered(0, serial, total=10, mono=5) for serial in serials]
        second = [self.metered(30, serial, total=20, mono=9) for serial in serials]
        late = [self.metered(20, serial, total=15) for serial in serials]
        new = [
            self.metered(0, f"N{size}-{number}00", total=1) for number in range(size)
        ]
        counts = []
        for batch in (first, second, late, new, new):
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            self.ingest(*batch[:1])  # what is looked up once for all batches
            before = self.cr.sql_log_count
            self.ingest(*batch)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        return counts

    def test_queries_grow_with_batches_and_not_with_devices(self):
        few, many = self.queries(10), self.queries(100)
        for what, small, large in zip(
            ("first", "second", "late", "new", "pending"), few, many, strict=True
        ):
            with self.subTest(what=what):
                self.assertLessEqual(large, small + 8)
                self.assertLess(large, 60)

    def test_a_steady_fleet_costs_the_same_queries_for_20_devices_and_200(self):
        serials = [f"Q{number:03}" for number in range(200)]
        self.env["focalist.device"].create(
            [
                {
                    "company_id": self.dealer.id,
                    "model_id": self.model.id,
                    "serial_number": serial,
                    "proposed_site_id": self.site_a.id,
                }
                for serial in serials
            ]
        )._activate(START)

        def queries(count, day):
            """Those of one batch: pages were printed, and levels fell."""
            reports = [
                self.report(
                    24 * day,
                    serial,
                    meters={"total": 100 * day, "mono": 100 * day},
                    supplies=[
                        self.supply(80.0 - day, index=f"1.{index}")
                        for index in range(3)
                    ],
                    alerts=[self.alert()],
                )
                for serial in serials[:count]
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self.statuses(*reports), ["accepted"] * count)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        for day in range(2):
            queries(200, day)
        self.assertEqual(queries(20, 2), queries(200, 3))
