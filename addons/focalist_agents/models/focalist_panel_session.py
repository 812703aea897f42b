import hashlib
import hmac
import logging
import secrets
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import panel_headers, panel_host

_logger = logging.getLogger(__name__)

OPEN_PATH = "/.focalist/open"
# How long the address that the button opens is good for.
TOKEN_LIFE = timedelta(seconds=60)
DEFAULT_MINUTES = 15
# Of one agent at one time.
MAX_OPEN = 20


class FocalistPanelSession(models.Model):
    """One opening of a device's own web page, by one user and for a limited time."""

    _name = "focalist.panel.session"
    _description = "Remote Panel Session"
    _inherit = ["focalist.guarded.mixin"]
    _order = "create_date desc, id desc"
    _rec_name = "device_id"
    _check_company_auto = True

    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agent_id = fields.Many2one(
        "focalist.agent", required=True, readonly=True, index=True, ondelete="cascade"
    )
    collector_id = fields.Many2one(
        "focalist.collector", readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, index=True
    )
    site_id = fields.Many2one("focalist.site", readonly=True, index=True)
    company_id = fields.Many2one(
        "res.company", "Dealer", required=True, readonly=True, index=True
    )
    address = fields.Char(required=True, readonly=True)
    scheme = fields.Selection(
        [("http", "HTTP"), ("https", "HTTPS")], required=True, readonly=True
    )
    port = fields.Integer(required=True, readonly=True)
    label = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_sha256 = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    cookie_sha256 = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    used_at = fields.Datetime("Opened", readonly=True)
    expires_at = fields.Datetime("Ends", required=True, readonly=True)
    closed_at = fields.Datetime("Closed", readonly=True)
    request_count = fields.Integer("Requests", readonly=True, default=0)
    last_request_at = fields.Datetime("Last request", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Closed"), ("expired", "Expired")],
        compute="_compute_state",
    )

    _label_uniq = models.UniqueIndex("(label)", "Each panel has a host of its own.")
    _open_idx = models.Index("(agent_id, expires_at) WHERE closed_at IS NULL")

    @api.depends("closed_at", "expires_at")
    def _compute_state(self):
        now = fields.Datetime.now()
        for session in self:
            if session.closed_at:
                session.state = "closed"
            else:
                session.state = "open" if session.expires_at > now else "expired"

    @api.model
    def _domain(self):
        """The domain that panels live under, with its port; empty where none is set."""
        parameters = self.env["ir.config_parameter"].sudo()
        return parameters.get_param("focalist_agents.panel_domain") or ""

    @api.model
    def _life(self):
        """How long a panel is open, a timedelta."""
        parameters = self.env["ir.config_parameter"].sudo()
        minutes = parameters.get_param("focalist_agents.panel_minutes")
        return timedelta(minutes=int(minutes or DEFAULT_MINUTES))

    @api.model
    def _now_open(self):
        """The domain of the sessions that are open."""
        return Domain("closed_at", "=", False) & Domain(
            "expires_at", ">", fields.Datetime.now()
        )

    @api.model
    def _open(self, device):
        """Open a device's panel for the user.

        Called with superuser rights, after the device's own checks.

        :return: the address that opens it, once and at once
        """
        agent, now = device.agent_id, fields.Datetime.now()
        others = self.search(Domain("agent_id", "=", agent.id) & self._now_open())
        # One browser at a time: what was opened before ends.
        old = others.filtered(
            lambda one: one.device_id == device and one.user_id == self.env.user
        )
        old.closed_at = now
        if len(others - old) >= MAX_OPEN:
            raise UserError(
                self.env._(
                    "%(agent)s has %(count)s panels open: close one of them first.",
                    agent=agent.name,
                    count=MAX_OPEN,
                )
            )
        port = device._panel_port()
        token = secrets.token_urlsafe(32)
        session = self.create(
            {
                "device_id": device.id,
                "user_id": self.env.user.id,
                "agent_id": agent.id,
                "collector_id": agent._network_collector().id,
                "partner_id": device.partner_id.id,
                "site_id": device.site_id.id,
                "company_id": device.company_id.id,
                "address": device.ip_address.strip(),
                "scheme": "https" if port in (443, 8443) else "http",
                "port": port,
                "label": panel_host.new_label(),
                "token_sha256": _hash(token),
                "expires_at": now + self._life(),
            }
        )
        device._message_log(body=self.env._("The remote panel was opened."))
        base = self.env["ir.config_parameter"].get_param("web.base.url") or ""
        scheme = urlsplit(base).scheme or "https"
        query = urlencode({"token": token})
        return f"{scheme}://{session.label}.{self._domain()}{OPEN_PATH}?{query}"

    @api.model
    def _of_label(self, label):
        """The session of a host's label, open or not."""
        return self.search([("label", "=", label)]) if label else self.browse()

    def _use_token(self, token):
        """Exchange the one-use token for the secret of the browser's cookie.

        :return: the secret; None where the token is wrong, late or used
        """
        self.ensure_one()
        secret = secrets.token_urlsafe(32)
        now = fields.Datetime.now()
        used = self.env.execute_query(
            SQL(
                "UPDATE focalist_panel_session SET used_at = %s, cookie_sha256 = %s"
                " WHERE id = %s AND token_sha256 = %s AND used_at IS NULL"
                " AND closed_at IS NULL AND create_date > %s RETURNING id",
                now,
                _hash(secret),
                self.id,
                _hash(token),
                now - TOKEN_LIFE,
            )
        )
        self.invalidate_recordset(["used_at", "cookie_sha256"])
        return secret if used else None

    def _is_browsers(self, secret):
        """Whether this is the secret of the browser that opened it."""
        return bool(self.cookie_sha256) and hmac.compare_digest(
            self.cookie_sha256, _hash(secret)
        )

    def _is_open(self):
        """Whether it may be used: all that it was opened for must hold still."""
        self.ensure_one()
        device, agent = self.device_id, self.agent_id
        return bool(
            self.state == "open"
            and self.user_id.active
            and self.partner_id.focalist_panel_unlocked
            and self.partner_id.focalist_active
            and device.active
            and device.state == "active"
            and device.partner_id == self.partner_id
            and (device.ip_address or "").strip() == self.address
            and agent.active
            and agent.partner_id == self.partner_id
            and not self.collector_id.revoked_at
        )

    def _place(self):
        """Where its device's pages are now, for `tools.panel_headers`."""
        return panel_headers.Place(
            self.scheme, self.address, self.port, self.device_id.hostname or ""
        )

    def _end(self):
        """Close what is open of these sessions, from now on."""
        ending = self.filtered_domain(self._now_open())
        ending.closed_at = fields.Datetime.now()
        for session in ending:
            _logger.info(
                "The panel of device %s, opened by %s, was closed.",
                session.device_id.id,
                session.user_id.login,
            )

    @api.model
    def _end_all(self, domain):
        """Close the open sessions of a domain. Called by methods that have checked."""
        self.sudo().search(Domain(domain) & self._now_open())._end()

    def action_close(self):
        """End the panels: their pages cannot be used from now on."""
        self.check_access("read")
        others = self.filtered(lambda session: session.user_id != self.env.user)
        if others and not (
            self.env.user.has_group("focalist_base.group_focalist_manager")
            or self.env.user.has_group("focalist_base.group_focalist_support")
        ):
            raise AccessError(self.env._("Only who opened a panel closes it."))
        # Its own, or a manager's or support's to close: nobody writes sessions.
        self.sudo()._end()


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()
