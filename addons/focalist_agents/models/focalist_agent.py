from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import ranges as ranges_
from ..tools import wire

STATES = [
    ("new", "New"),
    ("connected", "Connected"),
    ("ambiguous", "Ambiguous"),
    ("disconnected", "Disconnected"),
]
DEFAULT_PORT = 161
# What collectors tell for an address of printers at their computer's own USB.
USB = "usb"


class FocalistAgent(models.Model):
    """What watches the printers of one of a client's networks."""

    _name = "focalist.agent"
    _description = "Focalist Agent"
    _inherit = ["focalist.guarded.mixin", "mail.thread"]
    _order = "partner_id, name, id"
    _check_company_auto = True
    _rec_names_search = ["name", "partner_id.name"]

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(
        default=True,
        tracking=True,
        help="Off: it is given no device to poll. What it still sends is taken.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_focalist_client', '=', True)]",
    )
    company_id = fields.Many2one(
        related="partner_id.focalist_company_id",
        required=True,
        store=True,
        precompute=True,
        index=True,
    )
    site_id = fields.Many2one(
        "focalist.site",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        domain="[('partner_id', '=', partner_id)]",
        help="Where devices that it finds are presumed to stand. Empty for the"
        " whole client.",
    )
    network_ids = fields.One2many("focalist.network", "agent_id", "Networks")
    collector_ids = fields.One2many("focalist.collector", "agent_id", "Collectors")
    has_collector = fields.Boolean(compute="_compute_has_collector")
    device_ids = fields.One2many("focalist.device", "agent_id", "Devices")
    device_count = fields.Integer(compute="_compute_device_count")
    state = fields.Selection(
        STATES,
        compute="_compute_state",
        search="_search_state",
        help="New: nothing has connected yet. Disconnected: nothing was heard for two"
        " rounds of readings. Ambiguous: its collectors disagree.",
    )
    last_seen_at = fields.Datetime("Last contact", compute="_compute_last_seen_at")

    @api.depends("collector_ids.revoked_at")
    def _compute_has_collector(self):
        for agent in self:
            agent.has_collector = bool(agent._network_collector())

    @api.depends("device_ids")
    def _compute_device_count(self):
        counts = dict(
            self.env["focalist.device"]._read_group(
                [("agent_id", "in", self.ids)], ["agent_id"], ["__count"]
            )
        )
        for agent in self:
            agent.device_count = counts.get(agent, 0)

    @api.depends(
        "poll_interval", "collector_ids.last_seen_at", "collector_ids.revoked_at"
    )
    def _compute_state(self):
        states = {}
        if self.ids:
            self._flush_state()
            states = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, state FROM (%s) AS agent WHERE id IN %s",
                        self._state_query(),
                        tuple(self.ids),
                    )
                )
            )
        for agent in self:
            agent.state = states.get(agent._origin.id, "new")

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        self._flush_state()
        wanted = tuple(state for state in value if state) or (None,)

        def to_sql(_model, alias, _query):
            return SQL(
                "%s IN (SELECT id FROM (%s) AS agent WHERE state IN %s)",
                SQL.identifier(alias, "id"),
                self._state_query(),
                wanted,
            )

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _flush_state(self):
        self.flush_model(["poll_interval"])
        self.env["focalist.collector"].flush_model(
            ["agent_id", "last_seen_at", "revoked_at"]
        )

    @api.model
    def _state_query(self):
        """The state of every agent, by what its collectors were heard of last."""
        return SQL(
            """
            SELECT a.id,
                   CASE WHEN COUNT(c.id) = 0 THEN 'new'
                        WHEN BOOL_AND(c.state = 'connected') THEN 'connected'
                        WHEN BOOL_OR(c.state = 'connected') THEN 'ambiguous'
                        ELSE 'disconnected'
                   END AS state
              FROM focalist_agent a
         LEFT JOIN (SELECT id, agent_id, NULLIF(state, 'revoked') AS state
                      FROM (%s) AS said) AS c ON c.agent_id = a.id
             GROUP BY a.id
            """,
            self.env["focalist.collector"]._state_query(),
        )

    @api.depends("collector_ids.last_seen_at")
    def _compute_last_seen_at(self):
        seen = dict(
            self.env["focalist.collector"]._read_group(
                [("agent_id", "in", self.ids)], ["agent_id"], ["last_seen_at:max"]
            )
        )
        for agent in self:
            agent.last_seen_at = seen.get(agent)

    @api.constrains("partner_id", "site_id")
    def _check_belongs_to_client(self):
        for agent in self:
            client, site = agent.partner_id, agent.site_id
            if not client.is_focalist_client:
                raise ValidationError(
                    self.env._("%(partner)s is not a client.", partner=client.name)
                )
            if site and site.partner_id != client:
                raise ValidationError(
                    self.env._(
                        "%(site)s is no site of %(client)s.",
                        site=site.display_name,
                        client=client.name,
                    )
                )

    def write(self, vals):
        if "partner_id" in vals and any(
            agent.sudo().collector_ids and agent.partner_id.id != vals["partner_id"]
            for agent in self
        ):
            raise UserError(
                self.env._(
                    "An agent that was installed stays with its client. Add another"
                    " agent for the other client."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_installed(self):
        for agent in self:
            if agent._live_collectors():
                raise UserError(
                    self.env._(
                        "%(agent)s is installed and would go on calling. Revoke its"
                        " collector first.",
                        agent=agent.name,
                    )
                )

    def _log_name(self):
        """Which one this is, for the server's log."""
        return f"agent {self.id}, {wire.printable(self.name)}"

    def _live_collectors(self):
        """Its collectors that were not revoked."""
        return self.collector_ids.filtered(lambda collector: not collector.revoked_at)

    def _network_collector(self):
        """The collector that reads its network; empty where none is installed."""
        return self._live_collectors().filtered(lambda c: c.kind == "network")

    def _presumed_site(self):
        """Where a device that it finds is presumed to stand; empty if nobody knows."""
        self.ensure_one()
        if self.site_id:
            return self.site_id
        sites = self.env["focalist.site"].search(
            [("partner_id", "=", self.partner_id.id)], limit=2
        )
        return sites if len(sites) == 1 else sites.browse()

    def _polled_devices(self):
        """The devices that it is to poll.

        Those it reported last, and of the client's others those that no working
        agent of the client reported last, where no other agent is at home.
        """
        self.ensure_one()
        if not self.active or not self.partner_id.focalist_active:
            return self.env["focalist.device"]
        home = self.site_id | self.network_ids.site_id
        if home:
            unclaimed = Domain("site_id", "in", home.ids)
        else:
            others = self.search(
                [("partner_id", "=", self.partner_id.id), ("id", "!=", self.id)]
            )
            taken = others.site_id | others.network_ids.site_id
            unclaimed = Domain("site_id", "not in", taken.ids)
        client = Domain("partner_id", "=", self.partner_id.id)
        # An agent that was archived, or has no collector any more, holds no device.
        working = self.search(
            client & Domain("collector_ids", "any", [("revoked_at", "=", False)])
        )
        unclaimed &= Domain("agent_id", "not in", working.ids)
        return self.env["focalist.device"].search(
            Domain("company_id", "=", self.company_id.id)
            & Domain("state", "in", ("active", "to_complete"))
            & Domain("ip_address", "not in", (False, USB))
            & (
                # A device that moved to another client is not behind this agent.
                (
                    Domain("agent_id", "=", self.id)
                    & (client | Domain("partner_id", "=", False))
                )
                | (client & unclaimed)
            ),
            order="id",
        )

    def _polled_addresses(self):
        """Where its devices answer, and on which of its networks.

        A device is on the network whose ranges have its address, else on its site's,
        else on the first.

        :return: list of dict(address, port, network), each address and port once;
            network is an id, 0 where the agent has none
        """
        self.ensure_one()
        networks = self.network_ids
        places = networks._places()
        by_site = {net.site_id: net for net in networks[::-1] if net.site_id}
        addresses = {}
        for device in self._polled_devices():
            address = device.ip_address.strip()
            network = ranges_.find(places, address) or by_site.get(
                device.site_id, networks[:1]
            )
            port = network.snmp_port or DEFAULT_PORT
            addresses.setdefault((address, port), network.id or 0)
        return [
            {"address": address, "port": port, "network": network}
            for (address, port), network in addresses.items()
        ]

    def action_new_key(self):
        """Make a key to install the agent with, and show it this once."""
        self.ensure_one()
        self.check_access("write")
        self._check_works()
        if collector := self._network_collector():
            raise UserError(self._installed_message(collector))
        return self.env["focalist.agent.key"]._show(self, self._new_enrolment_key())

    def _check_works(self):
        """Refuse a key for an agent that would do nothing."""
        if not self.active:
            raise UserError(
                self.env._(
                    "%(agent)s is archived: it would poll nothing. Restore it first.",
                    agent=self.name,
                )
            )

    def action_open_devices(self):
        """Open the devices that it reported last."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_action"
        )
        return action | {"domain": [("agent_id", "=", self.id)]}
