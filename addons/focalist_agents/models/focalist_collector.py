from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import wire

KINDS = [("network", "Network"), ("usb", "USB")]
ABOUT = ("version", "hostname", "platform")
COUNTS = ("spooled", "dropped", "rejected", "clock_ahead")
MAX_COUNT = 2**31 - 1
MAX_TEXT = 128
# How long a collector may be late for its second round before it counts as lost.
GRACE_SECONDS = 300


class FocalistCollector(models.Model):
    """An installed daemon: it reads devices for its agent, with a key of its own."""

    _name = "focalist.collector"
    _description = "Installed Collector"
    _inherit = ["focalist.guarded.mixin"]
    _order = "enrolled_at desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    agent_id = fields.Many2one(
        "focalist.agent", required=True, readonly=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        related="agent_id.partner_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(
        related="agent_id.company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    kind = fields.Selection(KINDS, required=True, readonly=True, default="network")
    user_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        groups="base.group_system",
        help="Whose name its readings bear. It can open nothing.",
    )
    version = fields.Char(readonly=True)
    hostname = fields.Char("Host name", readonly=True)
    platform = fields.Char("System", readonly=True)
    address = fields.Char(readonly=True, help="Where it last called from.")
    spooled = fields.Integer(
        "Waiting reports", readonly=True, help="On its disk, to be sent."
    )
    dropped = fields.Integer(
        "Dropped reports",
        readonly=True,
        help="Since it was installed: its disk, or its share of it, was full. Of each"
        " printer the oldest go first.",
    )
    rejected = fields.Integer(
        "Rejected reports", readonly=True, help="Its own status says why."
    )
    clock_ahead = fields.Integer(
        "Clock ahead (s)",
        readonly=True,
        help="How far its clock is ahead of the server's. Readings bear the server's"
        " time.",
    )
    enrolled_at = fields.Datetime("Installed", required=True, readonly=True)
    last_seen_at = fields.Datetime("Last contact", readonly=True)
    revoked_at = fields.Datetime("Revoked", readonly=True)
    state = fields.Selection(
        [
            ("connected", "Connected"),
            ("disconnected", "Disconnected"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
    )

    _live_network_uniq = models.UniqueIndex(
        "(agent_id) WHERE kind = 'network' AND revoked_at IS NULL",
        "An agent has one network collector. Revoke it before another is installed.",
    )

    @api.depends("hostname")
    def _compute_name(self):
        for collector in self:
            collector.name = collector.hostname or self.env._("Collector")

    @api.depends("last_seen_at", "revoked_at", "agent_id.poll_interval")
    def _compute_state(self):
        states = {}
        if self.ids:
            self.env["focalist.agent"]._flush_state()
            states = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, state FROM (%s) AS collector WHERE id IN %s",
                        self._state_query(),
                        tuple(self.ids),
                    )
                )
            )
        for collector in self:
            collector.state = states.get(collector._origin.id)

    @api.model
    def _state_query(self):
        """The state of every collector: heard of within two rounds, or not."""
        return SQL(
            """
            SELECT c.id, c.agent_id,
                   CASE WHEN c.revoked_at IS NOT NULL THEN 'revoked'
                        WHEN c.last_seen_at >= %s::timestamp - make_interval(
                                 secs => 2 * a.poll_interval + %s) THEN 'connected'
                        ELSE 'disconnected'
                   END AS state
              FROM focalist_collector c
              JOIN focalist_agent a ON a.id = c.agent_id
            """,
            fields.Datetime.now(),
            GRACE_SECONDS,
        )

    @api.model
    def _install(self, agent, about, address, kind="network"):
        """Make a collector of an agent, with a user of its own.

        Called with superuser rights, after the enrolment key was checked.
        """
        now = fields.Datetime.now()
        user = self._make_user(agent)
        return self.sudo().create(
            {
                "agent_id": agent.id,
                "kind": kind,
                "user_id": user.id,
                "enrolled_at": now,
                "last_seen_at": now,
                "address": address,
                **self._told(about),
            }
        )

    @api.model
    def _make_user(self, agent):
        """A user that has no password, no rights and no place among people."""
        group = self.env.ref("focalist_base.group_focalist_collector")
        users = (
            self.env["res.users"]
            .sudo()
            .with_context(
                no_reset_password=True, mail_create_nolog=True, tracking_disable=True
            )
        )
        user = users.create(
            {
                # Whoever reads what it wrote is not told whose it is.
                "name": self.env._("Collector %(number)s", number=agent.id),
                "login": f"focalist-collector-{uuid4()}",
                "group_ids": [fields.Command.set(group.ids)],
                "company_id": agent.company_id.id,
                "company_ids": [fields.Command.set(agent.company_id.ids)],
            }
        )
        # Odoo lets no contact of an active user be archived, except its own robot's.
        partner = user.partner_id
        self.env.execute_query(
            SQL(
                "UPDATE res_partner SET active = FALSE WHERE id = %s RETURNING id",
                partner.id,
                to_flush=partner._fields["active"],
            )
        )
        partner.invalidate_recordset(["active"])
        return user

    @api.model
    def _told(self, about):
        """What a collector tells of itself, cleaned."""
        if not isinstance(about, dict):
            return {}
        texts = {
            name: wire.printable(about[name], MAX_TEXT)
            for name in ABOUT
            if isinstance(about.get(name), str)
        }
        counts = {
            name: max(-MAX_COUNT, min(about[name], MAX_COUNT))
            for name in COUNTS
            if type(about.get(name)) is int
        }
        return texts | counts

    def _log_name(self):
        """Who this is, for the server's log."""
        name = wire.printable(self.name)
        return f"collector {self.id}, {name}, of {self.agent_id._log_name()}"

    def action_revoke(self):
        """Refuse a collector from now on, so that another can be installed."""
        self.agent_id.check_access("write")
        live = self.filtered(lambda collector: not collector.revoked_at).sudo()
        live._drop_keys()
        live.user_id.active = False
        live.revoked_at = fields.Datetime.now()
        for collector in live:
            collector.agent_id.sudo(False)._message_log(
                body=self.env._("%(collector)s was revoked.", collector=collector.name)
            )
