from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import BillingCommon


class PortalCommon(BillingCommon, HttpCase):
    """Two clients with a posted invoice each; `coordinator` is the first one's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._invoiced(cls.client, cls.site, cls.contract, "A001")
        cls.other, other_site = cls._make_client("Other")
        cls.other_move = cls._invoiced(
            cls.other, other_site, cls._make_contract(cls.other), "B001"
        )
        cls.coordinator = cls._portal_user("coordinator", cls.client)

    @classmethod
    def _invoiced(cls, client, site, contract, serial):
        cls._read(
            site,
            serial,
            ("2026-02-28 08:00", {"mono": 1234567}),
            ("2026-03-31 08:00", {"mono": 1236801}),
        )
        move = cls._bill(contract=contract)._create_invoices()
        move.action_post()
        return move

    @classmethod
    def _portal_user(cls, login, client, **values):
        user = new_test_user(cls.env, login=login, groups="base.group_portal")
        user.partner_id.write(
            {"parent_id": client.id, "is_focalist_coordinator": True, **values}
        )
        return user


@tagged("post_install", "-at_install")
class TestPortal(PortalCommon):
    """I3: the client sees its invoices and the meters behind them, and no other's."""

    def test_i3_portal_invoice_shows_both_meters(self):
        self.authenticate("coordinator", "coordinator")
        page = self.url_open(f"/my/invoices/{self.move.id}")
        self.assertEqual(page.status_code, 200)
        for text in ("A001", "1,234,567", "1,236,801", "2,234"):
            self.assertIn(text, page.text)
        self.assertNotIn("B001", page.text)

    def test_i3_portal_invoice_by_its_link(self):
        page = self.url_open(self.move.get_portal_url())
        self.assertIn("1,236,801", page.text)

    def test_portal_another_clients_invoice(self):
        self.authenticate("coordinator", "coordinator")
        page = self.url_open(f"/my/invoices/{self.other_move.id}")
        self.assertNotIn("B001", page.text)
        self.assertTrue(page.url.endswith("/my"))
        page = self.url_open(
            f"/my/invoices/{self.other_move.id}?access_token={self.move.access_token}"
        )
        self.assertNotIn("B001", page.text)

    def test_portal_rights_on_statements(self):
        env = self.env(user=self.coordinator)
        own, others = (
            move.focalist_statement_ids for move in (self.move, self.other_move)
        )
        self.assertEqual(env["focalist.statement"].search([]), own)
        self.assertEqual(env["focalist.statement.line"].search([]), own.line_ids)
        for records in (others, others.line_ids):
            with self.assertRaises(AccessError):
                records.with_env(env).read(["display_name"])
        for model in ("focalist.contract", "focalist.pricing"):
            with self.assertRaises(AccessError):
                env[model].search([])
        with self.assertRaises(AccessError):
            own.with_env(env).write({"cancelled": True})

    def test_portal_draft_is_not_shown(self):
        self.move.button_draft()
        env = self.env(user=self.coordinator)
        self.assertFalse(env["focalist.statement"].search([]))
        self.assertFalse(env["focalist.statement.line"].search([]))

    def test_i2_portal_reads_a_correction_of_what_is_no_invoice_any_more(self):
        march = self.move.focalist_statement_ids
        device = march.line_ids.device_id
        self._read(self.site, "A001", ("2026-04-30 08:00", {"mono": 1237000}))
        march.line_ids.reading_to_id._void("x")
        april = self._bill("2026-04-15")
        april._create_invoices().action_post()
        correction = april.line_ids.filtered("settles_id")
        self.assertEqual(correction.device_id, device)
        self.move.button_draft()
        self.env.invalidate_all()
        lines = self.env["focalist.statement.line"].with_user(self.coordinator)
        self.assertEqual(lines.search([]), april.line_ids)
        self.assertIn(march.name, lines.browse(correction.id).note)
        self.authenticate("coordinator", "coordinator")
        self.assertIn(march.name, self.url_open(f"/my/statements/{april.id}").text)

    def test_portal_coordinator_of_given_sites(self):
        second = self.env["focalist.site"].create(
            {"name": "Second site", "partner_id": self.client.id}
        )
        user = self._portal_user(
            "second",
            self.client,
            focalist_coordinator_scope="sites",
            focalist_coordinated_site_ids=[Command.set(second.ids)],
        )
        self.assertFalse(self.env["focalist.statement.line"].with_user(user).search([]))
        self.assertFalse(self.env["account.move"].with_user(user).search([]))
        # Nor once it is credited, nor what credits it; what has no meters is its own.
        credit = self.move._reverse_moves()
        credit.action_post()
        self.assertFalse(self.move.focalist_statement_ids)
        other = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.client.id,
                "invoice_line_ids": [Command.create({"name": "A", "price_unit": 1})],
            }
        )
        other.action_post()
        for model, shown in (
            ("account.move", other),
            ("account.move.line", other.line_ids),
        ):
            records = self.env[model].with_user(user).search([])
            self.assertEqual(records, shown)
        self.authenticate("second", "second")
        for url in ("", "?report_type=pdf&download=true", "?report_type=html"):
            page = self.url_open(f"/my/invoices/{self.move.id}{url}")
            self.assertTrue(
                page.url.endswith("/my"), "an invoice is the whole client's"
            )
        page = self.url_open(
            f"/web/content/account.move/{self.move.id}/invoice_pdf_report_file"
        )
        self.assertEqual(page.status_code, 404)
