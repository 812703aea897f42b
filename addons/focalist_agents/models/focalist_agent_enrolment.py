import hashlib
import hmac
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .focalist_collector import KINDS

KEY_BYTES = 32
KEY_LIFE = timedelta(days=7)


class EnrolmentRefusedError(UserError):
    """A key that is right, for an agent that takes no collector now."""


def _hashed(key):
    # 256 random bits: there is nothing to guess, and so nothing to slow down.
    return hashlib.sha256(key.encode()).hexdigest()


class FocalistAgent(models.Model):
    """How a collector becomes an agent's: a key that works once."""

    _inherit = "focalist.agent"

    enrolment_key_hash = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    enrolment_key_expires_at = fields.Datetime(
        "Key valid until", readonly=True, copy=False
    )

    enrolment_key_kind = fields.Selection(
        KINDS, readonly=True, copy=False, groups=fields.NO_ACCESS
    )

    _enrolment_key_uniq = models.UniqueIndex(
        "(enrolment_key_hash) WHERE enrolment_key_hash IS NOT NULL",
        "An enrolment key is one agent's.",
    )

    def _new_enrolment_key(self, kind="network"):
        """Make the key that the next collector of this agent is installed with.

        The one made before, if it was not used, works no more. The caller checks the
        rights.

        :param str kind: of the collector
        :return: the key, which is kept nowhere
        :raise UserError: where the server has no secret, and so can sign nothing
        """
        self.ensure_one()
        # Whoever installs a collector cannot help it: tell it here.
        self.env["focalist.certificate.authority"]._get()
        key = secrets.token_urlsafe(KEY_BYTES)
        self.sudo().write(
            {
                "enrolment_key_hash": _hashed(key),
                "enrolment_key_expires_at": fields.Datetime.now() + KEY_LIFE,
                "enrolment_key_kind": kind,
            }
        )
        self._message_log(body=self.env._("An installation key was made."))
        return key

    @api.model
    def _of_enrolment_key(self, key):
        """The agent that an enrolment key was made for; empty for any other key."""
        wanted = _hashed(key)
        agent = self.sudo().search(
            [
                ("enrolment_key_hash", "=", wanted),
                ("enrolment_key_expires_at", ">", fields.Datetime.now()),
            ],
            limit=1,
        )
        if not hmac.compare_digest(agent.enrolment_key_hash or "", wanted):
            return self.browse()
        return agent.sudo(False)

    def _enroll(self, about, address):
        """Make a collector of whoever showed this agent's enrolment key.

        :param dict about: what it tells of itself
        :param str address: where it calls from
        :return: dict(collector, agent, server_time), and see `_issue`
        :raise EnrolmentRefusedError: where the agent has a collector of its network,
            takes none of USB, or what was sent cannot be signed
        """
        self.ensure_one()
        agent = self.sudo()
        # Of two that come with one key, the second waits here, then starts anew and
        # finds the key used.
        self.env.execute_query(
            SQL("SELECT id FROM focalist_agent WHERE id = %s FOR UPDATE", agent.id)
        )
        kind = agent.enrolment_key_kind or "network"
        if kind == "usb":
            if not agent.usb_unlocked:
                raise EnrolmentRefusedError(agent._usb_locked_message())
        elif present := agent._network_collector():
            raise EnrolmentRefusedError(agent._installed_message(present))
        # What is refused is answered, and so written: nothing of it may stay.
        with self.env.cr.savepoint():
            agent.write(
                {"enrolment_key_hash": False, "enrolment_key_expires_at": False}
            )
            collector = self.env["focalist.collector"]._install(
                agent, about, address, kind
            )
            issued = collector._issue_or_refuse(about)
            collector._take_next()
        agent._message_log(
            body=self.env._(
                "%(collector)s was installed, from %(address)s.",
                collector=collector.name,
                address=address,
            )
        )
        return {
            **issued,
            "collector": collector.name,
            "agent": agent.name,
            "server_time": self.env["focalist.collector"]._server_time(),
        }

    def _installed_message(self, collector):
        return self.env._(
            "%(agent)s has a collector already, on %(host)s. If it is to be replaced,"
            " revoke that one first; then make a new key.",
            agent=self.name,
            host=collector[:1].name,
        )
