from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import certificates, secret

LIFE = timedelta(days=3650)
PURPOSE = "certificate authority"
# Clocks that are behind find it valid, too.
BACKDATED = timedelta(hours=1)


class FocalistCertificateAuthority(models.Model):
    """The server's own authority: who bears a certificate of it is a collector.

    One for the database. Its key is encrypted with the server's secret, and leaves the
    database with nobody.
    """

    _name = "focalist.certificate.authority"
    _description = "Certificate Authority of Collectors"
    _inherit = ["focalist.guarded.mixin"]

    name = fields.Char(required=True, readonly=True)
    certificate = fields.Text(
        required=True,
        readonly=True,
        help="What the reverse proxy checks collectors' certificates against.",
    )
    private_key = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    valid_until = fields.Datetime(required=True, readonly=True)

    _only_one = models.UniqueIndex("((TRUE))", "There is one authority.")

    @api.model
    def _get(self):
        """The authority; made where there is none yet.

        :raise UserError: where the server has no secret to encrypt its key with
        """
        if authority := self.sudo().search([], limit=1):
            return authority
        now = fields.Datetime.now()
        name = f"Focalist collectors of {self.env.cr.dbname}"
        end = now + LIFE
        certificate, key = certificates.new_authority(name[:64], now - BACKDATED, end)
        return self.sudo().create(
            {
                "name": name,
                "certificate": certificate,
                "private_key": self._with_secret(secret.encrypt, PURPOSE, key),
                "valid_until": end,
            }
        )

    def _sign(self, request, name, end):
        """Sign a collector's request.

        :raise certificates.RequestError: where it cannot be signed
        :return: (certificate, its SHA-256)
        """
        self.ensure_one()
        authority = self.sudo()
        key = self._with_secret(secret.decrypt, PURPOSE, authority.private_key)
        start = fields.Datetime.now() - BACKDATED
        signed = certificates.sign(
            request, authority.certificate, key, name, start, end
        )
        return signed, certificates.fingerprint(signed)

    @api.model
    def _with_secret(self, use, *arguments):
        """Use the server's secret; what is wrong with it is told in words."""
        try:
            return use(*arguments)
        except secret.SecretError as error:
            raise UserError(secret.message(self.env, error)) from error
