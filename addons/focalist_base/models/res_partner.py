from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# Whoever sees contacts but not the fleet must not stumble over what rests on it.
FOCALIST_USERS = "focalist_base.group_focalist_user"
# What the portal's record rules are made of.
RULE_FIELDS = ("focalist_coordinator_scope", "parent_id", "is_company")


class ResPartner(models.Model):
    """A client is a company; a coordinator is one of its contacts."""

    _inherit = "res.partner"

    is_focalist_client = fields.Boolean("Focalist client", index="btree_not_null")
    focalist_active = fields.Boolean(
        "Followed by Focalist",
        default=True,
        tracking=True,
        help="Off: nothing of this client is polled or notified. Nothing is lost.",
    )
    focalist_company_id = fields.Many2one(
        "res.company",
        "Dealer",
        compute="_compute_focalist_company_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
        help="The company that looks after this client's devices.",
    )
    focalist_prefix = fields.Char(
        "Prefix", size=12, tracking=True, help="A short name, unique for the dealer."
    )
    focalist_currency_id = fields.Many2one(
        "res.currency",
        "Billing currency",
        compute="_compute_focalist_currency_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    focalist_main_coordinator_id = fields.Many2one(
        "res.partner",
        "Main coordinator",
        compute="_compute_focalist_main_coordinator_id",
        store=True,
        readonly=False,
        domain="[('parent_id', '=', id), ('is_focalist_coordinator', '=', True)]",
    )
    is_focalist_coordinator = fields.Boolean("Coordinator")
    is_focalist_main_coordinator = fields.Boolean(
        "Main coordinator",
        compute="_compute_is_focalist_main_coordinator",
        inverse="_inverse_is_focalist_main_coordinator",
        help="The default on new sites. A client with coordinators has one main one.",
    )
    focalist_coordinator_scope = fields.Selection(
        [("client", "Whole client"), ("sites", "Given sites")],
        "Looks after",
        default="client",
        required=True,
        help="What the coordinator sees in the portal.",
    )
    focalist_coordinated_site_ids = fields.Many2many(
        "focalist.site",
        "focalist_site_coordinator_rel",
        "partner_id",
        "site_id",
        "Coordinated sites",
        groups=FOCALIST_USERS,
        domain="[('partner_id', '=', parent_id)]",
    )
    focalist_site_ids = fields.One2many(
        "focalist.site", "partner_id", "Sites", groups=FOCALIST_USERS
    )
    focalist_coordinator_ids = fields.One2many(
        "res.partner",
        "parent_id",
        "Coordinators",
        domain=[("is_focalist_coordinator", "=", True)],
    )
    focalist_device_ids = fields.One2many(
        "focalist.device", "partner_id", "Devices", groups=FOCALIST_USERS
    )
    focalist_to_complete_ids = fields.One2many(
        "focalist.device",
        "partner_id",
        "Devices to complete",
        domain=[("state", "=", "to_complete")],
        groups=FOCALIST_USERS,
    )
    focalist_placement_ids = fields.One2many(
        "focalist.device.placement", "partner_id", "Placements", groups=FOCALIST_USERS
    )
    focalist_main_site_id = fields.Many2one(
        "focalist.site",
        "Main site",
        compute="_compute_focalist_main_site_id",
        groups=FOCALIST_USERS,
    )
    focalist_stat_id = fields.Many2one(
        "focalist.client.stat",
        "Counters",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=FOCALIST_USERS,
        help="What the list of clients sorts by and adds up.",
    )
    focalist_site_count = fields.Integer(
        related="focalist_stat_id.site_count", groups=FOCALIST_USERS
    )
    focalist_device_count = fields.Integer(
        related="focalist_stat_id.device_count", groups=FOCALIST_USERS
    )
    focalist_silent_count = fields.Integer(
        related="focalist_stat_id.silent_count", groups=FOCALIST_USERS
    )
    focalist_alert_count = fields.Integer(
        related="focalist_stat_id.alert_count", groups=FOCALIST_USERS
    )
    focalist_last_month_pages = fields.Integer(
        related="focalist_stat_id.last_month_pages", groups=FOCALIST_USERS
    )
    focalist_last_contact_at = fields.Datetime(
        related="focalist_stat_id.last_contact_at", groups=FOCALIST_USERS
    )

    _focalist_client_company = models.Constraint(
        "CHECK (is_focalist_client IS NOT TRUE OR focalist_company_id IS NOT NULL)",
        "A client needs a dealer: the company that looks after its devices.",
    )
    _focalist_prefix_uniq = models.UniqueIndex(
        "(focalist_company_id, upper(focalist_prefix))"
        " WHERE is_focalist_client AND focalist_prefix IS NOT NULL",
        "Another client of this dealer has this prefix already: choose another one.",
    )

    @api.depends("is_focalist_client")
    def _compute_focalist_company_id(self):
        for partner in self:
            if partner.is_focalist_client and not partner.focalist_company_id:
                partner.focalist_company_id = partner.company_id or self.env.company

    @api.depends("focalist_company_id")
    def _compute_focalist_currency_id(self):
        for partner in self:
            if not partner.focalist_currency_id:
                partner.focalist_currency_id = partner.focalist_company_id.currency_id

    @api.depends("parent_id.focalist_main_coordinator_id")
    def _compute_is_focalist_main_coordinator(self):
        for partner in self:
            main = partner.parent_id.focalist_main_coordinator_id
            partner.is_focalist_main_coordinator = bool(main) and main == partner

    @api.depends(
        "focalist_coordinator_ids.is_focalist_coordinator",
        "focalist_coordinator_ids.active",
    )
    def _compute_focalist_main_coordinator_id(self):
        """There is a main coordinator as soon as there are any."""
        for partner in self:
            people = partner.focalist_coordinator_ids.filtered(
                lambda person: person.is_focalist_coordinator and person.active
            )
            if partner.focalist_main_coordinator_id not in people:
                partner.focalist_main_coordinator_id = people[:1]

    @api.depends("focalist_site_ids.is_main")
    def _compute_focalist_main_site_id(self):
        main = self.env["focalist.site"].search(
            [("partner_id", "in", self.ids), ("is_main", "=", True)]
        )
        sites = main.grouped("partner_id")
        for partner in self:
            partner.focalist_main_site_id = sites.get(partner._origin)

    def _inverse_is_focalist_main_coordinator(self):
        """Make it the main one, or another one instead: one of them always is."""
        for person in self:
            client = person.parent_id
            if person.is_focalist_main_coordinator:
                client.focalist_main_coordinator_id = person
            elif client.focalist_main_coordinator_id == person:
                others = client.focalist_coordinator_ids - person
                client.focalist_main_coordinator_id = others[:1] or person

    @api.constrains("focalist_stat_id")
    def _check_focalist_stat_id(self):
        for partner in self:
            if partner.focalist_stat_id.partner_id not in (partner, self.browse()):
                raise ValidationError(self.env._("A client has its own counters."))

    @api.constrains("focalist_main_coordinator_id", "is_focalist_coordinator")
    def _check_focalist_main_coordinator(self):
        for partner in self:
            main = partner.focalist_main_coordinator_id
            if main and (main.parent_id != partner or not main.is_focalist_coordinator):
                raise ValidationError(
                    self.env._(
                        "%(contact)s is not a coordinator of %(client)s.",
                        contact=main.name,
                        client=partner.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """An empty main coordinator, as a form sends it, is one to be found."""
        partners = super().create(
            [
                {
                    key: value
                    for key, value in self._with_clean_prefix(vals).items()
                    if value or key != "focalist_main_coordinator_id"
                }
                for vals in vals_list
            ]
        )
        partners.filtered(
            lambda partner: (
                partner.is_focalist_client or partner.is_focalist_coordinator
            )
        )._check_focalist_dealer()
        partners._ensure_focalist_stat()
        return partners

    def _ensure_focalist_stat(self):
        """Give each client its row of counters."""
        # Whoever makes a client may not write what is counted of it.
        new = self.sudo().filtered(
            lambda partner: partner.is_focalist_client and not partner.focalist_stat_id
        )
        stats = new.env["focalist.client.stat"].create(
            [{"partner_id": partner.id} for partner in new]
        )
        for partner, stat in zip(new, stats, strict=True):
            partner.focalist_stat_id = stat

    @api.model
    def _with_clean_prefix(self, vals):
        prefix = vals.get("focalist_prefix")
        return {**vals, "focalist_prefix": prefix.strip() or False} if prefix else vals

    def write(self, vals):
        ours = any(name.startswith(("focalist_", "is_focalist_")) for name in vals)
        if ours:
            self._check_focalist_dealer()
        if vals.keys() & {"focalist_company_id", "is_focalist_client"}:
            self._check_focalist_identity(vals)
        ended = vals.get("is_focalist_coordinator") is False or (
            vals.get("active") is False
        )
        result = super().write(self._with_clean_prefix(vals))
        if ours:
            # Nor is a client, or a person, handed over to another dealer.
            self._check_focalist_dealer()
        if vals.get("is_focalist_client"):
            self._ensure_focalist_stat()
        if vals.get("focalist_main_coordinator_id") is False:
            self._compute_focalist_main_coordinator_id()
        if ended:
            self._leave_focalist_sites()
        if not vals.keys().isdisjoint(RULE_FIELDS) and self.sudo().user_ids:
            # Record rules are cached by user with these fields' values inside.
            self.env.registry.clear_cache()
        return result

    def _leave_focalist_sites(self):
        """Hand the sites of former coordinators over to the client's main one."""
        sites = (
            self.env["focalist.site"]
            # Whoever may edit the contact decides that it looks after them no more.
            .sudo()
            .with_context(active_test=False)
            .search([("coordinator_id", "in", self.ids)])
        )
        for client, own in sites.grouped("partner_id").items():
            own.coordinator_id = client.focalist_main_coordinator_id

    def action_focalist_deactivate(self):
        """Follow these clients no more: nothing is polled or notified, nothing lost."""
        self._set_focalist_active(False)

    def action_focalist_reactivate(self):
        """Follow these clients again, as they were."""
        self._set_focalist_active(True)

    def _set_focalist_active(self, active):
        self.check_access("write")
        self.filtered(
            lambda partner: (
                partner.is_focalist_client and partner.focalist_active != active
            )
        ).focalist_active = active

    def action_focalist_make_main(self):
        """Make this coordinator its client's main one."""
        self.check_access("write")
        self.ensure_one()
        self.parent_id.focalist_main_coordinator_id = self

    def _check_focalist_dealer(self):
        """Raise an AccessError for who works for no company that is the dealer.

        Contacts are shared by the companies of a database; its clients are not.
        """
        if self.env.su:
            return
        companies = self.env.user.company_ids
        for partner in self.sudo():
            client = partner
            if not client.is_focalist_client:
                client = partner.commercial_partner_id
            dealer = client.focalist_company_id
            if client.is_focalist_client and dealer not in companies:
                raise AccessError(
                    self.env._(
                        "%(client)s is a client of another dealer, for whom you do"
                        " not work.",
                        client=client.name,
                    )
                )

    def _check_focalist_identity(self, vals):
        """Refuse to take a client from its dealer while something belongs to both."""
        for partner in self.sudo().filtered("is_focalist_client"):
            moved = (
                "focalist_company_id" in vals
                and vals["focalist_company_id"] != partner.focalist_company_id.id
            )
            ended = "is_focalist_client" in vals and not vals["is_focalist_client"]
            if (moved or ended) and (why := partner._focalist_belongings()):
                raise UserError(why)

    def _focalist_belongings(self):
        """What keeps a client with its dealer.

        Each module adds what it knows of. Called as superuser: what holds, holds also
        for those who may not see it.

        :return: a sentence for people, or None where nothing does
        """
        self.ensure_one()
        if self.with_context(active_test=False).focalist_site_ids:
            return self.env._(
                "%(client)s has sites and devices: it stays a client of %(dealer)s."
                " Deactivate it instead.",
                client=self.name,
                dealer=self.focalist_company_id.name,
            )
        return None

    @api.ondelete(at_uninstall=False)
    def _unlink_except_focalist_client(self):
        for partner in self.sudo().filtered("is_focalist_client"):
            if why := partner._focalist_belongings():
                raise UserError(why)

    def action_open_focalist_client(self):
        """Open the client's form: what sales edit of it."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "focalist_base.focalist_client_action"
        )
        return action | {"res_id": self.id, "views": [(False, "form")]}

    def action_open_focalist_devices(self):
        """Open the client's devices."""
        return self._open_focalist("focalist_device_action") | {
            "context": {"search_default_in_service": 1}
        }

    def action_open_focalist_to_complete(self):
        """Open what agents found at the client: to be ticked, and decided together."""
        return self._open_focalist("focalist_device_to_complete_action")

    def action_open_focalist_sites(self):
        """Open the client's sites."""
        return self._open_focalist("focalist_site_action") | {
            "context": {"default_partner_id": self.id, "active_test": False}
        }

    def _open_focalist(self, action):
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"focalist_base.{action}"
        )
        return action | {"domain": [("partner_id", "=", self.id)]}
