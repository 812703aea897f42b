from urllib.parse import urlencode

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
    _inherit = ["focalist.guarded.mixin", "mail.thread"]
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
    opening_hours = fields.Text(
        help="When somebody is there for technicians and deliveries, as people write"
        " it: Mon-Fri 8:00-12:00, 14:00-18:00."
    )
    delivery_note = fields.Text(
        help="What whoever delivers supplies must know: gate, floor, whom to ask for."
    )

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

    @api.depends(
        lambda self: [
            f"{partner}.{name}"
            for partner in ("address_id", "partner_id")
            for name in self.env["res.partner"]._address_fields()
        ]
    )
    def _compute_full_address(self):
        for site in self:
            address = site.address_id or site.partner_id
            lines = address._display_address(without_company=True).splitlines()
            parts = (" ".join(line.split()).strip(" ,") for line in lines)
            site.full_address = ", ".join(filter(None, parts))

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
            for person in site.coordinator_id | site.coordinator_ids:
                if not person.is_focalist_coordinator:
                    raise ValidationError(
                        self.env._(
                            "%(contact)s is not a coordinator of %(client)s.",
                            contact=person.name,
                            client=client.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        """A client has a main site as soon as it has any."""
        sites = super().create([{**vals, "is_main": False} for vals in vals_list])
        for site, vals in zip(sites, vals_list, strict=True):
            if vals.get("is_main"):
                site.is_main = True
        sites._ensure_main()
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
            self._give_up_main()
        moved = self.filtered(lambda site: "tz" in vals and site.tz != vals["tz"])
        result = super().write(vals)
        if not vals.keys().isdisjoint(("is_main", "active")):
            self._ensure_main()
        if moved:
            self.env["focalist.volume"]._rebuild(moved)
        return result

    def unlink(self):
        """Where the main site goes, another one becomes it."""
        clients = self.partner_id
        result = super().unlink()
        clients.with_context(active_test=False).focalist_site_ids._ensure_main()
        return result

    def _give_up_main(self):
        """Make room for a client's new main site: it has one only."""
        if len(self) != len(self.partner_id):
            raise UserError(self.env._("A client has one main site only."))
        others = self.with_context(active_test=False).search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("is_main", "=", True),
                ("id", "not in", self.ids),
            ]
        )
        others.with_context(focalist_main_moves=True).is_main = False
        others.flush_recordset(["is_main"])

    def _ensure_main(self):
        """See that each of these sites' clients has a main site, an open one if any."""
        if self.env.context.get("focalist_main_moves"):
            return
        open_sites = self.search(
            [("partner_id", "in", self.partner_id.ids), ("active", "=", True)]
        )
        with_main = open_sites.filtered("is_main").partner_id
        for client, sites in open_sites.grouped("partner_id").items():
            if client not in with_main:
                sites[0].is_main = True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        uses = self._uses()
        if not uses:
            return
        raise UserError(
            "\n".join(
                self.env._(
                    "%(site)s cannot be deleted: %(uses)s belong to it.",
                    site=site.display_name,
                    uses=", ".join(what),
                )
                for site, what in uses.items()
            )
            + "\n\n"
            + self.env._(
                "Move its devices to another site and deactivate it instead: what was"
                " printed there is part of the statistics and of the bills."
            )
        )

    def _uses(self):
        """What hangs on these sites, and keeps them from being deleted.

        Each module adds what it knows of.

        :return: dict site -> list of words for people; only sites with something
        """
        # What hangs on a site does so also where one may not see it.
        env = self.sudo().with_context(active_test=False).env
        domain = [("site_id", "in", self.ids)]

        def by_site(model, aggregate):
            return dict(env[model]._read_group(domain, ["site_id"], [aggregate]))

        here = by_site("focalist.device", "id:array_agg")
        ever = by_site("focalist.device.placement", "device_id:array_agg")
        pages = by_site("focalist.volume.month", "pages_total:sum")
        uses = {}
        for site in self:
            present = set(here.get(site, ()))
            past = set(ever.get(site, ())) - present
            uses[site] = [
                words
                for count, words in (
                    (present, self.env._("devices that are there (%s)", len(present))),
                    (past, self.env._("devices that were there (%s)", len(past))),
                    (
                        pages.get(site),
                        self.env._("printed pages (%s)", pages.get(site)),
                    ),
                )
                if count
            ]
        return {site: words for site, words in uses.items() if words}

    def action_make_main(self):
        """Make this site its client's main one."""
        self.check_access("write")
        self.ensure_one()
        self.is_main = True

    def action_open_map(self):
        """Show the site's address on a map, in another tab of the browser."""
        self.check_access("read")
        self.ensure_one()
        query = urlencode({"query": self.full_address})
        return {
            "type": "ir.actions.act_url",
            "url": f"https://www.openstreetmap.org/search?{query}",
            "target": "new",
        }

    def action_open_devices(self):
        """Open the devices that stand at this site."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_device_action"
        )
        return action | {
            "domain": [("site_id", "=", self.id)],
            "context": {
                "default_proposed_site_id": self.id,
                "search_default_in_service": 1,
            },
        }
