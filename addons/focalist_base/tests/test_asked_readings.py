from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import FocalistCase


@tagged("post_install", "-at_install")
class TestAskedReadings(FocalistCase, HttpCase):
    """I3: a client types a reading when it is asked to, and no other time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env,
            login="typist",
            groups="base.group_portal",
            email="typist@example.com",
        )
        cls.user.partner_id.write(
            {"parent_id": cls.client_a.id, "is_focalist_coordinator": True}
        )
        cls.site_a.coordinator_id = cls.user.partner_id
        cls.asked = cls.device()
        cls.url = f"/my/devices/{cls.asked.id}"

    def setUp(self):
        super().setUp()
        self.authenticate("typist", "typist")

    def _type(self, **typed):
        return self.url_open(
            f"{self.url}/reading",
            data={"csrf_token": http.Request.csrf_token(self), **typed},
        )

    def _readings(self):
        return self.env["focalist.meter.reading"].search(
            [("device_id", "=", self.asked.id), ("source", "=", "portal")]
        )

    def test_i3_a_reading_that_was_asked_for(self):
        self.assertNotIn("meter_total", self.url_open(self.url).text)
        self.asked.action_ask_readings()
        mail = self.env["mail.mail"].search(
            [("recipient_ids", "=", self.user.partner_id.id)]
        )
        self.assertIn(f"{self.url}#reading", mail.body_html)
        self.assertIn("Please tell us the meters", self.url_open("/my/devices").text)
        self.assertIn("meter_total", self.url_open(self.url).text)
        answer = self._type(meter_total="12 345")
        self.assertIn("Thank you", answer.text)
        reading = self._readings()
        self.assertEqual(reading.held["total"]["value"], 12345)
        self.assertEqual(reading.state, "quarantined", "it waits for a technician")
        self.assertEqual(reading.create_uid, self.user)
        self.assertNotIn("meter_total", self.url_open(self.url).text)

    def test_i3_a_reading_that_nobody_asked_for(self):
        self._type(meter_total="12345")
        self.assertFalse(self._readings())

    def test_i3_a_reading_is_checked(self):
        self.asked.action_ask_readings()
        answer = self._type(meter_total="many")
        self.assertEqual(answer.status_code, 422)
        self.assertIn("is no number of pages", answer.text)
        self.assertIn('value="many"', answer.text)
        self.assertIn("at least one meter", self._type().text)
        self.assertFalse(self._readings())

    def test_i3_a_reading_of_another_clients_device(self):
        device = self.device("B100", self.site_b)
        device.sudo().reading_asked_at = "2026-11-01"
        self.url_open(
            f"/my/devices/{device.id}/reading",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "meter_total": "12345",
            },
        )
        self.assertFalse(
            self.env["focalist.meter.reading"].search([("device_id", "=", device.id)])
        )

    def test_asking_says_who_cannot_be_asked(self):
        self.user.partner_id.email = False
        with self.assertRaisesRegex(UserError, "no coordinator"):
            self.asked.action_ask_readings()
        self.client_a.focalist_active = False
        with self.assertRaisesRegex(UserError, "deactivated"):
            self.asked.action_ask_readings()
        with self.assertRaises(AccessError):
            self.asked.with_user(self.user).action_ask_readings()

    def test_who_has_no_login_is_led_to_the_label(self):
        person = self.contact(self.client_a, "Paper")
        self.assertIn("/focalist/d/", self.asked._reading_url(person))
