from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
    snmp_port = fields.Integer("SNMP port", required=True, default=161)

    _snmp_port_bounds = models.Constraint(
        "CHECK (snmp_port BETWEEN 1 AND 65535)",
        "A port is a number from 1 to 65535.",
    )

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
