import base64
import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from unittest import skipUnless

from lxml import html
from PIL import Image

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..tools.label_formats import FORMATS
from .common import FocalistCase
from .test_custom_fields import CustomFieldsCase

# Pixels a millimetre, of the page that is measured.
SCALE = 10


@tagged("post_install", "-at_install")
class TestLabel(CustomFieldsCase):
    def wizard(self, devices=None, **values):
        devices = devices or self.printer
        return (
            self.env["focalist.label.print"]
            .with_user(self.technician)
            .with_context(active_model="focalist.device", active_ids=devices.ids)
            .create(values)
        )

    def page(self, wizard):
        """The sheet as HTML, as it goes to the printer's program."""
        self.env.flush_all()
        report = self.env.ref(wizard._format().report)
        content, _type = report.with_user(self.technician)._render_qweb_html(
            report.report_name, wizard.ids
        )
        return html.fromstring(content)

    def test_x3_label_has_the_custom_fields(self):
        wizard = self.wizard(label_format="l7163")
        names = wizard.field_ids.mapped("label")
        self.assertIn("Contract end", names)
        self.assertIn("Badge", names)
        self.assertNotIn("B-77", self.page(wizard).text_content())
        ticked = wizard.field_ids.filtered(lambda f: f.label in ("Badge", "Place"))
        ticked.is_printed = True
        shown = " ".join(self.page(wizard).text_content().split())
        for text in ("Badge: B-77", "Place: Hall", "Ricoh MP C4503", "E100", "Paris"):
            self.assertIn(text, shown)
        self.assertIn("Dealer", shown)
        self.assertNotIn("Warranty", shown)

    def test_label_action_of_many_devices(self):
        devices = self.printer | self.other
        form = Form(
            self.env["focalist.label.print"]
            .with_user(self.technician)
            .with_context(active_model="focalist.device", active_ids=devices.ids)
        )
        form.skip = 20
        wizard = form.save()
        action = wizard.action_print()
        self.assertEqual(action["type"], "ir.actions.report")
        pages = wizard._pages()
        self.assertEqual([len(page) for page in pages], [1, 1])
        (left, top, _label) = pages[0][0]
        self.assertAlmostEqual(left, 7.2 + 2 * 66)
        self.assertAlmostEqual(top, 15.1 + 6 * 38.1)
        self.assertEqual(pages[1][0][:2], (7.2, 15.1))
        form.skip = 21
        with self.assertRaises(UserError):
            form.save().action_print()

    def test_label_formats_fit_their_sheets(self):
        for code, form in FORMATS.items():
            with self.subTest(code=code):
                left, top = form.place(form.per_page - 1)
                self.assertLessEqual(left + form.label[0], form.page[0])
                self.assertLessEqual(top + form.label[1], form.page[1])
                if form.per_page > 1:
                    # Sheets are symmetric: what is left is the margin again.
                    right = form.page[0] - left - form.label[0]
                    self.assertAlmostEqual(right, form.start[0], delta=0.8)
                report = self.env.ref(form.report)
                paper = report.paperformat_id
                self.assertEqual(paper.dpi, 96)
                self.assertEqual(paper.margin_top + paper.margin_left, 0)

    def test_label_code_leads_to_the_device(self):
        (label,) = self.printer.with_user(self.technician)._prepare_labels()
        token = self.printer.sudo().label_token
        self.assertTrue(label["url"].endswith(f"/focalist/d/{token}"))
        image = Image.open(io.BytesIO(base64.b64decode(label["qr"].split(",")[1])))
        self.assertEqual(image.width, image.height)
        same = self.printer._label_urls()[self.printer]
        self.assertEqual(self.printer._label_urls()[self.printer], same)
        self.assertNotEqual(self.other._label_urls()[self.other].split("/")[-1], token)
        self.assertGreaterEqual(len(token), 16)

    def test_label_is_revoked(self):
        old = self.printer._label_tokens()[self.printer]
        self.printer.with_user(self.technician).action_renew_labels()
        new = self.printer.sudo().label_token
        self.assertNotEqual(old, new)
        devices = self.env["focalist.device"].sudo()
        self.assertFalse(devices._of_label(old))
        self.assertEqual(devices._of_label(new), self.printer)
        self.assertIn("revoked", self.printer.message_ids[0].body)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models")
    def test_label_rights(self):
        sales = self.user("sales", "focalist_base.group_focalist_sales")
        with self.assertRaises(AccessError):
            self.printer.with_user(sales).action_renew_labels()
        with self.assertRaises(AccessError):
            self.env["focalist.label.print"].with_user(sales).create({})
        for user in (self.technician, self.manager):
            with self.assertRaises(AccessError):
                self.printer.with_user(user).read(["label_token"])
            with self.assertRaises(AccessError):
                self.printer.with_user(user).label_token = "mine"

    def test_labels_of_many_cost_few_queries(self):
        many = self.printer
        for number in range(40):
            many |= self.device(f"L{number:03}")
        many._label_tokens()
        self.env.flush_all()

        def queries(devices):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            devices.with_user(self.technician)._prepare_labels({"properties.place"})
            return self.env.cr.sql_log_count - before

        queries(many)
        self.assertLessEqual(queries(many), queries(many[:2]) + 2)


