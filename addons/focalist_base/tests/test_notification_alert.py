from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .test_notification import NotificationCase

JAM = {
    "group": "media_path",
    "code": 8,
    "description": "Paper jam in tray 2",
    "severity": "critical",
    "training": "untrained",
}
FUSER = {
    "group": "marker",
    "code": 11,
    "description": "Fuser end of life",
    "training": "field_service",
}


@tagged("post_install", "-at_install")
class TestNotificationAlert(NotificationCase):
    """What a device's alert table tells, by severity, part, and who handles it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device("E100")
        cls.now = fields.Datetime.now()

    def hear(self, minutes_ago, *alerts):
        moment = self.now - timedelta(minutes=minutes_ago)
        report = self.report(0, alerts=list(alerts)) | {
            "uid": f"uid-{minutes_ago}",
            "read_at": moment.isoformat() + "Z",
        }
        self.ingest(report)

    def codes(self):
        return set(self.log().mapped("type_id.code"))

    def switch_on(self, *codes, client=None):
        for code in codes:
            self.rule(client or self.client_a, self.kind(code), frequency="once")

    def test_n1_alerts_by_severity_and_part(self):
        self.switch_on(
            "alert_critical", "alert_service", "alert_supplies", "alert_paper"
        )
        low = self.alert("1.3", description="Toner low")
        jam, fuser = self.alert("1.1", **JAM), self.alert("1.2", **FUSER)
        self.hear(30, jam, fuser, low)
        mails = self.tell()
        told = self.log().sorted("id")
        self.assertEqual(
            {(row.type_id.code, row.record_name) for row in told},
            {
                ("alert_critical", "Paper jam in tray 2"),
                ("alert_paper", "Paper jam in tray 2"),
                ("alert_service", "Fuser end of life"),
                ("alert_supplies", "Toner low"),
            },
        )
        texts = " ".join(mail["subject"] + mail["body"] for mail in mails)
        self.assertIn("Paper jam in tray 2", texts)
        self.assertIn("E100", texts)
        # Never the same twice, as long as it lasts.
        self.hear(1, jam, fuser, low)
        self.assertFalse(self.tell())

    def test_what_comes_and_goes_is_told_of_nobody(self):
        self.switch_on("alert_critical")
        jam = self.alert("1.1", **JAM)
        self.hear(10, jam)
        self.assertFalse(self.tell())
        self.hear(8)
        self.hear(5, jam)
        self.assertFalse(self.tell())
        self.hear(1)
        self.assertFalse(self.tell())
        self.assertFalse(self.log())

    def test_another_time_is_told_again(self):
        self.switch_on("alert_critical")
        jam = self.alert("1.1", **JAM)
        self.hear(200, jam)
        self.assertEqual(len(self.tell()), 1)
        self.hear(150)
        self.hear(60, jam)
        self.assertEqual(len(self.tell()), 1)

    def test_only_the_clients_own_that_switched_it_on(self):
        self.switch_on("alert_critical", client=self.client_b)
        self.hear(30, self.alert("1.1", **JAM))
        self.assertFalse(self.tell())
