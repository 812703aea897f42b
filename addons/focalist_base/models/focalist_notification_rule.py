from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import is_html_empty

from ..tools.placeholders import as_braces, fill, unknown
from .focalist_notification_type import (
    COORDINATORS,
    FREQUENCIES,
    _shown,
)

# What the e-mails that wait are planned by.
PLANNING = {"frequency", "weekday", "hour", "quiet_from", "quiet_to"}


class FocalistNotificationRule(models.Model):
    """How one client wants to be told of one thing; without client, a dealer's default.

    Texts have placeholders from a closed list and no code in them: whoever edits a
    client may write them.
    """

    _name = "focalist.notification.rule"
    _description = "Notification Rule"
    _inherit = ["focalist.guarded.mixin", "mail.thread"]
    _order = "partner_id, type_id"
    _rec_name = "type_id"
    _check_company_auto = True
    _open_at_creation = ("company_id", "partner_id", "type_id")

    type_id = fields.Many2one(
        "focalist.notification.type",
        "Notification",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    category = fields.Selection(related="type_id.category")
    description = fields.Char(related="type_id.description")
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        domain="[('is_focalist_client', '=', True)]",
        help="Empty: the default of all clients that have no own rule.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Dealer",
        required=True,
        readonly=True,
        index=True,
        compute="_compute_company_id",
        store=True,
        precompute=True,
    )
    enabled = fields.Boolean("On", default=True, tracking=True)
    frequency = fields.Selection(
        FREQUENCIES, required=True, default="once", tracking=True
    )
    weekday = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        required=True,
        default="0",
        tracking=True,
    )
    hour = fields.Float(default=8.0, tracking=True, help="On the client's clock.")
    quiet_from = fields.Float(
        "Quiet from",
        tracking=True,
        help="What happens in the quiet hours, on the client's clock, is told when"
        " they end.",
    )
    quiet_to = fields.Float("Quiet to", tracking=True)
    has_lead_days = fields.Boolean(related="type_id.has_lead_days")
    lead_days = fields.Integer("Days before", default=30, tracking=True)
    coordinators = fields.Selection(
        COORDINATORS, "Tell", required=True, default="main", tracking=True
    )
    recipient_ids = fields.Many2many(
        "res.partner",
        "focalist_notification_rule_recipient_rel",
        "rule_id",
        "partner_id",
        "And these people",
        tracking=True,
        help="Contacts of the client, and people who work for the dealer.",
    )
    allowed_recipient_ids = fields.Many2many(
        "res.partner", compute="_compute_allowed_recipient_ids"
    )
    own_text = fields.Boolean("Own e-mail", tracking=True)
    subject = fields.Char(translate=True, tracking=True)
    body = fields.Html(translate=True)
    placeholders = fields.Html(compute="_compute_placeholders")
    preview_subject = fields.Char("Subject as sent", compute="_compute_preview")
    preview_body = fields.Html("Body as sent", compute="_compute_preview")

    _client_type_uniq = models.UniqueIndex(
        "(company_id, COALESCE(partner_id, 0), type_id)",
        "There is a rule of this client for this notification already.",
    )
    _hours = models.Constraint(
        "CHECK (hour >= 0 AND hour < 24 AND quiet_from >= 0 AND quiet_from < 24"
        " AND quiet_to >= 0 AND quiet_to < 24)",
        "An hour is from 00:00 to 23:59.",
    )
    _lead_days = models.Constraint(
        "CHECK (lead_days BETWEEN 0 AND 730)",
        "A date is told two years before at most.",
    )

    @api.depends("partner_id.focalist_company_id")
    def _compute_company_id(self):
        for rule in self:
            rule.company_id = (
                rule.partner_id.focalist_company_id
                or rule.company_id
                or self.env.company
            )

    @api.depends("partner_id", "company_id")
    def _compute_allowed_recipient_ids(self):
        for rule in self:
            rule.allowed_recipient_ids = self.env["res.partner"].search(
                rule._recipient_domain()
            )

    def _recipient_domain(self):
        """The people who may be told: the client's contacts and the dealer's users."""
        self.ensure_one()
        # Whoever edits a client may not read users; their names are no secret.
        users = (
            self.env["res.users"]
            .sudo()
            .search([("share", "=", False), ("company_ids", "in", self.company_id.ids)])
        )
        domain = fields.Domain("id", "in", users.partner_id.ids)
        if self.partner_id:
            domain |= fields.Domain("commercial_partner_id", "=", self.partner_id.id)
        return domain

    @api.depends("type_id")
    @api.depends_context("lang")
    def _compute_placeholders(self):
        for rule in self:
            rule.placeholders = rule.type_id and self.env["ir.qweb"]._render(
                "focalist_base.notification_placeholders",
                {
                    "names": [
                        (f"{{{{ {name} }}}}", label)
                        for name, label in rule.type_id._placeholders().items()
                    ]
                },
            )

    @api.depends("type_id", "partner_id", "own_text", "subject", "body")
    @api.depends_context("lang")
    def _compute_preview(self):
        for rule in self:
            subject, body = rule._text()
            values = rule._sample_values()
            rule.preview_subject = fill(subject, values)
            rule.preview_body = fill(body, values, html=True)

    def _text(self):
        """Subject and body in the language of the context."""
        if self.own_text:
            return self.subject, self.body
        template = self.type_id.template_id.sudo()  # the same for everybody
        return template.subject, template.body_html

    def _sample_values(self):
        """Values to look at a text with: of a record there is, else their names."""
        kind = self.type_id
        if not kind:
            return {}
        values = {name: f"‹{label}›" for name, label in kind._placeholders().items()}
        domain = [("partner_id", "=", self.partner_id.id)] if self.partner_id else []
        record = self.env[kind.res_model].search(domain, limit=1)
        if record:
            told = {
                name: _shown(self.env, value)
                for name, value in kind._values(record).items()
            }
            told |= {
                "client": record.partner_id.name,
                "site": record.site_id.name,
                "moment": _shown(
                    self.env, {"datetime": fields.Datetime.to_string(self.env.cr.now())}
                ),
            }
            values |= {name: value for name, value in told.items() if value}
        return values

    @api.onchange("own_text")
    def _onchange_own_text(self):
        """One's own text begins as the one that would be sent."""
        if self.own_text and not self.subject and is_html_empty(self.body):
            template = self.type_id.template_id.sudo()  # the same for everybody
            self.subject = str(as_braces(template.subject))
            self.body = as_braces(template.body_html)

    @api.constrains("own_text", "subject", "body")
    def _check_text(self):
        for rule in self.filtered("own_text"):
            if not rule.subject or is_html_empty(rule.body):
                raise ValidationError(
                    self.env._("An e-mail of your own needs a subject and a text.")
                )
            names = rule.type_id._placeholders()
            bad = unknown(rule.subject, names) or unknown(rule.body, names)
            if bad:
                raise ValidationError(
                    self.env._(
                        "There is no value %(bad)s. Take one of those beside the text:"
                        " %(names)s.",
                        bad=", ".join(f"{{{{ {name} }}}}" for name in bad),
                        names=", ".join(names),
                    )
                )

    @api.constrains("recipient_ids", "partner_id", "company_id")
    def _check_recipients(self):
        for rule in self:
            wrong = rule.recipient_ids - rule.recipient_ids.filtered_domain(
                rule._recipient_domain()
            )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "%(people)s: neither a contact of the client nor somebody who"
                        " works for %(dealer)s.",
                        people=", ".join(wrong.mapped("display_name")),
                        dealer=rule.company_id.name,
                    )
                )

    @api.constrains("partner_id")
    def _check_client(self):
        for rule in self:
            if rule.partner_id and not rule.partner_id.is_focalist_client:
                raise ValidationError(
                    self.env._(
                        "%(partner)s is not a client.", partner=rule.partner_id.name
                    )
                )

    @api.depends("type_id.name", "partner_id.name")
    def _compute_display_name(self):
        for rule in self:
            names = (rule.partner_id.name, rule.type_id.name)
            rule.display_name = ": ".join(filter(None, names))

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._decided()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self._decided(replan=not PLANNING.isdisjoint(vals))
        return result

    def unlink(self):
        kinds, clients = self.type_id, self.partner_id
        result = super().unlink()
        self._decided(replan=False)
        self.env["focalist.notification"]._replan(kinds, clients)
        return result

    def _decided(self, replan=True):
        """Have settings read anew what rules say, and what waits planned by it."""
        self.env["focalist.notification.setting"].invalidate_model()
        if not replan:
            return
        for rule in self:
            self.env["focalist.notification"]._replan(
                rule.type_id,
                rule.partner_id
                or self.env["res.partner"].search(
                    [("focalist_company_id", "=", rule.company_id.id)]
                ),
            )

    def action_send_test(self):
        """Send the e-mail as it stands, with sample values, to who asks for it."""
        self.check_access("read")
        self.ensure_one()
        me = self.env.user.partner_id
        if not me.email:
            raise UserError(
                self.env._("You have no e-mail address: add it to your preferences.")
            )
        values = self.env["focalist.notification"]._prepare_mail(
            me,
            self.company_id,
            self.env._("[Test] %(subject)s", subject=self.preview_subject),
            self.preview_body,
            (self.type_id.name, self.partner_id.name),
        )
        # To oneself, of what one reads on the screen.
        self.env["mail.mail"].sudo().create(values).send_after_commit()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The test is on its way to %(to)s.", to=me.email),
            },
        }
