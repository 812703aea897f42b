from odoo import fields, models


class MailMail(models.Model):
    _inherit = "mail.mail"

    focalist_notification_ids = fields.One2many("focalist.notification", "mail_id")

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Tell the log of notifications what became of their e-mails."""
        # Odoo's queue sends whatever is in it, in nobody's name.
        self.env["focalist.notification"].sudo()._mail_result(
            self, failure_reason, failure_type
        )
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason, failure_type
        )
