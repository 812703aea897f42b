from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from .test_accounting import SitesCommon


@tagged("post_install", "-at_install")
class TestSiteAnalytic(SitesCommon):
    """Accountants set where what a site is billed goes in analytic accounting (I2)."""

    def setUp(self):
        super().setUp()
        self.accountant = self._person("accountant")
        self.lyon, self.other = self._accounts("Lyon", "Other")
        self.distribution = {str(self.lyon.id): 100}

    def _person(self, group, company=None, login=None):
        company = company or self.company
        return new_test_user(
            self.env,
            login=login or f"analytic {group}",
            groups=f"focalist_base.group_focalist_{group}"
            ",analytic.group_analytic_accounting",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _row(self, user=None, site=None):
        rows = self.env["focalist.site.analytic"].with_user(user or self.accountant)
        return rows.search([("site_id", "=", (site or self.site).id)])

    def test_i2_an_accountant_sets_a_site_s_analytic_accounts(self):
        row = self._row()
        self.assertFalse(row.has_accounts)
        row.analytic_distribution = self.distribution
        self.assertEqual(self.site.analytic_distribution, self.distribution)
        self.assertEqual(self.site.write_uid, self.accountant)
        [line] = self._bill()._create_invoices().invoice_line_ids
        self.assertEqual(line.analytic_distribution, {str(self.lyon.id): 66.67})
        self.env.invalidate_all()
        self.assertTrue(self._row().has_accounts)
        self.assertEqual(self._row().analytic_distribution, self.distribution)
        without = row.search([("has_accounts", "=", False)])
        self.assertIn(self.nice, without.site_id)
        self.assertNotIn(self.site, without.site_id)
        row.analytic_distribution = False
        self.assertFalse(self.site.analytic_distribution)
        # One that was emptied has none, whoever did it.
        self.site.analytic_distribution = {}
        self.env.invalidate_all()
        self.assertIn(row, row.search([("has_accounts", "=", False)]))
        self.assertFalse(row.has_accounts)

    def test_i2_an_accountant_sets_those_of_several_sites_at_once(self):
        rows = self._row() + self._row(site=self.nice)
        rows.analytic_distribution = self.distribution
        self.assertEqual(self.nice.analytic_distribution, self.distribution)

    def test_i2_an_accountant_writes_nothing_else_of_a_site(self):
        row = self._row()
        for values in (
            {"name": "Elsewhere"},
            {"active": False},
            {"partner_id": self.company.partner_id.id},
            {"company_id": self.company.id},
            {"site_id": self.nice.id},
            {"name": "Elsewhere", "analytic_distribution": self.distribution},
        ):
            with self.assertRaises(AccessError):
                row.write(values)
        for forbidden in (
            lambda: row.unlink(),
            lambda: row.create({"analytic_distribution": self.distribution}),
            lambda: row.site_id.write({"analytic_distribution": self.distribution}),
            lambda: row.site_id.write({"name": "Elsewhere"}),
        ):
            with self.assertRaises(AccessError):
                forbidden()
        self.assertFalse(self.site.analytic_distribution)
        self.assertEqual(self.site.name, "Lyon")

    def test_i2_sites_of_other_companies_are_theirs(self):
        company = self.setup_other_company()["company"]
        stranger = self._person("accountant", company, "stranger")
        self.assertFalse(self._row(stranger))
        row = self._row().with_user(stranger)
        with self.assertRaises(AccessError):
            row.analytic_distribution = self.distribution
        with self.assertRaises(AccessError):
            row.read(["name", "analytic_distribution"])
        self.assertFalse(self.site.analytic_distribution)

    def test_i2_analytic_accounts_of_other_companies_are_refused(self):
        company = self.setup_other_company()["company"]
        theirs = self.other.copy({"company_id": company.id})
        row = self._row()
        for accounts in (f"{theirs.id}", f"{self.lyon.id},{theirs.id}"):
            with self.assertRaisesRegex(ValidationError, "not one of"):
                row.analytic_distribution = {accounts: 100}
        self.assertFalse(self.site.analytic_distribution)

    def test_i2_analytic_accounts_of_a_site_are_those_of_its_company(self):
        """Though its accountant is another company's, too; or of nobody's any more."""
        company = self.setup_other_company()["company"]
        self.accountant.company_ids += company
        self.env.user.company_ids += company
        client = self.client.copy({"focalist_company_id": company.id})
        site = self.env["focalist.site"].create(
            {"name": "Theirs", "partner_id": client.id, "tz": "Europe/Paris"}
        )
        theirs = self.other.copy({"company_id": company.id})
        gone = self.other.copy()
        missing = gone.id
        gone.unlink()
        rows = (self._row() + self._row(site=site)).with_context(
            allowed_company_ids=(self.company + company).ids
        )
        self.assertEqual(rows.company_id, self.company + company)
        for account in (theirs.id, missing):
            for some in (rows, rows.sorted("id", reverse=True), rows[:1]):
                with self.assertRaisesRegex(ValidationError, "not one of"):
                    some.analytic_distribution = {str(account): 100}
        rows[1:].analytic_distribution = {str(theirs.id): 100}
        self.assertEqual(site.analytic_distribution, {str(theirs.id): 100})

    def test_i2_analytic_accounts_of_sites_are_accountants_alone(self):
        for group in ("sales", "technician", "user"):
            person = self._person(group)
            with self.assertRaises(AccessError):
                self._row(person)
            with self.assertRaises(AccessError):
                self._row().with_user(person).analytic_distribution = {}

    def test_i2_accountants_find_them_in_their_menu(self):
        menu = self.env.ref("focalist_billing.focalist_site_analytic_menu")

        def sees(group):
            menus = self.env["ir.ui.menu"].with_user(self._person(group, login=group))
            return menu.id in menus._visible_menu_ids()

        self.assertTrue(sees("accountant"))
        self.assertFalse(sees("sales"))
