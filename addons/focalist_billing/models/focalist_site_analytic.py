from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class FocalistSiteAnalytic(models.Model):
    """The accountants' view of sites: they set their analytic accounts, nothing else.

    A row of each site. Sites themselves are not theirs to write.
    """

    _name = "focalist.site.analytic"
    _description = "Analytic Accounts of a Site"
    _inherit = ["focalist.guarded.mixin"]
    _auto = False
    _order = "partner_id, name, id"
    _depends = {
        "focalist.site": [
            "active",
            "analytic_distribution",
            "company_id",
            "name",
            "partner_id",
        ],
    }

    site_id = fields.Many2one("focalist.site", readonly=True)
    name = fields.Char("Site name", readonly=True)
    active = fields.Boolean(readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    company_id = fields.Many2one("res.company", "Dealer", readonly=True)
    has_accounts = fields.Boolean("Has analytic accounts", readonly=True)
    analytic_distribution = fields.Json(
        compute="_compute_analytic_distribution",
        inverse="_inverse_analytic_distribution",
        help="Where lines of invoices go in analytic accounting; those over several"
        " sites, by what each site has of them.",
    )
    # What Odoo's widget asks for.
    analytic_precision = fields.Integer(
        store=False,
        default=lambda self: self.env["decimal.precision"].precision_get(
            "Percentage Analytic"
        ),
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT id, id AS site_id, name, active, partner_id, company_id,
                   analytic_distribution IS NOT NULL AS has_accounts
              FROM focalist_site
            """
        )

    @api.depends("site_id.analytic_distribution")
    def _compute_analytic_distribution(self):
        for row in self:
            row.analytic_distribution = row.site_id.analytic_distribution

    def _inverse_analytic_distribution(self):
        for company, rows in self.grouped("company_id").items():
            rows._check_accounts(company)
        for row in self:
            # The rights on the row were checked as it was written, and those on the
            # accounts just now: this field of the site, and no other.
            row.site_id.sudo().analytic_distribution = row.analytic_distribution

    def _check_accounts(self, company):
        """Refuse analytic accounts of another company, or which there are not."""
        ids = {
            int(part)
            for row in self
            for key in row.analytic_distribution or {}
            for part in key.split(",")
        }
        accounts = self.env["account.analytic.account"]
        domain = accounts._check_company_domain(company)
        if len(accounts.search([*domain, ("id", "in", list(ids))])) < len(ids):
            raise ValidationError(
                self.env._(
                    "An analytic account of %(sites)s is not one of %(company)s: choose"
                    " another one.",
                    sites=", ".join(self.mapped("name")),
                    company=company.name,
                )
            )
