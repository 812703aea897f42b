from contextlib import contextmanager
from unittest.mock import patch

from lxml import html

from odoo.tests import tagged

from odoo.addons.base.models.ir_actions_report import _wkhtml

from .common import FocalistCase

MODULES = (
    "odoo.addons.base.models.ir_actions_report",
    "odoo.addons.focalist_base.models.ir_actions_report",
)
LAYOUTS = ("standard", "striped", "boxed", "bold", "bubble", "wave", "folder")


@tagged("post_install", "-at_install")
class TestPdf(FocalistCase):
    """Headers and footers of a PDF whose wkhtmltopdf cannot print them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dealer.write(
            {
                "vat": "FR23334175221",
                "report_footer": "<p>Capital 10 000 €, RCS Évry</p>",
                "company_details": "<p>Dealer, 1 rue Été</p>",
            }
        )
        cls.env["ir.ui.view"].create(
            {
                "name": "focalist_test_report",
                "key": "focalist_base.test_report",
                "type": "qweb",
                "arch": """
                    <t t-name="focalist_base.test_report">
                        <t t-call="web.html_container">
                            <t t-foreach="docs" t-as="o">
                                <t t-call="web.external_layout">
                                    <div class="page">Body of <t t-out="o.name"/></div>
                                </t>
                            </t>
                        </t>
                    </t>
                """,
            }
        )
        cls.layout = cls.env["ir.actions.report"].create(
            {
                "name": "Test",
                "model": "res.partner",
                "report_name": "focalist_base.test_report",
            }
        )

    @contextmanager
    def wkhtmltopdf(self, patched):
        info = _wkhtml()._replace(is_patched_qt=patched)
        with (
            patch(f"{MODULES[0]}._wkhtml", return_value=info),
            patch(f"{MODULES[1]}._wkhtml", return_value=info),
        ):
            yield

    def render(self, layout="standard"):
        self.dealer.external_report_layout_id = self.env.ref(
            f"web.external_layout_{layout}"
        )
        docs = self.client_a | self.client_b
        content, _type = self.layout.with_context(
            report_pdf_no_attachment=True
        )._render_qweb_html(self.layout, docs.ids)
        return content

    def prepare(self, source, patched):
        with self.wkhtmltopdf(patched):
            bodies, res_ids, header, footer, paper = self.layout._prepare_html(
                source, report_model="res.partner"
            )
        return [str(body) for body in bodies], res_ids, str(header), str(footer), paper

    def text(self, source):
        texts = html.fromstring(source).xpath("//text()[not(parent::style)]")
        return " ".join(" ".join(texts).split())

    def test_unpatched_puts_headers_and_footers_into_each_body(self):
        for layout in LAYOUTS:
            if not self.env.ref(f"web.external_layout_{layout}", False):
                continue
            with self.subTest(layout=layout):
                bodies, res_ids, header, footer, paper = self.prepare(
                    self.render(layout), patched=False
                )
                self.assertEqual(len(bodies), 2)
                self.assertEqual(res_ids, [self.client_a.id, self.client_b.id])
                for body, name in zip(bodies, ("Alpha", "Beta"), strict=True):
                    text = self.text(body)
                    self.assertEqual(text.count(f"Body of {name}"), 1)
                    self.assertEqual(text.count("RCS Évry"), 1)
                    self.assertEqual(text.count("1 rue Été"), 1)
                    self.assertNotIn("Page", text)
                    order = [text.index("Body of"), text.index("RCS Évry")]
                    self.assertEqual(order, sorted(order))
                self.assertNotIn("Évry", header + footer)
                self.assertIn("data-report-margin-top", paper)

    def test_unpatched_keeps_each_document_its_own(self):
        source = """
            <html><body><main>
                <div class="header o_head">Seller 1</div>
                <div class="article" data-oe-model="res.partner" data-oe-id="1">
                    One</div>
                <div class="footer">Legal 1<p>Page <span class="page"/></p></div>
                <!-- between -->
                <div class="header">Seller 2</div>
                <!-- before the body -->
                <div class="article" data-oe-model="res.partner" data-oe-id="2">
                    Two</div>
                <div class="footer">Legal 2 é</div>
                <div class="article" data-oe-model="res.partner" data-oe-id="3">
                    Three</div>
            </main></body></html>
        """
        bodies, res_ids, header, footer, _paper = self.prepare(source, patched=False)
        self.assertEqual(res_ids, [1, 2, 3])
        self.assertEqual(
            [self.text(body) for body in bodies],
            ["Seller 1 One Legal 1", "Seller 2 Two Legal 2 é", "Three"],
        )
        for part in (header, footer):
            self.assertNotIn("Seller", part)
            self.assertNotIn("Legal", part)

    def test_unpatched_respects_the_margin_of_a_report(self):
        source = """
            <html data-report-margin-top="33"><body><main>
                <div class="article">One</div>
            </main></body></html>
        """
        *_parts, paper = self.prepare(source, patched=False)
        self.assertEqual(paper["data-report-margin-top"], "33")

    def test_patched_leaves_it_to_odoo(self):
        source = self.render()
        bodies, _ids, header, footer, paper = self.prepare(source, patched=True)
        for body in bodies:
            self.assertNotIn("Évry", body)
        self.assertEqual(self.text(footer).count("RCS Évry"), 2)
        self.assertIn("1 rue Été", self.text(header))
        self.assertNotIn("data-report-margin-top", paper)

    def test_nothing_to_print(self):
        source = "<html><body><main><p>Bare</p></main></body></html>"
        bodies, *_rest = self.prepare(source, patched=False)
        self.assertIn("Bare", bodies[0])
