from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.base.models.res_partner import _tz_get

COORDINATORS = (
    "[('parent_id', '=', partner_id), ('is_focalist_coordinator', '=', True)]"
)


class FocalistSite(models.Model):
    """A place of a client where devices stand."""

    _name = "focalist.site"
    _description = "Client Site"
    _inherit = ["mail.thread"]
    _order = "partner_id, is_main desc, name, id"
    _check_company_auto = True
    _rec_names_search = ["name", "partner_id.name", "address_id.city"]

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
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
    is_main = fields.Boolean("Main site", tracking=True)
    address_id = fields.Many2one(
        "res.partner",
        domain="['|', ('id', '=', partner_id), ('parent_id', '=', partner_id)]",
        help="One of the client's addresses; the client's own where none is chosen.",
    )
    coordinator_id = fields.Many2one(
        "res.partner",
        compute="_compute_coordinator_id",
        store=True,
        readonly=False,
        tracking=True,
        domain=COORDINATORS,
        help="Who looks after the devices of this site.",
    )
    coordinator_ids = fields.Many2many(
        "res.partner",
        "focalist_site_coordinator_rel",
        "site_id",
        "partner_id",
        "Seen by coordinators",
        domain=COORDINATORS,
        help="Coordinators of given sites who see this one in the portal.",
    )
    tz = fields.Selection(
        _tz_get,
        "Time zone",
        required=True,
        default=lambda self: (
            self.env.company.partner_id.tz or self.env.user.tz or "UTC"
        ),
        help="Days and months of this site's volumes begin at its midnight.",
    )
    device_ids = fields.One2many("focalist.device", "site_id")
    device_count = fields.Integer(compute="_compute_device_count")
    full_address = fields.Char(compute="_compute_full_address")

    _main_uniq = models.UniqueIndex(
        "(partner_id) WHERE is_main", "A client has one main site only."
    )

    @api.depends("partner_id")
    def _compute_coordinator_id(self):
        for site in self:
            if site.coordinator_id.parent_id != site.partner_id:
                site.coordinator_id = site.partner_id.focalist_main_coordinator_id

    @api.depends("device_ids.state")
    def _compute_device_count(self):
        counts = dict(
            self.env["focalist.device"]._read_group(
                [("site_id", "in", self.ids), ("state", "=", "active")],
                ["site_id"],
                ["__count"],
            )
        )
        for site in self:
            site.device_count = counts.get(site, 0)

    @api.depends("address_id", "partner_id")
    def _compute_full_address(self):
        for site in self:
            address = site.address_id or site.partner_id
            site.full_address = address._display_address(without_company=True).replace(
                "\n", ", "
            )

    @api.depends("name", "partner_id.name")
    @api.depends_context("focalist_with_client")
    def _compute_display_name(self):
        with_client = self.env.context.get("focalist_with_client")
        for site in self:
            client = site.partner_id.name
            site.display_name = (
                f"{client}, {site.name}" if with_client and client else site.name
            )

    @api.constrains("partner_id", "address_id", "coordinator_id", "coordinator_ids")
    def _check_belongs_to_client(self):
        for site in self:
            client = site.partner_id
            if not client.is_focalist_client:
                raise ValidationError(
                    self.env._("%(partner)s is not a client.", partner=client.name)
                )
            people = site.address_id | site.coordinator_id | site.coordinator_ids
            for partner in people - client:
                if partner.commercial_partner_id != client.commercial_partner_id:
                    raise ValidationError(
                        self.env._(
                            "%(contact)s is no contact of %(client)s."
                            " Choose one of the client's own contacts.",
                            contact=partner.display_name,
                            client=client.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        """The first site of a client is its main one."""
        sites = super().create(vals_list)
        clients = sites.partner_id
        with_main = self.search(
            [("partner_id", "in", clients.ids), ("is_main", "=", True)]
        ).partner_id
        for client in clients - with_main:
            sites.filtered(lambda site, c=client: site.partner_id == c)[
                :1
            ].is_main = True
        return sites

    def write(self, vals):
        if "partner_id" in vals and any(
            site.partner_id.id != vals["partner_id"] for site in self
        ):
            raise UserError(
                self.env._(
                    "A site stays with its client: what was printed there belongs to"
                    " that client. Create a site for the other client and move the"
                    " devices to it."
                )
            )
        if vals.get("is_main"):
            self.ensure_one()
            self.search(
                [("partner_id", "=", self.partner_id.id), ("is_main", "=", True)]
            ).filtered(lambda site: site != self).is_main = False
            self.flush_model(["is_main"])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        placements = self.env["focalist.device.placement"]._read_group(
            [("site_id", "in", self.ids)], ["site_id"], ["__count"]
        )
        for site, count in placements:
            raise UserError(
                self.env._(
                    "%(site)s cannot be deleted: %(count)s devices stand or stood"
                    " there, and their volumes belong to it. Move its devices and"
                    " archive the site instead.",
                    site=site.display_name,
                    count=count,
                )
            )

    def action_open_devices(self):
        """Open the devices that stand at this site."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_action"
        )
        return action | {
            "domain": [("site_id", "=", self.id)],
            "context": {"default_site_id": self.id},
        }
