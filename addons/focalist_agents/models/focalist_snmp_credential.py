import json
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import secret

_logger = logging.getLogger(__name__)

# Of `secret.encrypt`.
PURPOSE = "SNMP credential"
# RFC 3414, 11.2.
MIN_PASSWORD = 8
MAX_USER_BYTES = 32
SECRETS = ("community", "auth_password", "priv_password")
# Which secrets a credential has, by what it is.
NEEDS = {
    "community": lambda credential: ("community",),
    "user": lambda credential: (
        *(("auth_password",) if credential.auth else ()),
        *(("priv_password",) if credential.priv else ()),
    ),
}


class FocalistSnmpCredential(models.Model):
    """How the devices of a network are asked: a community, or a user of SNMPv3.

    Its secrets are written and never shown again: encrypted here, and told to the
    collector of the network alone.
    """

    _name = "focalist.snmp.credential"
    _description = "SNMP Credential"
    _inherit = ["focalist.guarded.mixin"]
    _order = "network_id, sequence, id"
    _rec_name = "kind"
    _check_company_auto = True

    network_id = fields.Many2one(
        "focalist.network", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="network_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    sequence = fields.Integer(
        default=10, help="They are tried in this order until a device answers."
    )
    kind = fields.Selection(
        [("community", "Community"), ("user", "SNMPv3 user")],
        required=True,
        default="community",
    )
    user_name = fields.Char("User")
    auth = fields.Selection(
        [
            ("md5", "MD5"),
            ("sha", "SHA-1"),
            ("sha224", "SHA-224"),
            ("sha256", "SHA-256"),
            ("sha384", "SHA-384"),
            ("sha512", "SHA-512"),
        ],
        "Authentication",
    )
    priv = fields.Selection(
        [
            ("des", "DES"),
            ("aes128", "AES-128"),
            ("aes192", "AES-192"),
            ("aes256", "AES-256"),
            ("aes192-blumenthal", "AES-192 (Blumenthal)"),
            ("aes256-blumenthal", "AES-256 (Blumenthal)"),
        ],
        "Privacy",
    )
    context_name = fields.Char(
        "Context", help="Only for the few devices that want one."
    )
    community = fields.Char(
        compute="_compute_secrets", inverse="_inverse_community", copy=False
    )
    auth_password = fields.Char(
        "Authentication password",
        compute="_compute_secrets",
        inverse="_inverse_auth_password",
        copy=False,
    )
    priv_password = fields.Char(
        "Privacy password",
        compute="_compute_secrets",
        inverse="_inverse_priv_password",
        copy=False,
    )
    # A JSON object of the secrets, encrypted.
    token = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    is_complete = fields.Boolean(
        "Known",
        compute="_compute_is_complete",
        help="Off: a community or password is missing, or was written with another"
        " secret of the server. Type it again.",
    )
    kept = fields.Char(compute="_compute_is_complete")

    _priv_needs_auth = models.Constraint(
        "CHECK (priv IS NULL OR auth IS NOT NULL)",
        "Privacy needs authentication: it is not possible alone.",
    )
    _user_needs_name = models.Constraint(
        "CHECK (kind <> 'user' OR user_name IS NOT NULL)",
        "Name the SNMPv3 user.",
    )

    @api.depends("kind", "user_name")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for credential in self:
            credential.display_name = credential.user_name or labels.get(
                credential.kind
            )

    def _compute_secrets(self):
        """Nobody is shown them."""
        for name in SECRETS:
            self[name] = False

    @api.depends("token", "kind", "auth", "priv")
    def _compute_is_complete(self):
        for credential in self:
            known = credential._secrets() or {}
            credential.is_complete = all(
                known.get(name)
                for name in NEEDS[credential.kind or "community"](credential)
            )
            # What stands in the empty fields: there is something, left as it is.
            credential.kept = credential.is_complete and "••••••"

    def _inverse_community(self):
        self._keep("community")

    def _inverse_auth_password(self):
        self._keep("auth_password")

    def _inverse_priv_password(self):
        self._keep("priv_password")

    def _keep(self, name):
        """Encrypt what was typed; what was left empty stays as it was."""
        for credential in self:
            typed = credential[name]
            if not typed:
                continue
            if name != "community" and len(typed) < MIN_PASSWORD:
                raise ValidationError(
                    self.env._(
                        "SNMPv3 passwords have %s characters at least.", MIN_PASSWORD
                    )
                )
            known = credential._secrets() or {}
            try:
                data = json.dumps(known | {name: typed}).encode()
                token = secret.encrypt(PURPOSE, data)
            except secret.SecretError as error:
                raise UserError(secret.message(self.env, error)) from error
            # Who may write the field has it encrypted.
            credential.sudo().token = token

    @api.constrains("kind", "user_name", "auth", "priv")
    def _check_user(self):
        for credential in self:
            if len((credential.user_name or "").encode()) > MAX_USER_BYTES:
                raise ValidationError(
                    self.env._("An SNMPv3 user has %s characters at most.", 32)
                )

    def _secrets(self):
        """The secrets in clear; None where they cannot be read.

        For the collector, and to add one to the others: never for people.
        """
        self.ensure_one()
        token = self.sudo().token
        if not token:
            return {}
        try:
            return json.loads(secret.decrypt(PURPOSE, token))
        except secret.SecretError as error:
            _logger.error(
                "SNMP credential %s cannot be decrypted (%s).", self.id, error.args[0]
            )
            return None

    def _wire(self):
        """The credentials as collectors are told them, without incomplete ones."""
        told = []
        for credential in self:
            known = credential._secrets()
            needs = NEEDS[credential.kind](credential)
            if known is None or not all(known.get(name) for name in needs):
                continue
            values = {name: known[name] for name in needs}
            if credential.kind == "user":
                values |= {
                    "user": credential.user_name,
                    "auth": credential.auth,
                    "priv": credential.priv,
                    "context": credential.context_name,
                }
            told.append({name: value for name, value in values.items() if value})
        return told
