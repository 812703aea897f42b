import base64
import io
import re
import struct
from unittest.mock import patch

from PIL import Image

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..models import focalist_public_attempt as limits
from ..tools import public_photo
from .common import FocalistCase


def picture(form="JPEG", size=(40, 30), **values):
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, format=form, **values)
    return stream.getvalue()


class PublicReportCase(FocalistCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.printer = cls.device()
        cls.ingest(
            cls.metered(1, total=987654),
            cls.metered(2, total=987660),
        )
        cls.other = cls.device("SECRET200", cls.site_b)
        cls.technician = cls.user(
            "technician", "focalist_base.group_focalist_technician"
        )
        tokens = (cls.printer | cls.other)._label_tokens()
        cls.token = tokens[cls.printer]
        cls.url = f"/focalist/d/{cls.token}"
        cls.env.flush_all()


@tagged("post_install", "-at_install")
class TestPublicReport(PublicReportCase):
    def get(self, url=None, **headers):
        return self.url_open(url or self.url, headers=headers, allow_redirects=False)

    def send(self, url=None, files=None, **typed):
        page = self.get(url).text
        typed["csrf_token"] = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        return self.url_open(
            url or self.url, data=typed, files=files, allow_redirects=False
        )

    def photo(self, content, name="photo.jpg", kind="image/jpeg"):
        return {"photo": (name, content, kind)}

    def readings(self):
        self.env.invalidate_all()
        return self.printer.reading_ids.filtered(lambda r: r.source == "public")

    def without_tokens(self, answer):
        """A page without what is random in it, and may be anything."""
        random = (
            r'csrf_token"?(?: value=|: )"[^"]*"|"registry_hash": "[^"]*"|assets/\w+'
        )
        page, count = re.subn(random, "", answer.text)
        self.assertGreaterEqual(count, 3)
        return page

    def assertSent(self, answer):
        self.assertEqual(answer.status_code, 303, answer.text[:500])
        self.assertIn("/thanks", answer.headers["Location"])
        self.assertEqual(self.get(f"{self.url}/thanks").status_code, 200)

    def test_page_shows_nothing_else(self):
        answer = self.get()
        self.assertEqual(answer.status_code, 200)
        self.assertIn("MP C4503", answer.text)
        self.assertIn("E100", answer.text)
        for hidden in ("987", "Alpha", "Paris", "SECRET", "10.1.2.3", "Beta"):
            self.assertNotIn(hidden, self.without_tokens(answer))
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_reading_waits_for_a_technician(self):
        answer = self.send(kind="reading", meter_total="987 700", name="Zoé")
        self.assertSent(answer)
        reading = self.readings()
        self.assertEqual(len(reading), 1)
        self.assertEqual(reading.state, "quarantined")
        self.assertEqual(reading.held["total"]["value"], 987700)
        self.assertFalse(reading.meter_total)
        self.assertEqual(self.printer.total_meter, 987660)
        self.assertTrue(self.printer.to_check)

    def test_reading_with_a_photo(self):
        files = self.photo(picture(exif=self.place(), comment=b"<script>"))
        self.assertSent(self.send(kind="reading", meter_total="987700", files=files))
        content = self.readings().with_context(bin_size=False).photo
        image = Image.open(io.BytesIO(base64.b64decode(content)))
        self.assertEqual(image.format, "JPEG")
        self.assertFalse(image.getexif())
        self.assertNotIn(b"script", base64.b64decode(content))

    def place(self):
        exif = Image.Exif()
        exif[0x8825] = {1: "N"}
        exif[0x010E] = "at home"
        return exif

    def test_problem_is_a_note_and_something_to_do(self):
        text = "Paper jam\n<script>alert(1)</script><img src=x onerror=y>"
        files = self.photo(picture("PNG"), "x.png", "image/png")
        answer = self.send(
            kind="problem", text=text, name="<b>Eve</b>", email="e@x.org", files=files
        )
        self.assertSent(answer)
        self.env.invalidate_all()
        message = self.printer.message_ids[0]
        self.assertIn("Paper jam", message.body)
        for tag in ("<script", "<img", "<b>"):
            self.assertNotIn(tag, message.body)
        self.assertIn("&lt;script&gt;", message.body)
        self.assertTrue(message.subtype_id.internal)
        attachment = message.attachment_ids
        self.assertEqual(attachment.mimetype, "image/jpeg")
        self.assertFalse(attachment.public)
        self.assertEqual(
            (attachment.res_model, attachment.res_id),
            ("focalist.device", self.printer.id),
        )
        activity = self.printer.activity_ids
        self.assertEqual(activity.user_id, self.technician)
        self.assertFalse(self.readings())
        self.assertSent(self.send(kind="problem", text="Still jammed"))
        self.env.invalidate_all()
        self.assertEqual(self.printer.activity_ids, activity)

    def test_wrong_input_is_said_and_kept(self):
        for typed, said in (
            ({"kind": "reading", "meter_total": "12a"}, "12a"),
            ({"kind": "reading", "meter_total": "-5"}, "-5"),
            ({"kind": "reading", "meter_total": "2147483648"}, "2147483648"),
            ({"kind": "reading", "meter_total": "9" * 5000}, "no number of pages"),
            ({"kind": "reading", "meter_total": ""}, "at least one meter"),
            ({"kind": "reading"}, "at least one meter"),
            ({"kind": "problem", "text": " "}, "what the problem is"),
            ({"kind": "problem", "text": "x" * 2001}, "too long"),
            ({"kind": "problem", "text": "x", "name": "n" * 101}, "too long"),
        ):
            limits_off = patch.object(limits, "REPORTS_OF_DEVICE", 100)
            with self.subTest(said=said), limits_off:
                answer = self.send(**{"email": "kept@example.com", **typed})
                self.assertEqual(answer.status_code, 422)
                self.assertIn(said, answer.text)
                self.assertIn("kept@example.com", answer.text)
        self.assertFalse(self.readings())
        self.assertFalse(self.printer.activity_ids)

    def test_meters_that_are_not_asked_are_not_taken(self):
        self.assertSent(
            self.send(kind="reading", meter_total="987700", meter_fax="5", meter_x="1")
        )
        self.assertEqual(set(self.readings().held), {"total"})

    def test_photo_that_is_none(self):
        svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
        for content, kind in (
            (svg, "image/svg+xml"),
            (svg, "image/jpeg"),
            (b"<html><script>alert(1)</script></html>", "image/jpeg"),
            (b"\xff\xd8\xff\xe0" + b"\x00" * 200, "image/jpeg"),
            (picture("GIF"), "image/jpeg"),
            (picture()[:200], "image/jpeg"),
            (b"%PDF-1.4", "application/pdf"),
        ):
            with self.subTest(content=content[:20]):
                answer = self.send(
                    kind="problem", text="keep me", files=self.photo(content, kind=kind)
                )
                self.assertEqual(answer.status_code, 422)
                self.assertIn("This is no photo", answer.text)
                self.assertIn("keep me", answer.text)

    def test_photo_that_is_too_large(self):
        with patch.object(public_photo, "MAX_BYTES", 1000):
            answer = self.send(
                kind="problem", text="x", files=self.photo(picture(size=(2000, 2000)))
            )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("too large", answer.text)
        with patch.dict(public_photo.MAX_PIXELS, JPEG=1000, PNG=1000):
            answer = self.send(kind="problem", text="x", files=self.photo(picture()))
        self.assertIn("too large", answer.text)

    @mute_logger("odoo.http")
    def test_body_without_measure_is_not_read(self):
        answer = self.send(
            kind="problem", text="x", files=self.photo(b"\xff" * (17 * 2**20))
        )
        self.assertEqual(answer.status_code, 413)

    def test_unknown_revoked_and_retired_are_the_same(self):
        self.printer._label_tokens()
        self.other.action_retire()
        self.env.flush_all()
        gone = f"/focalist/d/{self.other.sudo().label_token}"
        self.printer.action_renew_labels()
        self.env.flush_all()
        pages = set()
        for url in (self.url, gone, "/focalist/d/unknown", "/focalist/d/" + "x" * 300):
            answer = self.get(url)
            self.assertEqual(answer.status_code, 404, url)
            pages.add(re.sub(r"<script.*?</script>", "", answer.text, flags=re.S))
        self.assertEqual(len(pages), 1)
        fresh = f"/focalist/d/{self.printer.sudo().label_token}"
        self.assertEqual(self.get(fresh).status_code, 200)

    def test_guessing_is_limited(self):
        with patch.object(limits, "MISSES_OF_ADDRESS", 3):
            for number in range(3):
                self.assertEqual(self.get(f"/focalist/d/a{number}").status_code, 404)
            self.assertEqual(self.get("/focalist/d/a4").status_code, 429)
            # It does not learn which one is right, either.
            self.assertEqual(self.get().status_code, 429)

    def test_reports_are_limited(self):
        with patch.object(limits, "REPORTS_OF_DEVICE", 2):
            for _number in range(2):
                self.assertSent(self.send(kind="problem", text="Jam"))
            self.assertEqual(self.send(kind="problem", text="Jam").status_code, 429)
        with patch.object(limits, "REPORTS_OF_ADDRESS", 2):
            self.assertEqual(self.send(kind="problem", text="Jam").status_code, 429)
        self.env.invalidate_all()
        notes = self.printer.message_ids.filtered(lambda m: "Jam" in m.body)
        self.assertEqual(len(notes), 2)

    def test_addresses_of_a_network_count_as_one(self):
        of_address = self.env["focalist.public.attempt"]._of_address
        self.assertEqual(
            of_address("2001:db8:1:2:3::4"), of_address("2001:db8:1:2:9::")
        )
        self.assertNotEqual(of_address("192.0.2.1"), of_address("192.0.2.2"))
        # IPv4, told by a socket for both.
        self.assertEqual(of_address("::ffff:192.0.2.1"), of_address("192.0.2.1"))

    def test_photo_that_breaks_its_decoder_is_none(self):
        for error in (struct.error("x"), EOFError(), IndexError(), MemoryError()):
            with (
                self.subTest(error=error),
                patch.object(public_photo.Image, "open", side_effect=error),
                self.assertRaises(public_photo.PhotoError),
            ):
                public_photo.clean(picture())

    def test_attempts_are_forgotten(self):
        attempts = self.env["focalist.public.attempt"].sudo()
        old = attempts.create({"address": "192.0.2.1", "at": "2026-01-01 00:00:00"})
        new = attempts.create({"address": "192.0.2.1"})
        attempts._gc_attempts()
        self.assertEqual((old | new).exists(), new)

    @mute_logger("odoo.http")
    def test_form_of_another_page_is_refused(self):
        answer = self.url_open(self.url, data={"kind": "problem", "text": "x"})
        self.assertEqual(answer.status_code, 400)

    def test_staff_is_led_to_the_device(self):
        self.authenticate("technician", "technician")
        answer = self.get()
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith(f"/{self.printer.id}"))
        self.assertIn("/odoo/", answer.headers["Location"])

    def test_others_with_a_login_see_the_public_page(self):
        stranger = self.env["res.company"].create({"name": "Stranger"})
        self.user(
            "stranger",
            "focalist_base.group_focalist_technician",
            company_id=stranger.id,
            company_ids=stranger.ids,
        )
        self.portal("bert", self.contact(self.client_b, "Bert")).password = "bert"
        self.user("internal", "base.group_user")
        for login in ("stranger", "bert", "internal"):
            self.authenticate(login, login)
            answer = self.get()
            self.assertEqual(answer.status_code, 200, login)
            self.assertIn('name="csrf_token"', answer.text)
            self.assertNotIn("987", self.without_tokens(answer))

    def test_languages(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.get(**{"Accept-Language": "fr-FR,fr;q=0.9"}).text
        self.assertIn("Signaler un problème", french)
        self.assertIn("Report a problem", self.get(**{"Accept-Language": "en"}).text)
        self.client_a.lang = "fr_FR"
        self.env.flush_all()
        other = self.get(**{"Accept-Language": "ja"}).text
        self.assertIn("Signaler un problème", other)


@tagged("post_install", "-at_install")
class TestPublicReportTour(PublicReportCase):
    def test_tour_person_reports_a_reading(self):
        self.start_tour(self.url, "focalist_public_report")
        self.env.invalidate_all()
        reading = self.printer.reading_ids.filtered(lambda r: r.source == "public")
        self.assertEqual(reading.state, "quarantined")
        self.start_tour("/odoo", "focalist_meters_to_check", login="technician")
