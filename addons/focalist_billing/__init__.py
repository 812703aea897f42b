from . import controllers, models, wizards


def _post_init(env):
    """Companies that have their accounts already bill with them from the start."""
    companies = env["res.company"].search([])
    companies._set_focalist_charge_taxes()
    companies._set_focalist_charge_accounts()
