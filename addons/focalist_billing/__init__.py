from . import controllers, models, wizards


def _post_init(env):
    """Companies that have their accounts already bill with tax from the start."""
    env["res.company"].search([])._set_focalist_charge_taxes()
