from datetime import timedelta
from urllib.parse import urlencode

from markupsafe import Markup

from odoo import SUPERUSER_ID, fields, models
from odoo.fields import Domain
from odoo.tools import hash_sign, plaintext2html, verify_hash_signed

from odoo.addons.focalist_base.tools.people import least_busy, of_group

#: A link in an invoice's mail opens its meters for so long.
LINK_DAYS = 60
#: What a link is signed for: a signature of another purpose does not open it.
SCOPE = "focalist.statement"
#: So many questions in an hour, at most.
QUESTIONS_OF_STATEMENT = 10
QUESTIONS_OF_PERSON = 20
QUESTION = "focalist_billing.mt_question"
ACTIVITY = "focalist_billing.mail_activity_type_question"


class FocalistStatement(models.Model):
    """What a client sees of its statement, and asks about it."""

    _name = "focalist.statement"
    _inherit = ["focalist.statement"]

    # -- links ------------------------------------------------------------------------

    def _signed_url(self):
        """An address that opens the statement without a login until a day.

        It opens the invoice that it was made for: not another one, of a statement that
        was billed anew.

        :return: (address, last day)
        """
        self.ensure_one()
        ends = fields.Datetime.now() + timedelta(days=LINK_DAYS)
        token = hash_sign(
            self.sudo().env, SCOPE, [self.id, self.move_id.id], expiration=ends
        )
        query = urlencode({"access_token": token})
        return f"{self.get_base_url()}{self._portal_url()}?{query}", ends.date()

    def _portal_url(self, suffix=""):
        return f"/my/statements/{self.id}{suffix}"

    def _is_opened_by(self, token):
        """Whether a link's token opens this statement: signed, not over, and billed."""
        self.ensure_one()
        try:
            signed = verify_hash_signed(self.sudo().env, SCOPE, token or "")
        except ValueError:
            return False
        statement = self.sudo()
        return (
            signed == [statement.id, statement.move_id.id]
            and statement.move_id.state == "posted"
        )

    def _get_access_action(self, access_uid=None, force_website=False):
        """Clients that a mail leads here land on their own page."""
        user = self.env["res.users"].sudo().browse(access_uid or self.env.uid)
        if user.share or force_website:
            return {
                "type": "ir.actions.act_url",
                "url": self._portal_url(),
                "target": "self",
            }
        return super()._get_access_action(access_uid, force_website)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Whoever asked, and has a login, gets a button in the answer's mail."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        for name, _matches, values in groups:
            if name == "portal":
                values["active"] = values["has_button_access"] = True
        return groups

    # -- what is beside it ------------------------------------------------------------

    def _previous(self):
        """The invoiced statement of the period before, if there is one."""
        self.ensure_one()
        return self.search(
            [
                ("contract_id", "=", self.contract_id.id),
                ("charge", "=", self.charge),
                ("site_id", "=", self.site_id.id),
                ("cost_centre", "=", self.cost_centre),
                ("date_end", "<", self.date_start),
                ("partner_id", "=", self.partner_id.id),
                ("move_id.state", "=", "posted"),
            ],
            order="date_end desc",
            limit=1,
        )

    def action_ask_readings(self):
        """Ask the client for the meters of the devices that have no reading here."""
        self.check_access("write")
        return self.missing_device_ids._ask_readings()

    # -- questions --------------------------------------------------------------------

    def _may_ask(self, author):
        """Whether neither this person nor anybody on this statement asks too much."""
        self.ensure_one()
        recent = (
            Domain("subtype_id", "=", self.env.ref(QUESTION).id)
            & Domain("model", "=", self._name)
            & Domain("date", ">", fields.Datetime.now() - timedelta(hours=1))
        )
        messages = self.env["mail.message"].sudo()
        return (
            messages.search_count(recent & Domain("res_id", "=", self.id))
            < QUESTIONS_OF_STATEMENT
            and messages.search_count(recent & Domain("author_id", "=", author.id))
            < QUESTIONS_OF_PERSON
        )

    def _ask(self, text, author, line=None, disputed=False):
        """Post what a client asks or disputes, and give an accountant something to do.

        Called with superuser rights, after the right to read the statement and the
        limits were checked.

        :param str text: as typed: no HTML
        :param author: res.partner record
        :param line: focalist.statement.line record that it is about; None: all of it
        :param bool disputed: it is not to be paid as it is
        """
        self.ensure_one()
        # In the language of the text below it.
        statement = self.with_user(SUPERUSER_ID).with_context(lang=author.lang)
        head = statement.env._("Dispute") if disputed else statement.env._("Question")
        if line:
            meters = dict(line._fields["meter"]._description_selection(statement.env))
            about = f"{line.device_id.display_name}, {meters[line.meter]}"
            head = statement.env._("%(kind)s: %(line)s", kind=head, line=about)
        statement.message_subscribe(author.ids)
        statement.message_post(
            body=Markup("<p><b>%s</b></p>%s") % (head, plaintext2html(text)),
            author_id=author.id,
            message_type="comment",
            subtype_xmlid=QUESTION,
        )
        statement._give_accountant(ACTIVITY)

    def _give_accountant(self, kind):
        """One thing to do, however many questions there are."""
        if self.activity_search([kind], only_automated=False):
            return
        self.activity_schedule(kind, user_id=self._answering_accountant().id)

    def _answering_accountant(self):
        """The invoice's salesperson, if an accountant, else the least busy one."""
        group = "focalist_base.group_focalist_accountant"
        people = of_group(self.env, group, self.company_id)
        if self.move_id.invoice_user_id in people:
            return self.move_id.invoice_user_id
        return least_busy(people, self._name)

    def _conversation(self):
        """What was asked and answered: no notes of the dealer's own."""
        self.ensure_one()
        return (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("message_type", "in", ("comment", "email")),
                    ("subtype_id.internal", "=", False),
                    ("subtype_id", "!=", False),
                ],
                order="id",
            )
        )
