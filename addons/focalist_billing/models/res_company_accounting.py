from odoo import fields, models
from odoo.exceptions import UserError


class ResCompany(models.Model):
    """How a company enters what it bills in its books."""

    _name = "res.company"
    _inherit = ["res.company"]

    focalist_charge_product_ids = fields.One2many(
        "focalist.charge.product", "company_id", "Products of charges"
    )
    focalist_journal_id = fields.Many2one(
        "account.journal",
        "Sales journal of statements",
        domain="[('type', '=', 'sale')]",
        check_company=True,
    )
    focalist_payment_term_id = fields.Many2one(
        "account.payment.term", "Payment terms of statements", check_company=True
    )
    focalist_cutoff_journal_id = fields.Many2one(
        "account.journal",
        "Journal of cut-offs",
        domain="[('type', '=', 'general')]",
        check_company=True,
    )
    focalist_accrued_account_id = fields.Many2one(
        "account.account",
        "Account of invoices to be made",
        domain="[('account_type', '=', 'asset_current')]",
        check_company=True,
    )
    focalist_deferred_account_id = fields.Many2one(
        "account.account",
        "Account of income billed ahead",
        domain="[('account_type', '=', 'liability_current')]",
        check_company=True,
    )

    def _focalist_product(self, charge):
        """The product of a charge: the company's own choice, or the usual one.

        What a charge is called and taxed by is shown to whoever sees it: sudo.

        :param str charge: a meter, "supply", "fee" or "minimum"
        """
        self.ensure_one()
        chosen = self.sudo().focalist_charge_product_ids.filtered(
            lambda line: line.charge == charge
        )
        # Not by `ref`, which asks the database each time: a run has thousands of lines.
        usual = self.env["ir.model.data"]._xmlid_to_res_id(
            f"focalist_billing.product_{charge}", raise_if_not_found=True
        )
        return chosen.product_id or chosen.product_id.browse(usual)

    def _set_focalist_charge_accounts(self):
        """Give the products of our charges the account of services, where there is one.

        In France the default is that of goods sold. Accounts that somebody chose are
        left alone, those of a product as those of its category.
        """
        products = self._focalist_charge_templates().sudo()
        for company in self:
            account = company._focalist_chart_account("pcg_706")
            for product in products.with_company(company) if account else ():
                chosen = product.categ_id.property_account_income_categ_id
                if not product.property_account_income_id and (
                    not chosen or chosen == company.income_account_id
                ):
                    product.property_account_income_id = account

    def _focalist_chart_account(self, xml_id):
        """An account of the company's chart, by its name there; empty without.

        The setup of a company is read by whoever bills in it: sudo.
        """
        self.ensure_one()
        charts = self.env["account.chart.template"].sudo().with_company(self)
        return (
            charts.ref(xml_id, raise_if_not_found=False)
            or self.env["account.account"].sudo()
        )

    def _focalist_cutoff_setup(self):
        """The journal and the two accounts of a cut-off: chosen, or the chart's.

        :return: (journal, account of invoices to be made, account of income ahead)
        :raise UserError: where one is missing
        """
        self.ensure_one()
        company = self.sudo()
        journals = company.env["account.journal"]
        journal = company.focalist_cutoff_journal_id or journals.search(
            [*journals._check_company_domain(company), ("type", "=", "general")],
            limit=1,
        )
        accrued = company.focalist_accrued_account_id
        accrued = accrued or company._focalist_chart_account("pcg_4181")
        deferred = company.focalist_deferred_account_id
        deferred = deferred or company._focalist_chart_account("pcg_487")
        names = {
            "focalist_cutoff_journal_id": journal,
            "focalist_accrued_account_id": accrued,
            "focalist_deferred_account_id": deferred,
        }
        missing = [
            self._fields[name]._description_string(self.env)
            for name, record in names.items()
            if not record
        ]
        if missing:
            raise UserError(
                self.env._(
                    "%(company)s lacks for its cut-off: %(missing)s. Choose them in the"
                    " settings of Focalist.",
                    company=self.name,
                    missing=", ".join(missing),
                )
            )
        return journal, accrued, deferred
