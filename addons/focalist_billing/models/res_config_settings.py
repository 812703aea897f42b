from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    focalist_journal_id = fields.Many2one(
        related="company_id.focalist_journal_id", readonly=False, check_company=True
    )
    focalist_payment_term_id = fields.Many2one(
        related="company_id.focalist_payment_term_id",
        readonly=False,
        check_company=True,
    )
    focalist_cutoff_journal_id = fields.Many2one(
        related="company_id.focalist_cutoff_journal_id",
        readonly=False,
        check_company=True,
    )
    focalist_accrued_account_id = fields.Many2one(
        related="company_id.focalist_accrued_account_id",
        readonly=False,
        check_company=True,
    )
    focalist_deferred_account_id = fields.Many2one(
        related="company_id.focalist_deferred_account_id",
        readonly=False,
        check_company=True,
    )
