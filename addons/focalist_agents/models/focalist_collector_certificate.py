import hmac
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import certificates
from .focalist_agent_enrolment import EnrolmentRefusedError

# A key of this scope opens Focalist's own route and none of Odoo's.
KEY_SCOPE = "focalist.collector"
# A key and its certificate end together. Their collector renews both long before.
LIFE = timedelta(days=90)
# An outage of so long costs no installation.
RENEWED_BEFORE = timedelta(days=60)


class KeyRefusedError(Exception):
    """A key that opens nothing, or not with what is shown; the text is for the log."""


class FocalistCollector(models.Model):
    """What a collector proves itself with: a key, and the certificate it is tied to.

    While both are renewed there are two pairs: the former one holds until the collector
    has shown the new one, for an answer can be lost.
    """

    _name = "focalist.collector"
    _inherit = ["focalist.collector"]

    key_number = fields.Integer(readonly=True, groups=fields.NO_ACCESS)
    certificate_sha256 = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    certificate_ends_at = fields.Datetime("Certificate valid until", readonly=True)
    next_key_number = fields.Integer(readonly=True, groups=fields.NO_ACCESS)
    next_certificate_sha256 = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    next_certificate_ends_at = fields.Datetime(readonly=True, groups=fields.NO_ACCESS)

    @api.model
    def _of_key(self, key, certificate=None):
        """The collector whose key this is.

        Called with superuser rights.

        :param certificate: SHA-256 of the certificate that the proxy has checked; None
            where no proxy checks certificates
        :raise KeyRefusedError: where it is nobody's, or not shown with its certificate
        """
        keys = self.env["res.users.apikeys"]
        user_id = key and keys._check_credentials(scope=KEY_SCOPE, key=key)
        collector = self.search(
            [("user_id", "=", user_id or False), ("revoked_at", "=", False)], limit=1
        )
        number = collector and self._key_number(user_id, key)
        is_next = number and number == collector.next_key_number
        if not is_next and (not number or number != collector.key_number):
            raise KeyRefusedError(self._unknown_key_reason(certificate))
        if certificate is not None:
            bound = (
                collector.next_certificate_sha256
                if is_next
                else collector.certificate_sha256
            )
            if not bound or not hmac.compare_digest(bound, certificate):
                shown = "another certificate" if certificate else "no certificate"
                raise KeyRefusedError(
                    f"the key of {collector._log_name()} was shown with {shown}"
                )
        if is_next:
            collector._take_next()
        return collector

    @api.model
    def _unknown_key_reason(self, certificate):
        """Why a key opens nothing; its certificate may tell whose it was."""
        reason = "the key is unknown, revoked, or has ended"
        known = certificate and self.search(
            [("certificate_sha256", "=", certificate)], limit=1
        )
        return f"{reason} (certificate of {known._log_name()})" if known else reason

    @api.model
    def _key_number(self, user_id, key):
        """The id of a key that was found right."""
        rows = self.env.execute_query(
            SQL(
                "SELECT max(id) FROM res_users_apikeys"
                " WHERE user_id = %s AND starts_with(%s, index)",
                user_id,
                key,
            )
        )
        return rows[0][0]

    def _issue(self, request):
        """Make the next key and certificate of this collector.

        :param str request: its certificate signing request, in PEM
        :raise certificates.RequestError: where it cannot be signed
        :return: dict(key, certificate, ends_at); the key is kept nowhere
        """
        self.ensure_one()
        end = fields.Datetime.now() + LIFE
        certificate, sha256 = (
            self.env["focalist.certificate.authority"]
            ._get()
            ._sign(request, f"focalist-collector-{self.id}", end)
        )
        self._drop_keys(self.key_number)
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.user_id)
            .sudo()
            ._generate(KEY_SCOPE, self.name, end)
        )
        self.write(
            {
                "next_key_number": self._key_number(self.user_id.id, key),
                "next_certificate_sha256": sha256,
                "next_certificate_ends_at": end,
            }
        )
        return {
            "key": key,
            "certificate": certificate,
            "ends_at": end.isoformat() + "Z",
        }

    def _issue_or_refuse(self, about):
        """What `_issue` gives for what a collector sent.

        :raise EnrolmentRefusedError: where that cannot be signed
        """
        request = about.get("request") if isinstance(about, dict) else None
        try:
            return self._issue(request)
        except certificates.RequestError as error:
            raise EnrolmentRefusedError(
                self.env._(
                    "The certificate that the collector asks for cannot be signed."
                    " Install the present version of focalist-agent."
                )
            ) from error

    def _is_to_renew(self):
        """Whether it is time for another key and certificate."""
        border = fields.Datetime.now() + RENEWED_BEFORE
        return self.certificate_ends_at < border

    def _take_next(self):
        """The collector has shown its new key: the former one is of no use any more."""
        self._drop_keys(self.next_key_number)
        self.write(
            {
                "key_number": self.next_key_number,
                "certificate_sha256": self.next_certificate_sha256,
                "certificate_ends_at": self.next_certificate_ends_at,
                "next_key_number": False,
                "next_certificate_sha256": False,
                "next_certificate_ends_at": False,
            }
        )

    def _drop_keys(self, kept=None):
        """Remove the keys of these collectors, but for one."""
        self.env["res.users.apikeys"].sudo().search(
            [("user_id", "in", self.user_id.ids), ("id", "!=", kept)]
        )._remove()