@tagged("post_install", "-at_install")
class TestLabelPaper(CustomFieldsCase):
    """The labels are where the sheet has them: the PDF is drawn, and measured."""

    @skipUnless(
        _wkhtml().state in ("ok", "workers") and shutil.which("pdftoppm"),
        "needs wkhtmltopdf and pdftoppm",
    )
    def test_labels_stand_where_the_sheet_has_them(self):
        self.site_a.name = "Évry"
        devices = self.printer
        for number in range(80):
            devices |= self.device(f"P{number:03}")
        for code in FORMATS:
            form = FORMATS[code]
            wizard = self.env["focalist.label.print"].create(
                {"device_ids": devices[: form.per_page + 1].ids, "label_format": code}
            )
            with self.subTest(code=code):
                (first, *more), text = self.draw(wizard)
                self.assertEqual(len(more), 1)
                for size, told in zip(first.size, form.page, strict=True):
                    self.assertAlmostEqual(size / SCALE, told, delta=0.4)
                self.measure(first, form)
                self.assertIn("Évry", text)

    def measure(self, image, form):
        """The code's black corner is as far from its label's edges as it is to be."""
        edge = 3 if form.label[1] > 28 else 2
        for position in {0, form.per_page - 1}:
            left, top = form.place(position)
            box = [
                (left + form.label[0] - 8) * SCALE,
                top * SCALE,
                (left + form.label[0] - 0.5) * SCALE,
                (top + 8) * SCALE,
            ]
            ink = image.crop([round(edge) for edge in box])
            black = ink.point(lambda value: 255 if value < 128 else 0).getbbox()
            self.assertAlmostEqual(
                (ink.width - black[2]) / SCALE, edge - 0.5, delta=0.4
            )
            self.assertAlmostEqual(black[1] / SCALE, edge, delta=0.4)

    def draw(self, wizard):
        """The pages of the PDF as grey images, and the text on them."""
        report = self.env.ref(wizard._format().report)
        content, _type = report.with_context(
            force_report_rendering=True
        )._render_qweb_pdf(report.report_name, wizard.ids)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                ["pdftoppm", "-r", str(25.4 * SCALE), "-gray", "-", f"{folder}/page"],
                input=content,
                check=True,
            )
            text = subprocess.run(
                ["pdftotext", "-", "-"], input=content, capture_output=True, check=True
            ).stdout.decode()
            pages = [
                Image.open(path).copy() for path in sorted(Path(folder).glob("*.pgm"))
            ]
            return pages, text


@tagged("post_install", "-at_install")
class TestCustomFieldsTour(FocalistCase, HttpCase):
    def test_x1_x2_x3_tour_manager_adds_a_field(self):
        """It is added, filled in, filtered by, and found on the label."""
        printer = self.device()
        self.device("E200")
        self.user("manager", "focalist_base.group_focalist_manager")
        self.start_tour("/odoo", "focalist_custom_fields", login="manager")
        self.env.invalidate_all()
        wizard = self.env["focalist.label.print"].search([], limit=1, order="id desc")
        self.assertEqual(wizard.device_ids, printer)
        report = self.env.ref(wizard._format().report)
        content, _type = report._render_qweb_html(report.report_name, wizard.ids)
        text = html.fromstring(content).text_content()
        self.assertIn("Room: Hall 7", " ".join(text.split()))
