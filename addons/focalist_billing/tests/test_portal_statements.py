import io
from datetime import timedelta

import openpyxl
from freezegun import freeze_time
from lxml import html

from odoo import Command, fields, http
from odoo.tests import new_test_user, tagged

from ..models.focalist_statement_portal import LINK_DAYS, QUESTIONS_OF_STATEMENT
from .test_portal import PortalCommon


class StatementPortalCommon(PortalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.statement = cls.move.focalist_statement_ids
        cls.others = cls.other_move.focalist_statement_ids
        cls.accountant = new_test_user(
            cls.env,
            login="asked",
            groups="focalist_base.group_focalist_accountant",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.move.invoice_user_id = cls.accountant

    def _link(self, statement):
        """The path and query of a statement's signed link."""
        url, _last_day = statement._signed_url()
        return url[url.index("/my/") :]

    def _post(self, url, **data):
        return self.url_open(
            url, data={"csrf_token": http.Request.csrf_token(self), **data}
        )

    def _questions(self):
        return self.statement.message_ids.filtered(
            lambda message: (
                message.subtype_id == self.env.ref("focalist_billing.mt_question")
            )
        )


@tagged("post_install", "-at_install")
class TestPortalStatements(StatementPortalCommon):
    """I3: statements with their meters, the period before, files and questions."""

    def test_i3_portal_lists_own_statements(self):
        self.authenticate("coordinator", "coordinator")
        page = self.url_open("/my/statements").text
        self.assertIn(self.statement.name, page)
        self.assertNotIn(self.others.name, page)
        for search, found in (("A001", True), ("B001", False), (self.move.name, True)):
            page = self.url_open(f"/my/statements?search={search}").text
            self.assertEqual(self.statement.name in page, found, search)
        for sortby in ("name", "pages", "amount", "nonsense"):
            page = self.url_open(f"/my/statements?sortby={sortby}")
            self.assertIn(self.statement.name, page.text, sortby)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["focalist_statement_count"]}
        )
        self.assertEqual(counters["focalist_statement_count"], 1)

    def test_i3_portal_statement_shows_readings_and_their_sources(self):
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1237001}))
        second = self._bill("2026-04-15")
        second._create_invoices().action_post()
        self.authenticate("coordinator", "coordinator")
        page = self.url_open(f"/my/statements/{second.id}").text
        for text in ("A001", "1,236,801", "1,237,001", "Agent", "0.010000", "2.00"):
            self.assertIn(text, page)
        self.assertIn("2,234", page, "the pages of the period before")
        self.assertIn("o_focalist_chart", page)
        self.assertNotIn("B001", page)

    def test_i3_portal_statement_search_and_pages(self):
        self.authenticate("coordinator", "coordinator")
        url = f"/my/statements/{self.statement.id}"
        self.assertIn("No meter matches", self.url_open(f"{url}?search=zzz").text)
        self.assertIn("1,236,801", self.url_open(f"{url}?search=a00").text)
        self.assertEqual(self.url_open(f"{url}?page=99").status_code, 200)
        self.assertEqual(self.url_open(f"{url}?page=x&line=x").status_code, 200)

    def test_i3_portal_files(self):
        self.authenticate("coordinator", "coordinator")
        answer = self.url_open(f"/my/statements/{self.statement.id}/xlsx")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        self.assertEqual(book["Meters"]["C2"].value, "A001")
        answer = self.url_open(f"/my/statements/{self.statement.id}/pdf")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")

    def test_i3_who_reads_no_invoices_gets_none_by_its_statement(self):
        new_test_user(
            self.env,
            login="seller",
            groups="focalist_base.group_focalist_sales",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("seller", "seller")
        url = f"/my/statements/{self.statement.id}"
        self.assertEqual(self.url_open(f"{url}/xlsx").status_code, 200)
        answer = self.url_open(f"{url}/pdf")
        self.assertNotEqual(answer.headers["Content-Type"], "application/pdf")
        link = self._link(self.statement).partition("?")[2]
        answer = self.url_open(f"{url}/pdf?{link}")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")

    def test_i3_portal_another_clients_statement(self):
        self.authenticate("coordinator", "coordinator")
        own = self._link(self.statement).partition("?")[2]
        for suffix in ("", "/xlsx", "/pdf", f"?{own}", f"/xlsx?{own}"):
            page = self.url_open(f"/my/statements/{self.others.id}{suffix}")
            self.assertNotIn("B001", page.text, suffix)
            self.assertIn("text/html", page.headers["Content-Type"])
        answer = self._post(f"/my/statements/{self.others.id}/ask", text="Mine?")
        self.assertTrue(answer.url.endswith("/my"))
        self.assertNotIn("Mine?", str(self.others.message_ids.mapped("body")))

    def test_i3_portal_coordinator_of_sites_sees_no_bill(self):
        self._portal_user("of_sites", self.client, focalist_coordinator_scope="sites")
        self.authenticate("of_sites", "of_sites")
        self.assertNotIn(self.statement.name, self.url_open("/my/statements").text)
        for suffix in ("", "/xlsx", "/pdf"):
            page = self.url_open(f"/my/statements/{self.statement.id}{suffix}")
            self.assertTrue(page.url.endswith("/my"))


@tagged("post_install", "-at_install")
class TestSignedLinks(StatementPortalCommon):
    """I3: a link opens one bill, without a login, until its day."""

    def test_i3_signed_link_opens_its_statement(self):
        link = self._link(self.statement)
        page = self.url_open(link)
        self.assertIn("1,236,801", page.text)
        self.assertNotIn("B001", page.text)
        path, _, query = link.partition("?")
        answer = self.url_open(f"{path}/xlsx?{query}")
        self.assertEqual(answer.content[:2], b"PK")
        self.assertIn("/login", self.url_open("/my/statements").url)

    def test_i3_signed_link_expires(self):
        link = self._link(self.statement)
        token = link.partition("access_token=")[2]
        last = fields.Datetime.now() + timedelta(days=LINK_DAYS)
        with freeze_time(last - timedelta(minutes=1)):
            self.assertTrue(self.statement._is_opened_by(token))
        with freeze_time(last + timedelta(minutes=1)):
            self.assertFalse(self.statement._is_opened_by(token))

    def test_i3_signed_link_is_over_with_its_invoice(self):
        link = self._link(self.statement)
        self.move.button_draft()
        page = self.url_open(link)
        self.assertEqual(page.status_code, 403)
        self.assertNotIn("A001", page.text)
        self.move.button_cancel()
        self.statement._create_invoices().action_post()
        self.assertEqual(self.url_open(link).status_code, 403, "of another invoice")

    def test_i3_signed_link_is_of_one_statement(self):
        own = self._link(self.statement).partition("?")[2]
        wrong = [own, own[:-3], own + "A", "access_token=é", "access_token=AQ"]
        for query in wrong:
            page = self.url_open(f"/my/statements/{self.others.id}?{query}")
            self.assertNotIn("B001", page.text, query)
            self.assertEqual(page.status_code, 403, query)

    def test_i3_signed_link_asks_for_the_payer(self):
        path, _, query = self._link(self.statement).partition("?")
        token = query.partition("=")[2]
        self.authenticate(None, None)
        answer = self._post(f"{path}/ask", text="Why?", access_token=token)
        self.assertIn("Your message is with", answer.text)
        self.assertEqual(self._questions().author_id, self.move.partner_id)


@tagged("post_install", "-at_install")
class TestQuestions(StatementPortalCommon):
    """I3: a question or dispute on a line is a message on the statement."""

    def setUp(self):
        super().setUp()
        self.authenticate("coordinator", "coordinator")
        self.url = f"/my/statements/{self.statement.id}"

    def test_i3_dispute_of_a_line(self):
        line = self.statement.line_ids
        page = html.fromstring(self.url_open(f"{self.url}?line={line.id}").text)
        self.assertEqual(page.xpath("//input[@name='line_id']/@value"), [str(line.id)])
        answer = self._post(
            f"{self.url}/ask",
            line_id=line.id,
            kind="dispute",
            text="<script>x</script> That is\ntoo much",
        )
        self.assertIn("Your message is with", answer.text)
        self.assertIn("too much", answer.text)
        message = self._questions()
        self.assertEqual(message.author_id, self.coordinator.partner_id)
        self.assertIn("Dispute: MP C4503 (A001), Mono", message.body)
        self.assertIn("&lt;script&gt;", message.body)
        self.assertNotIn("<script>", message.body)
        activity = self.statement.activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        self._post(f"{self.url}/ask", text="Once more")
        self.assertEqual(self.statement.activity_ids, activity, "one thing to do")

    def test_i3_question_on_a_line_of_another_client(self):
        self._post(f"{self.url}/ask", line_id=self.others.line_ids.id, text="Whose?")
        self.assertNotIn("B001", self._questions().body)

    def test_i3_question_is_checked(self):
        for text, said in ((" \x00 ", "Type your question"), ("x" * 2001, "too long")):
            answer = self._post(f"{self.url}/ask", text=text)
            self.assertEqual(answer.status_code, 422)
            self.assertIn(said, answer.text)
        self.assertFalse(self._questions())

    def test_i3_questions_are_limited(self):
        for number in range(QUESTIONS_OF_STATEMENT):
            self._post(f"{self.url}/ask", text=f"Question {number}")
        answer = self._post(f"{self.url}/ask", text="One too many")
        self.assertEqual(answer.status_code, 429)
        self.assertIn("Those were many questions.", answer.text)
        self.assertEqual(len(self._questions()), QUESTIONS_OF_STATEMENT)
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.assertTrue(self.statement._may_ask(self.coordinator.partner_id))

    def test_i3_the_answer_is_shown_and_notes_are_not(self):
        self._post(f"{self.url}/ask", text="Why?")
        statement = self.statement.with_user(self.accountant)
        for body, subtype in (
            ("Because.", "mail.mt_comment"),
            ("A hard client", "mail.mt_note"),
        ):
            statement.message_post(
                body=body, subtype_xmlid=subtype, message_type="comment"
            )
        page = self.url_open(self.url).text
        self.assertIn("Because.", page)
        self.assertNotIn("A hard client", page)
        self.assertIn(self.coordinator.partner_id, statement.message_partner_ids)
        action = statement._get_access_action(access_uid=self.coordinator.id)
        self.assertEqual(action["url"], self.url)
