from copy import deepcopy
from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.focalist_base.tools import report_rows
from odoo.addons.focalist_base.tools.supply_names import split_description

from .common import START, FocalistCase


@tagged("post_install", "-at_install")
class TestSupply(FocalistCase):
    def setUp(self):
        super().setUp()
        self.printer = self.device()

    def tell(self, hour, *supplies, **values):
        """Ingest a report of the printer's supplies."""
        self.ingest(self.report(hour, supplies=list(supplies), **values))

    def levels(self, *percents, **values):
        """Ingest a report an hour, with one supply of these percents."""
        for hour, percent in enumerate(percents):
            self.tell(hour, self.supply(percent, **values))

    @property
    def slot(self):
        return self.printer.with_context(active_test=False).supply_ids

    def replacements(self):
        return self.printer.replacement_ids.sorted("replaced_at")

    def items(self):
        return self.slot.item_ids.sorted("installed_at")

    def level_rows(self):
        return self.env["focalist.supply.level"].search(
            [("device_id", "=", self.printer.id)], order="read_at, id"
        )

    # Slots

    def test_slots_are_what_the_newest_report_tells(self):
        self.tell(0, self.supply(60.0), self.supply(8.0, "1.2", color="cyan"))
        self.tell(1, self.supply(59.5), self.supply(7.0, "1.2", color="cyan"))
        self.assertRecordValues(
            self.printer.supply_ids.sorted("index"),
            [
                {
                    "index": "1.1",
                    "kind": "toner",
                    "color": "black",
                    "percent": 59.5,
                    "level": 59,
                    "capacity": 100,
                    "unit": "percent",
                    "level_state": "fine",
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                    "last_seen_at": START + timedelta(hours=1),
                },
                {
                    "index": "1.2",
                    "kind": "toner",
                    "color": "cyan",
                    "percent": 7.0,
                    "level": 7,
                    "capacity": 100,
                    "unit": "percent",
                    "level_state": "critical",
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                    "last_seen_at": START + timedelta(hours=1),
                },
            ],
        )
        self.assertEqual(self.printer.toner_percent, 7.0)

    def test_late_report_disturbs_nothing(self):
        self.tell(10, self.supply(60.0))
        self.tell(5, self.supply(95.0, serial="OTHER1"), self.supply(1.0, "1.9"))
        self.assertEqual((self.slot.percent, self.slot.serial), (60.0, False))
        self.assertEqual(len(self.level_rows()), 1)
        self.assertEqual(self.printer.supplies_read_at, START + timedelta(hours=10))

    def test_late_by_its_own_clock(self):
        """A report of alerts alone says nothing of the age of supplies."""
        self.ingest(self.report(10, alerts=[]))
        self.tell(5, self.supply(60.0))
        self.assertEqual(self.slot.percent, 60.0)

    def test_second_arrival_changes_nothing(self):
        reports = [
            self.report(hour, supplies=[self.supply(percent, serial=serial)])
            for hour, percent, serial in ((0, 9.0, "AAAA1"), (1, 99.0, "BBBB2"))
        ]
        for _time in range(3):
            self.ingest(*deepcopy(reports))
            self.assertEqual(len(self.level_rows()), 2)
            self.assertEqual(len(self.replacements()), 1)
            self.assertEqual(len(self.items()), 2)

    def test_one_batch_or_many(self):
        """The same history, report by report or all at once."""
        history = [(60, "AAAA1"), (30, "AAAA1"), (98, "BBBB2"), (None, None)]
        history += [(97, "BBBB2"), (50, "BBBB2"), (90, None), (89, None), (88, None)]
        twin = self.device("E200")
        for hour, (percent, serial) in enumerate(history):
            self.tell(hour * 5, self.supply(percent, serial=serial))
        self.ingest(
            *(
                self.report(
                    hour * 5, "E200", supplies=[self.supply(percent, serial=serial)]
                )
                for hour, (percent, serial) in reversed(list(enumerate(history)))
            )
        )

        def told(device):
            items = device.supply_ids.item_ids.sorted("installed_at")
            levels = self.env["focalist.supply.level"].search(
                [("device_id", "=", device.id)], order="read_at"
            )
            return (
                [(s.percent, s.serial, s.known_percent) for s in device.supply_ids],
                [
                    (i.serial, i.installed_at, i.removed_at, i.first_percent)
                    + (i.last_percent, i.ended_by)
                    for i in items
                ],
                [
                    (r.replaced_at, r.reason, r.old_percent, r.new_percent)
                    for r in device.replacement_ids
                ],
                [(row.read_at, row.percent) for row in levels],
            )

        self.assertEqual(told(self.printer), told(twin))
        self.assertEqual(len(twin.replacement_ids), 2)

    def test_section_not_read_changes_nothing(self):
        self.tell(0, self.supply(60.0))
        self.ingest(self.report(1), self.report(2, supplies=None))
        self.ingest(self.report(3, supplies="none"))
        self.assertTrue(self.slot.active)
        self.assertEqual(self.slot.last_seen_at, START)

    def test_slot_absent_from_a_section_is_archived(self):
        self.tell(0, self.supply(60.0), self.supply(5.0, "1.2"))
        self.tell(1, self.supply(60.0))
        gone = self.slot.filtered(lambda s: s.index == "1.2")
        self.assertFalse(gone.active)
        self.assertEqual(gone.last_seen_at, START)
        self.assertEqual(self.printer.toner_percent, 60.0)
        self.tell(2)
        self.assertFalse(self.printer.supply_ids)
        self.assertIs(self.printer.toner_percent, False)
        self.tell(3, self.supply(60.0), self.supply(4.0, "1.2"))
        self.assertEqual(len(self.printer.supply_ids), 2)
        self.assertEqual(len(self.slot.item_ids), 2, "it is the same cartridge")
        self.assertEqual(gone.last_seen_at, START + timedelta(hours=3))

    def test_row_that_is_wrong_loses_itself_alone(self):
        wrong = [
            7,
            None,
            [],
            {},
            self.supply(index=None),
            self.supply(index=1.5),
            self.supply(index=["1.1"]),
            self.supply(index="1.3") | {"percent": "60"},
            self.supply(index="1.4") | {"level": "60"},
            self.supply(index="1.5", kind=["toner"]),
            self.supply(index="1.6", some_remaining="yes"),
            self.supply(index="1.7", serial=12),
        ]
        self.tell(0, *wrong, self.supply(60.0), self.supply(50.0, "1.2"))
        self.assertEqual(self.slot.sorted("index").mapped("index"), ["1.1", "1.2"])
        # What is absent from it may be the row that was lost.
        self.tell(1, self.supply(60.0), 7)
        self.assertEqual(len(self.printer.supply_ids), 2)

    def test_bounds(self):
        odd = self.supply(
            60.0, "x" * 900, description="d" * 900, serial="s" * 900, color="C" * 90
        ) | {"level": 2**40, "capacity": -5, "kind": "k" * 900}
        self.tell(0, odd, *(self.supply(50.0, f"2.{n}") for n in range(100)))
        self.assertEqual(len(self.slot), 64)
        slot = self.slot.filtered(lambda s: s.index.startswith("x"))
        self.assertEqual(len(slot.index), 64)
        self.assertEqual((len(slot.name), len(slot.serial)), (255, 255))
        self.assertEqual((slot.level, slot.capacity), (False, False))
        self.assertEqual(slot.kind, "other")
        self.tell(1, self.supply(101.0, "2.1"), self.supply(-1.0, "2.2"))
        for index in ("2.1", "2.2"):
            slot = self.slot.filtered(lambda s, i=index: s.index == i)
            self.assertIs(slot.percent, False)

    def test_of_devices_in_service_only(self):
        self.ingest(self.report(0, "NEW1", **self.tables()), site=self.site_a)
        self.tell(-5, self.supply(60.0))
        self.ingest(self.report(1, **self.tables()), source="public")
        self.ingest(self.report(2, **self.tables()), partner=self.client_b)
        for model in ("focalist.supply", "focalist.alert", "focalist.supply.level"):
            self.assertFalse(self.env[model].search([]))

    # Levels

    def test_levels_when_they_changed_and_once_a_day(self):
        self.levels(60.0, 59.5, 59.2, 59.0, 59.0, 58.5, 57.0)
        self.assertEqual(self.level_rows().mapped("percent"), [60.0, 59.0, 57.0])
        self.tell(30, self.supply(57.0))
        self.tell(31, self.supply(57.0))
        self.tell(60, self.supply(57.0))
        rows = self.level_rows()[3:]
        self.assertEqual(
            rows.mapped("read_at"), [START + timedelta(hours=h) for h in (30, 60)]
        )
        self.assertRecordValues(
            rows[0],
            [
                {
                    "supply_id": self.slot.id,
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                    "level": 57,
                }
            ],
        )

    def test_unknown_level_is_null(self):
        self.levels(60.0, None, None)
        self.assertIs(self.slot.percent, False)
        self.assertIs(self.slot.level, False)
        self.assertEqual(self.slot.level_state, "unknown")
        self.assertEqual(self.level_rows().mapped("percent"), [60.0, False])
        self.env.cr.execute(
            "SELECT percent, level FROM focalist_supply WHERE id = %s", [self.slot.id]
        )
        self.assertEqual(self.env.cr.fetchone(), (None, None))
        self.tell(3, self.supply(0.0) | {"level": -2})
        self.assertIs(self.slot.percent, False)
        low = self.env["focalist.supply"].search([("percent", "<", 10)])
        self.assertNotIn(self.slot, low)

    def test_some_remaining(self):
        self.tell(0, self.supply(None) | {"level": -3})
        self.assertEqual(self.slot.level_state, "some")
        self.assertTrue(self.slot.some_remaining)
        self.assertIs(self.slot.level, False)

    # Replacements

    def test_other_serial_number_is_a_replacement(self):
        for hour, percent, serial, total in (
            (0, 9.0, "AAAA1", 100),
            (10, 8.0, "aaaa-1", 200),
            (20, 12.0, "BBBB2", 300),
            (30, 11.0, None, 400),
            (40, 10.0, "BBBB2", 500),
        ):
            row = self.supply(percent, serial=serial)
            self.tell(hour, row, meters={"total": total})
        change = self.replacements()
        old, new = self.items()
        self.assertRecordValues(
            change,
            [
                {
                    "reason": "serial",
                    "replaced_at": START + timedelta(hours=20),
                    "old_item_id": old.id,
                    "new_item_id": new.id,
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                    "supply_id": self.slot.id,
                }
            ],
        )
        self.assertRecordValues(
            old + new,
            [
                {
                    "serial": "AAAA1",
                    "installed_at": START,
                    "removed_at": START + timedelta(hours=20),
                    "ended_by": "replaced",
                    "first_percent": 9.0,
                    "last_percent": 8.0,
                    "meter_start": 100,
                    "meter_end": 300,
                },
                {
                    "serial": "BBBB2",
                    "installed_at": START + timedelta(hours=20),
                    "removed_at": False,
                    "ended_by": False,
                    "first_percent": 12.0,
                    "last_percent": 10.0,
                    "meter_start": 300,
                    "meter_end": False,
                },
            ],
        )

    def test_level_that_rose_and_stays_is_a_replacement(self):
        for hour, percent in enumerate((30.0, 10.0, 100.0)):
            self.tell(hour, self.supply(percent), meters={"total": 100 + hour})
        self.assertFalse(self.replacements(), "the next report has to tell it too")
        self.assertEqual(self.items().last_percent, 10.0)
        self.tell(3, self.supply(98.0), meters={"total": 150})
        change = self.replacements()
        self.assertRecordValues(
            change,
            [
                {
                    "reason": "level",
                    "replaced_at": START + timedelta(hours=2),
                    "old_percent": 10.0,
                    "new_percent": 100.0,
                }
            ],
        )
        self.assertEqual((change.old_item_id + change.new_item_id), self.items())
        self.assertEqual(change.old_item_id.meter_end, 102)
        self.assertEqual(change.new_item_id.last_percent, 98.0)
        self.tell(4, self.supply(97.0))
        self.assertEqual(len(self.replacements()), 1)

    def test_level_that_rose_for_once_is_none(self):
        self.levels(30.0, 10.0, 100.0, 9.0, 8.0, 27.9, 27.9)
        self.assertFalse(self.replacements())
        self.assertEqual(self.items().last_percent, 27.9)

    def test_level_that_rose_by_exactly_twenty(self):
        self.levels(10.1, 30.1, 30.1)
        self.assertEqual(len(self.replacements()), 1)

    def test_unknown_level_is_no_replacement(self):
        self.levels(10.0, None, 15.0, None, 12.0)
        self.assertFalse(self.replacements())
        for hour, percent in enumerate((None, 100.0, None, 99.0), 10):
            self.tell(hour, self.supply(percent))
        self.assertEqual(len(self.replacements()), 1)
        self.assertEqual(self.replacements().old_percent, 12.0)
        self.assertEqual(self.replacements().replaced_at, START + timedelta(hours=11))

    def test_waste_box_counts_the_other_way_round(self):
        box = {"kind": "waste_toner", "color": None, "description": "Waste Toner"}
        self.levels(10.0, 45.0, 95.0, **box)
        self.assertEqual(self.slot.level_state, "critical")
        self.tell(3, self.supply(2.0, **box))
        self.tell(4, self.supply(3.0, **box))
        self.assertEqual(len(self.replacements()), 1)
        self.assertEqual(self.replacements().old_percent, 95.0)
        self.assertIs(self.printer.toner_percent, False, "it is no toner")

    def test_serial_number_that_is_read_at_last(self):
        self.tell(0, self.supply(50.0))
        self.tell(1, self.supply(50.0, serial="AAAA1"))
        self.tell(2, self.supply(50.0, serial="0000"))
        self.assertFalse(self.replacements())
        self.assertEqual(self.items().serial, "AAAA1")

    def test_first_report_is_no_replacement(self):
        self.tell(0, self.supply(100.0, serial="AAAA1"))
        self.assertFalse(self.replacements())
        self.assertEqual(self.items().first_percent, 100.0)

    # A move

    def test_move_ends_what_was_there(self):
        self.tell(0, self.supply(50.0, serial="AAAA1"), meters={"total": 100})
        at = START + timedelta(hours=10)
        self.printer._move(self.site_b, at)
        self.assertIs(self.printer.toner_percent, False)
        self.assertEqual(self.items().removed_at, at)
        # Late, from the old place: of the past.
        self.tell(9, self.supply(40.0, serial="AAAA1"))
        self.assertEqual(self.slot.percent, 50.0)
        self.tell(20, self.supply(39.0, serial="BBBB2"), meters={"total": 130})
        self.assertFalse(self.replacements(), "nobody saw where it was changed")
        self.assertRecordValues(
            self.items(),
            [
                {
                    "partner_id": self.client_a.id,
                    "ended_by": "moved",
                    "last_percent": 50.0,
                    "meter_end": 100,
                },
                {
                    "partner_id": self.client_b.id,
                    "ended_by": False,
                    "last_percent": 39.0,
                    "meter_end": False,
                },
            ],
        )
        self.assertEqual(self.slot.partner_id, self.client_b)
        self.assertEqual(self.level_rows().partner_id.mapped("name"), ["Alpha", "Beta"])

    # The catalogue

    def catalogue(self):
        return self.env["focalist.supply.model"].search(
            [("manufacturer_id", "=", self.maker.id)], order="id"
        )

    def test_unknown_supply_adds_itself(self):
        self.device("E200")
        rows = [self.supply(50.0, part_number="84-1925")]
        rows += [self.supply(50.0, "1.2", description="Drum (Black)", kind="drum")]
        self.ingest(
            self.report(0, supplies=rows), self.report(0, "E200", supplies=rows)
        )
        toner, drum = self.catalogue()
        self.assertRecordValues(
            toner + drum,
            [
                {"part_number": "84-1925", "name": "Black Toner", "kind": "toner"},
                {"part_number": False, "name": "Drum (Black)", "kind": "drum"},
            ],
        )
        self.assertTrue(all((toner + drum).mapped("to_complete")))
        self.assertEqual(toner.device_model_ids, self.model)
        self.assertEqual(self.slot.supply_model_id, toner + drum)
        rows[0]["part_number"] = "841925"
        rows[1]["description"] = " DRUM  (black) "
        self.device("E300")
        self.ingest(self.report(1, "E300", supplies=rows))
        self.assertEqual(self.catalogue(), toner + drum)

    def test_completed_supply_is_still_found(self):
        self.tell(0, self.supply(50.0))
        entry = self.catalogue()
        entry.write({"part_number": "841925", "name": "Noir", "to_complete": False})
        self.device("E200")
        self.ingest(self.report(1, "E200", supplies=[self.supply(50.0)]))
        numbered = self.supply(50.0, "1.2", part_number="841925")
        self.ingest(self.report(2, "E200", supplies=[self.supply(49.0), numbered]))
        self.assertEqual(self.catalogue(), entry)
        self.assertFalse(entry.to_complete)

    def test_part_number_is_unique(self):
        self.tell(0, self.supply(50.0, part_number="841925"))
        values = {"manufacturer_id": self.maker.id, "part_number": "84 19 25"}
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                self.env["focalist.supply.model"].create(values)

    def test_numbers_in_descriptions(self):
        for text, expected in {
            "Black Toner, PN 106R03737;SN3A0B12": (
                "Black Toner",
                "106R03737",
                "3A0B12",
            ),
            "Toner  S/N:CAK1234": ("Toner", None, "CAK1234"),
            "Cartouche noire HP W9190MC": ("Cartouche noire HP W9190MC", None, None),
            "Snow white": ("Snow white", None, None),
            "TK-8345K": ("TK-8345K", "TK-8345K", None),
            "Toner": ("Toner", None, None),
            "TONER": ("TONER", None, None),
            "": (None, None, None),
        }.items():
            self.assertEqual(split_description(text), expected)
        self.tell(0, self.supply(50.0, description="Toner, PN 106R1;SN12345"))
        self.tell(1, self.supply(90.0, description="Toner, PN 106R1;SN12399"))
        self.assertEqual(len(self.catalogue()), 1)
        self.assertEqual(len(self.replacements()), 1)

    # Cost

    def queries(self, size):
        serials = [f"Q{size}-{number}00" for number in range(size)]
        for serial in serials:
            self.device(serial)

        def batch(hour, percent, cartridge, alerts=()):
            return [
                self.report(
                    hour,
                    serial,
                    meters={"total": 100 + hour},
                    supplies=[
                        self.supply(percent, f"1.{slot}", serial=f"{cartridge}{slot}")
                        for slot in range(8)
                    ],
                    alerts=[self.alert(index) for index in alerts],
                )
                for serial in serials
            ]

        counts = []
        for reports in (
            batch(0, 50.0, "AAAA"),
            batch(1, 50.0, "AAAA"),
            batch(30, 50.0, "AAAA", ["1.1", "1.2"]),
            batch(31, 40.0, "AAAA", ["1.2"]),
            batch(32, 90.0, "BBBB"),
            batch(33, 90.0, "BBBB", ["1.1"]),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            self.env.registry.clear_cache()
            self.ingest(self.metered(0, total=100))  # what is looked up once
            before = self.cr.sql_log_count
            self.ingest(*reports)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        return counts

    def test_queries_grow_with_batches_and_not_with_devices(self):
        few, many = self.queries(10), self.queries(100)
        for what, small, large in zip(
            ("first", "same", "next day", "used", "replaced", "flap"),
            few,
            many,
            strict=True,
        ):
            with self.subTest(what=what):
                self.assertLessEqual(large, small + 8)
                self.assertLess(large, 60)

    def test_nothing_is_written_where_nothing_changed(self):
        self.tell(0, self.supply(50.0), self.supply(20.0, "1.2"))
        self.env.flush_all()

        def versions():
            self.env.cr.execute("SELECT id, xmin::text FROM focalist_supply")
            return self.env.cr.fetchall()

        before = versions()
        with self.env.cr.savepoint():
            self.tell(1, self.supply(50.0), self.supply(20.0, "1.2"))
            self.assertEqual(versions(), before)

    def test_sections(self):
        self.assertIsNone(report_rows.supplies(None))
        self.assertEqual(report_rows.supplies([]), ((), True))
        self.assertFalse(report_rows.alerts([7]).whole)
        self.assertEqual(len(report_rows.alerts([self.alert("1")] * 300).rows), 1)
