import logging
from datetime import timedelta

from odoo import api, fields, models

from ..tools.placeholders import fill
from .focalist_notification_type import _shown

_logger = logging.getLogger(__name__)

# What one e-mail lists in full; the rest of each table is a number.
LINES = 400
TABLE_LINES = 80
FIRST_RETRY = timedelta(minutes=10)
LONGEST_RETRY = timedelta(days=1)
MAX_ATTEMPTS = 14
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


class FocalistNotification(models.Model):
    """How notifications become e-mails.

    A row is marked in the transaction that makes its e-mail: a job that is killed
    between has done both or neither. From there Odoo's queue has it.
    """

    _inherit = "focalist.notification"

    @api.model
    def _cron_send(self):
        """Make the e-mails that are due: one transaction a recipient."""
        self._retry_failed()
        due = self._due_domain() & fields.Domain("state", "=", "pending")
        counts = self._read_group(due, ["recipient_id"], ["__count"])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=sum(count for _person, count in counts))
        for person, count in counts:
            rows = self.search(due & fields.Domain("recipient_id", "=", person.id))
            rows = rows.try_lock_for_update()
            try:
                with self.env.cr.savepoint():
                    rows._send()
            except Exception as error:
                _logger.exception("Notifications of %s failed", person.id)
                rows._fail(str(error))
            if not cron._commit_progress(count):
                break

    def _send(self):
        """Tell a person these things: at once apart by type, the rest as one."""
        rows = self._without_unwanted()
        mails = self.env["mail.mail"]
        for own in rows.grouped("company_id").values():
            once = own.filtered(lambda row: row.frequency == "once")
            for group in (*once.grouped("type_id").values(), own - once):
                if group:
                    mail = mails.create(group._compose())
                    group.write({"state": "queued", "mail_id": mail.id})
                    mails += mail
        if mails:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _without_unwanted(self):
        """These rows without what nobody is to be told any more."""
        settings = self._settings()
        reasons = {
            row: row._unwanted(settings.get((row.partner_id, row.type_id)))
            for row in self
        }
        for reason, rows in self.grouped(lambda row: reasons[row]).items():
            if reason:
                rows.write({"state": "skipped", "reason": reason})
        return self.filtered(lambda row: not reasons[row])

    def _unwanted(self, setting):
        """Why this is not to be told any more; None if it is."""
        client, person = self.partner_id, self.recipient_id
        if not person:
            return "nobody"
        if not client.focalist_active:
            return "inactive"
        if not setting or not setting.enabled:
            return "off"
        if not person._focalist_may_be_told(client, self.site_id):
            return "left"
        return None if person.email else "no_email"

    def _compose(self):
        """Values of the one e-mail to a person of all of these, in its language."""
        person, company = self.recipient_id, self.company_id
        rows = self.with_context(
            lang=person.lang or company.partner_id.lang or "en_US",
            tz=person.tz or self.partner_id[:1]._focalist_tz(),
        )
        texts = rows._texts()
        kinds, clients = rows.type_id, rows.partner_id
        if len(rows) == 1:
            line = rows._line(texts)
            subject, body = line["subject"], line["body"]
            titles = (kinds.name, clients.name)
        else:
            names = clients.name if len(clients) == 1 else company.name
            title = rows.env._("%(count)s notifications", count=len(rows))
            if len(kinds) == 1:
                title = f"{kinds.name} ({len(rows)})"
            subject, body = f"{title} – {names}", rows._digest(texts)
            titles = (title, names)
        return rows._prepare_mail(person, company, subject, body, titles)

    def _texts(self):
        """{(client, type): (subject, body, whether it is an own text)}."""
        texts = {}
        for place, setting in self._settings().items():
            client, kind = place
            rule = setting.text_id.with_context(lang=self.env.lang)
            template = kind.template_id.with_context(lang=self.env.lang)
            texts[client, kind] = (
                (rule.subject, rule.body, True)
                if rule
                else (template.subject, template.body_html, False)
            )
        return texts

    def _line(self, texts):
        """What an e-mail shows of one thing."""
        subject, body, own = texts[self.partner_id, self.type_id]
        values = {
            name: _shown(self.env, value) for name, value in (self.values or {}).items()
        }
        moment = {"datetime": fields.Datetime.to_string(self.occurred_at)}
        values |= {
            "client": self.partner_id.name,
            "site": self.site_id.name,
            "moment": _shown(self.env, moment),
            "detail": self.detail,
        }
        return {
            "subject": fill(subject, values),
            "body": fill(body, values, html=True),
            "own": own,
            "site": values["site"],
            "moment": values["moment"],
            "url": self._url(),
        }

    def _url(self):
        """A link for people of the dealer; others have the portal."""
        if self.recipient_id.partner_share:
            return False
        base = self.company_id.get_base_url()
        return f"{base}/mail/view?model={self.res_model}&res_id={self.res_id}"

    def _digest(self, texts):
        """These things as tables, a client and type each, none of them endless."""
        tables = self.grouped(lambda row: (row.partner_id, row.type_id))
        limit = min(TABLE_LINES, max(5, LINES // len(tables)))
        return self.env["ir.qweb"]._render(
            "focalist_base.notification_digest",
            {
                "clients": self.partner_id.sorted("name"),
                "tables": [
                    {
                        "client": client,
                        "name": kind.name,
                        "count": len(rows),
                        "lines": [row._line(texts) for row in rows[:limit]],
                        "more": len(rows[limit:]),
                    }
                    for (client, kind), rows in sorted(
                        tables.items(), key=lambda t: (t[0][1].sequence, t[0][1].id)
                    )
                ],
            },
        )

    @api.model
    def _prepare_mail(self, person, company, subject, body, subtitles):
        """Values of a mail.mail in Odoo's layout, from the dealer to a person."""
        html = self.env["mail.render.mixin"]._render_encapsulate(
            "mail.mail_notification_layout",
            self.env["ir.qweb"]._render(
                "focalist_base.notification_mail", {"body": body, "company": company}
            ),
            add_context={
                "company": company,
                "subtitles": [title for title in subtitles if title],
                "email_notification_force_header": True,
                "lang": self.env.lang,
                "record_name": subject,
            },
        )
        sender = company.email_formatted
        return {
            "subject": subject,
            "body_html": html,
            "recipient_ids": [fields.Command.set(person.ids)],
            "author_id": company.partner_id.id,
            "auto_delete": True,
            "headers": repr(HEADERS),
            "record_company_id": company.id,
        } | ({"email_from": sender, "reply_to": sender} if sender else {})

    def _fail(self, failure, reason="error"):
        """Keep what went wrong, and when it is tried again: ever later, within a day.

        :param str reason: `address` where another attempt would be in vain
        """
        now = fields.Datetime.now()
        for attempts, rows in self.grouped("attempts").items():
            last = reason == "address" or attempts + 1 >= MAX_ATTEMPTS
            rows.write(
                {
                    "state": "failed",
                    "reason": "given_up" if last and reason == "error" else reason,
                    "failure": failure,
                    "attempts": attempts + 1,
                    "due_at": not last
                    and now + min(FIRST_RETRY * 2**attempts, LONGEST_RETRY),
                }
            )

    @api.model
    def _retry_failed(self):
        """Try again what is due: the same e-mail where there is one."""
        # Where the server hangs up, Odoo's queue keeps the failure to itself.
        lost = self.search(
            [("state", "=", "queued"), ("mail_id.state", "=", "exception")]
        ).try_lock_for_update()
        for mail, rows in lost.grouped("mail_id").items():
            rows._fail(mail.failure_reason)
        failed = self.search(
            self._due_domain() & fields.Domain("state", "=", "failed")
        ).try_lock_for_update()
        failed = failed._without_unwanted()
        made = failed.filtered(lambda row: row.mail_id)
        (failed - made).write({"state": "pending"})
        if made:
            made.write({"state": "queued"})
            made.mail_id.mark_outgoing()
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _mail_result(self, mails, failure, failure_type):
        """Take down what became of e-mails.

        :param failure_type: empty where they were sent; see mail.mail
        """
        rows = self.search([("mail_id", "in", mails.ids)])
        if not failure_type:
            rows.write(
                {
                    "state": "sent",
                    "sent_at": fields.Datetime.now(),
                    "reason": False,
                    "failure": False,
                    "due_at": False,
                }
            )
            return
        invalid = failure_type in ("mail_email_invalid", "mail_email_missing")
        for mail, own in rows.grouped("mail_id").items():
            own._fail(failure or mail.failure_reason, "address" if invalid else "error")
