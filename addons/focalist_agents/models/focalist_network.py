from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import ranges as ranges_


class FocalistNetwork(models.Model):
    """A network that an agent reaches, and how devices answer there."""

    _name = "focalist.network"
    _description = "Agent Network"
    _inherit = ["focalist.guarded.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    agent_id = fields.Many2one(
        "focalist.agent", required=True, index=True, ondelete="cascade"
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
    site_id = fields.Many2one(
        "focalist.site",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('partner_id', '=', partner_id)]",
        help="The site whose devices are on this network.",
    )
    ranges = fields.Text(
        "Addresses",
        help="What a scan asks: 10.1.2.0/24, 10.1.2.3-50 or 10.1.2.3, also in IPv6."
        " Several on lines of their own, or with commas.",
    )
    exclusions = fields.Text(
        "Except", help="Addresses that are never asked, written the same way."
    )
    address_count = fields.Integer(
        "Addresses to scan", compute="_compute_address_count"
    )
    snmp_port = fields.Integer("SNMP port", required=True, default=161)
    web_port = fields.Integer(
        "Web port",
        required=True,
        default=80,
        help="Where the remote panel finds the devices' own pages first.",
    )
    credential_ids = fields.One2many(
        "focalist.snmp.credential",
        "network_id",
        "SNMP credentials",
        groups="focalist_base.group_focalist_technician",
    )

    _snmp_port_bounds = models.Constraint(
        "CHECK (snmp_port BETWEEN 1 AND 65535)",
        "A port is a number from 1 to 65535.",
    )
    _web_port_bounds = models.Constraint(
        "CHECK (web_port BETWEEN 1 AND 65535)",
        "A port is a number from 1 to 65535.",
    )

    @api.depends("ranges")
    def _compute_address_count(self):
        """How many addresses its ranges have, exclusions not subtracted."""
        for network in self:
            try:
                found = ranges_.parse_all(network.ranges)
            except ValueError:
                found = []
            # A wrong IPv6 network has more than a column holds.
            network.address_count = min(ranges_.count(found), 2**31 - 1)

    @api.constrains("ranges", "exclusions")
    def _check_ranges(self):
        for network in self:
            for text in (network.ranges, network.exclusions):
                try:
                    ranges_.parse_all(text)
                except ValueError as error:
                    raise ValidationError(
                        self.env._(
                            "%(range)s is no address, range (10.1.2.3-50) or network"
                            " (10.1.2.0/24).",
                            range=error.args[0],
                        )
                    ) from error
            if network.address_count > ranges_.MAX_ADDRESSES:
                raise ValidationError(
                    self.env._(
                        "%(network)s has more than %(limit)s addresses: no scan ends."
                        " Narrow its ranges.",
                        network=network.name,
                        limit=f"{ranges_.MAX_ADDRESSES:,}",
                    )
                )

    def _places(self):
        """The networks with their ranges, as `tools.ranges.find` takes them."""
        return [(ranges_.parse_all(network.ranges), network) for network in self]

    def _wire(self):
        """The networks as collectors are told them, without their credentials."""
        return [
            {
                "id": network.id,
                "name": network.name,
                "ranges": list(filter(None, ranges_.split(network.ranges))),
                "exclude": list(filter(None, ranges_.split(network.exclusions))),
                "port": network.snmp_port,
            }
            for network in self
        ]

    @api.constrains("agent_id", "site_id")
    def _check_site_of_client(self):
        for network in self:
            site, client = network.site_id, network.agent_id.partner_id
            if site and site.partner_id != client:
                raise ValidationError(
                    self.env._(
                        "%(site)s is no site of %(client)s.",
                        site=site.display_name,
                        client=client.name,
                    )
                )
