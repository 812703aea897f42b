"""Two dealers in one database: the people of one get nothing of the other's clients."""

import re

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from tests.security.walk import WORD, Walk

GROUPS = (
    "focalist_base.group_focalist_manager",
    "account.group_account_manager",
    "base.group_partner_manager",
    "base.group_allow_export",
)
#: Pages that answer about records: the portal's, files, reports, exports.
PAGES = re.compile(r"^/(my|report|focalist|web/content|web/image|mail|odoo)")


@tagged("post_install", "-at_install")
class TestCompanyWalk(Walk):
    """A manager of one dealer, who may do all in Focalist and in accounting."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ours, theirs = cls.company, cls.setup_other_company()["company"]
        cls.records = {"Alpha": cls._make_records("Alpha")}
        cls.env.user.company_ids |= theirs
        env, cls.company = cls.env, theirs
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": theirs.ids}
        )
        other = cls._make_records(WORD)
        # Contacts without a company are everybody's, as Odoo has it.
        other["partner"].company_id = theirs
        cls.records[WORD] = other | cls._make_collector(other["agent"])
        cls.env, cls.company = env, ours
        cls.records = {
            name: {kind: record.with_env(env) for kind, record in records.items()}
            for name, records in cls.records.items()
        }
        cls.user = new_test_user(
            cls.env,
            login="walker",
            groups=",".join(GROUPS),
            company_id=ours.id,
            company_ids=ours.ids,
        )

    def test_the_walk_finds_what_is_its_own(self):
        env = self.env(user=self.user)
        for kind, record in self.records["Alpha"].items():
            self.assertTrue(record.with_env(env).has_access("read"), kind)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models", "odoo.sql_db")
    def test_company_walk_of_all_models(self):
        leaks, asked = self.leaks_of_models()
        self.assertGreater(asked, 100)
        self.assertFalse(leaks)

    def test_company_walk_writes_nothing(self):
        env = self.env(user=self.user)
        for kind, record in self.records[WORD].items():
            own = record.with_env(env)
            with self.subTest(kind=kind):
                with self.assertRaises(AccessError):
                    own.read(["display_name"])
                with self.assertRaises(UserError):
                    own.write({"display_name": "x"})
                with self.assertRaises(UserError):
                    own.unlink()

    @mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.models")
    def test_company_walk_of_pages_and_reports(self):
        self.authenticate("walker", "walker")
        urls = sorted(url for url in set(self._urls()) if PAGES.match(url))
        records = self.records[WORD]
        for report in self.env["ir.actions.report"].search(
            [("model", "in", [record._name for record in records.values()])]
        ):
            record = next(r for r in records.values() if r._name == report.model)
            urls.append(f"/report/html/{report.report_name}/{record[:1].id}")
        self.assertGreater(len(urls), 60)
        leaks = []
        for url in urls:
            page = self.url_open(url, timeout=30)
            if self.foreign(page.text):
                leaks.append(f"{url}: {page.status_code}")
        self.assertFalse(leaks)

    def test_company_walk_of_its_client_in_the_portal(self):
        """Nor does a client of one dealer see what another dealer does for others."""
        portal = new_test_user(
            self.env,
            login="client",
            groups="base.group_portal",
            company_id=self.company.id,
            company_ids=self.company.ids,
        )
        portal.partner_id.parent_id = self.records["Alpha"]["partner"]
        self.authenticate("client", "client")
        for url in ("/my/devices", "/my/volumes", "/my/devices/former"):
            page = self.url_open(url).text
            self.assertFalse(self.foreign(page))
        self.assertIn("ALPHA1", self.url_open("/my/devices").text)
