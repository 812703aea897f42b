from odoo import models


class AccountChartTemplate(models.AbstractModel):
    _inherit = "account.chart.template"

    def _post_load_data(self, template_code, company, template_data):
        """A company whose chart of accounts comes later bills with tax and account."""
        result = super()._post_load_data(template_code, company, template_data)
        company._set_focalist_charge_taxes()
        company._set_focalist_charge_accounts()
        return result
