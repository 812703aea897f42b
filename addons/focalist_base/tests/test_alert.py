from copy import deepcopy
from datetime import timedelta

from odoo.tests import tagged

from .common import START, FocalistCase

LOW = {"code": 1104, "description": "Toner low"}
JAM = {"group": "media_path", "code": 8, "description": "Jam", "severity": "critical"}


@tagged("post_install", "-at_install")
class TestAlert(FocalistCase):
    def setUp(self):
        super().setUp()
        self.printer = self.device()

    def tell(self, hour, *alerts, **values):
        self.ingest(self.report(hour, alerts=list(alerts), **values))

    def alerts(self):
        return self.printer.alert_ids.sorted("id")

    def at(self, hour):
        return START + timedelta(hours=hour)

    def test_raised_and_cleared(self):
        self.tell(0, self.alert("1.1"), self.alert("1.2", **JAM))
        self.assertEqual(self.printer.alert_count, 2)
        self.tell(1, self.alert("1.1"))
        self.tell(2, self.alert("1.1"))
        self.assertRecordValues(
            self.alerts(),
            [
                {
                    "index": "1.1",
                    "severity": "warning",
                    "training": "untrained",
                    "group": "marker_supplies",
                    "code": 1104,
                    "description": "Toner low",
                    "raised_at": self.at(0),
                    "cleared_at": False,
                    "flaps": 0,
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                },
                {
                    "index": "1.2",
                    "severity": "critical",
                    "training": "untrained",
                    "group": "media_path",
                    "code": 8,
                    "description": "Jam",
                    "raised_at": self.at(0),
                    "cleared_at": self.at(1),
                    "flaps": 0,
                    "partner_id": self.client_a.id,
                    "site_id": self.site_a.id,
                    "company_id": self.dealer.id,
                },
            ],
        )
        self.assertEqual(self.printer.alert_count, 1)

    def test_open_ones_first(self):
        self.tell(0, self.alert("1.1"), self.alert("1.2", **JAM))
        self.tell(1, self.alert("1.1"))
        self.tell(2, self.alert("1.1"), self.alert("1.3", group="cover", code=3))
        self.env.invalidate_all()
        self.assertEqual(self.printer.alert_ids.mapped("index"), ["1.3", "1.1", "1.2"])

    def test_section_not_read_clears_nothing(self):
        self.tell(0, self.alert())
        self.ingest(self.report(1), self.report(2, alerts=None))
        self.ingest(self.report(3, alerts={"index": "1.1"}))
        self.assertFalse(self.alerts().cleared_at)
        # Nor does one of which a row was lost.
        self.tell(4, 7)
        self.assertFalse(self.alerts().cleared_at)
        self.tell(5)
        self.assertEqual(self.alerts().cleared_at, self.at(5))

    def test_late_report_disturbs_nothing(self):
        self.tell(10, self.alert("1.1"))
        self.tell(5, self.alert("1.2", **JAM))
        self.assertEqual(self.alerts().mapped("index"), ["1.1"])
        self.assertFalse(self.alerts().cleared_at)
        self.ingest(self.report(20, supplies=[]))
        self.tell(15)
        self.assertEqual(self.alerts().cleared_at, self.at(15))

    def test_second_arrival_changes_nothing(self):
        reports = [
            self.report(0, alerts=[self.alert()], meters={"total": 1}),
            self.report(1, alerts=[], meters={"total": 2}),
            self.report(2, alerts=[self.alert()]),
        ]
        for _time in range(3):
            self.ingest(*deepcopy(reports))
            self.assertEqual(
                self.alerts().mapped("raised_at"), [self.at(0), self.at(2)]
            )
            self.assertEqual(self.printer.alert_count, 1)

    def test_flapping_is_damped(self):
        minutes = 1 / 60
        self.tell(0, self.alert())
        self.tell(5 * minutes)
        self.assertTrue(self.alerts().cleared_at)
        self.tell(20 * minutes, self.alert("1.77"))
        self.assertRecordValues(
            self.alerts(),
            [{"raised_at": self.at(0), "cleared_at": False, "flaps": 1}],
        )
        self.tell(25 * minutes)
        self.tell(41 * minutes, self.alert())
        self.assertEqual(len(self.alerts()), 2, "16 minutes later it is another")
        self.assertEqual(self.alerts().mapped("flaps"), [1, 0])

    def test_flapping_in_one_batch(self):
        minutes = 1 / 60
        self.ingest(
            *(
                self.report(minute * minutes, alerts=[self.alert()] * (minute % 2))
                for minute in range(1, 10)
            )
        )
        self.assertEqual(self.alerts().flaps, 4)
        self.assertEqual(self.alerts().raised_at, self.at(minutes))
        self.assertEqual(self.printer.alert_count, 1)

    def test_table_that_is_numbered_anew(self):
        self.tell(0, self.alert("1.1", **LOW), self.alert("1.2", **JAM))
        self.tell(1, self.alert("1.1", **JAM), self.alert("1.9", **LOW))
        self.assertEqual(len(self.alerts()), 2)
        self.assertEqual(self.alerts().mapped("index"), ["1.9", "1.1"])
        self.assertEqual(self.alerts().mapped("flaps"), [0, 0])

    def test_two_alerts_that_read_alike(self):
        self.tell(0, self.alert("1.1"), self.alert("1.2"))
        self.assertEqual(len(self.alerts()), 2)
        self.tell(1, self.alert("1.2"))
        first, second = self.alerts()
        self.assertEqual(first.cleared_at, self.at(1))
        self.assertFalse(second.cleared_at)

    def test_alert_that_grows_worse(self):
        self.tell(0, self.alert())
        self.tell(1, self.alert(severity="critical"))
        self.assertEqual(self.alerts().severity, "critical")
        self.assertEqual(self.alerts().raised_at, self.at(0))

    def test_vague_codes_do_not_make_one_of_two(self):
        for code in (None, 1, 2):
            with self.subTest(code=code):
                device = self.device(f"V{code}00")
                for hour, text in enumerate(("Call service", "Add paper")):
                    row = self.alert(code=code, description=text)
                    serial = device.serial_number
                    self.ingest(self.report(hour, serial, alerts=[row]))
                self.assertEqual(len(device.alert_ids), 2)

    def test_wrong_rows_and_bounds(self):
        wrong = [
            7,
            None,
            {},
            self.alert(index=None),
            self.alert("9.1", code="x"),
            self.alert("9.2", severity=3),
            self.alert("9.3", description=["x"]),
        ]
        odd = self.alert(
            "1.1", severity="awful", group="nowhere", description="d" * 900, training=""
        )
        self.tell(0, *wrong, odd, self.alert("1.2", code=2**40))
        self.assertRecordValues(
            self.alerts(),
            [
                {"index": "1.1", "severity": "other", "group": "other", "code": 1104},
                {
                    "index": "1.2",
                    "severity": "warning",
                    "group": "marker_supplies",
                    "code": False,
                },
            ],
        )
        self.assertEqual(len(self.alerts()[0].description), 255)
        self.device("E200")
        many = [self.alert(f"1.{number}", code=number) for number in range(300)]
        self.ingest(self.report(0, "E200", alerts=many))
        domain = [("device_id.serial_number", "=", "E200")]
        self.assertEqual(self.env["focalist.alert"].search_count(domain), 256)

    def test_move_clears(self):
        self.tell(0, self.alert())
        self.printer._move(self.site_b, self.at(10))
        self.assertEqual(self.alerts().cleared_at, self.at(10))
        self.assertEqual(self.printer.alert_count, 0)
        self.tell(9, self.alert(**JAM))
        self.assertEqual(len(self.alerts()), 1, "it is of the old place")
        self.tell(10.1, self.alert())
        self.assertRecordValues(
            self.alerts(),
            [
                {"partner_id": self.client_a.id, "cleared_at": self.at(10)},
                {"partner_id": self.client_b.id, "cleared_at": False},
            ],
        )

    def test_retired_device_has_no_open_alert(self):
        self.tell(0, self.alert())
        self.printer.action_retire()
        self.assertTrue(self.alerts().cleared_at)
        self.assertEqual(self.printer.alert_count, 0)
