from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.notification_plan import Plan
from .focalist_notification_type import CATEGORIES, COORDINATORS, FREQUENCIES


class FocalistNotificationSetting(models.Model):
    """What holds for a client and a notification type, whoever decided it.

    A row for each client and type, and one for each dealer and type, which is the
    default of its clients: an own rule, else the dealer's, else the type itself. A
    row that is changed makes the rule: nothing is stored before.
    """

    _name = "focalist.notification.setting"
    _description = "Notification Setting"
    _auto = False
    _rec_name = "type_id"
    _order = "partner_id, category_order, sequence, type_id"
    _depends = {
        "focalist.notification.rule": [
            "company_id",
            "coordinators",
            "enabled",
            "frequency",
            "lead_days",
            "own_text",
            "partner_id",
            "type_id",
        ],
        "focalist.notification.type": [
            "category",
            "coordinators",
            "enabled",
            "frequency",
            "sequence",
        ],
        "res.partner": ["focalist_company_id", "is_focalist_client"],
    }

    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    company_id = fields.Many2one("res.company", "Dealer", readonly=True)
    type_id = fields.Many2one(
        "focalist.notification.type", "Notification", readonly=True
    )
    description = fields.Char(related="type_id.description")
    category = fields.Selection(CATEGORIES, readonly=True)
    category_order = fields.Integer(readonly=True)
    sequence = fields.Integer(readonly=True)
    rule_id = fields.Many2one(
        "focalist.notification.rule",
        "Own rule",
        readonly=True,
        help="Empty where the default holds.",
    )
    applied_id = fields.Many2one(
        "focalist.notification.rule", "Rule that holds", readonly=True
    )
    text_id = fields.Many2one(
        "focalist.notification.rule", "Rule that has the text", readonly=True
    )
    enabled = fields.Boolean("On")
    frequency = fields.Selection(FREQUENCIES)
    coordinators = fields.Selection(COORDINATORS, readonly=True)
    lead_days = fields.Integer("Days before", readonly=True)
    own_text = fields.Boolean("Own e-mail", readonly=True)
    recipients = fields.Char(compute="_compute_recipients")

    @property
    def _table_query(self):
        categories = SQL(", ").join(
            SQL("(%s, %s)", category, order)
            for order, (category, _label) in enumerate(CATEGORIES)
        )
        return SQL(
            """
            SELECT place.id * 65536 + t.id AS id,
                   place.partner_id, place.company_id, t.id AS type_id,
                   t.category, c.rank AS category_order, t.sequence,
                   CASE WHEN place.partner_id IS NULL THEN dealer.id ELSE own.id
                   END AS rule_id,
                   COALESCE(own.id, dealer.id) AS applied_id,
                   CASE WHEN own.own_text THEN own.id
                        WHEN dealer.own_text THEN dealer.id
                   END AS text_id,
                   COALESCE(own.enabled, dealer.enabled, t.enabled, FALSE) AS enabled,
                   COALESCE(own.frequency, dealer.frequency, t.frequency) AS frequency,
                   COALESCE(own.coordinators, dealer.coordinators, t.coordinators)
                   AS coordinators,
                   COALESCE(own.lead_days, dealer.lead_days, 30) AS lead_days,
                   COALESCE(own.own_text, dealer.own_text, FALSE) AS own_text
              FROM (
                    SELECT 2::bigint * id AS id, id AS partner_id,
                           focalist_company_id AS company_id
                      FROM res_partner WHERE is_focalist_client
                     UNION ALL
                    SELECT 2::bigint * id + 1, NULL, id FROM res_company
                   ) AS place
        CROSS JOIN focalist_notification_type t
              JOIN (VALUES %s) AS c(category, rank) ON c.category = t.category
         LEFT JOIN focalist_notification_rule own
                ON own.type_id = t.id AND own.partner_id = place.partner_id
         LEFT JOIN focalist_notification_rule dealer
                ON dealer.type_id = t.id AND dealer.partner_id IS NULL
               AND dealer.company_id = place.company_id
            """,
            categories,
        )

    @api.depends("applied_id", "coordinators")
    @api.depends_context("lang")
    def _compute_recipients(self):
        labels = dict(self._fields["coordinators"]._description_selection(self.env))
        for setting in self:
            # A name on a screen of those who may choose the people.
            people = setting.applied_id.sudo().recipient_ids.mapped("name")
            if setting.coordinators != "none" or not people:
                people = [labels[setting.coordinators], *people]
            setting.recipients = ", ".join(people)

    def write(self, vals):
        """Decide for this client alone, or as a dealer's default: it makes the rule."""
        self.check_access("write")
        values = {name: vals[name] for name in ("enabled", "frequency") if name in vals}
        for setting in self:
            if setting.rule_id:
                setting.rule_id.write(values)
            else:
                self.env["focalist.notification.rule"].create(
                    setting._prepare_rule() | values
                )
        return super().write({})

    def _prepare_rule(self):
        """Values of a rule that decides what holds already."""
        self.ensure_one()
        applied = self.applied_id
        kept = ("weekday", "hour", "quiet_from", "quiet_to")
        return {
            "type_id": self.type_id.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "enabled": self.enabled,
            "frequency": self.frequency,
            "coordinators": self.coordinators,
            "lead_days": self.lead_days,
        } | (
            {name: applied[name] for name in kept}
            | {"recipient_ids": [fields.Command.set(applied.recipient_ids.ids)]}
            if applied
            else {}
        )

    def action_open_rule(self):
        """Open what was decided here, or a new rule: it is stored when it is saved."""
        self.check_access("read")
        self.ensure_one()
        values = {} if self.rule_id else self._prepare_rule()
        return {
            "type": "ir.actions.act_window",
            "name": self.type_id.name,
            "res_model": "focalist.notification.rule",
            "res_id": self.rule_id.id,
            "views": [(False, "form")],
            "context": {f"default_{name}": value for name, value in values.items()},
        }

    def action_reset(self):
        """Forget what was decided here: the default holds again."""
        self.check_access("write")
        self.rule_id.unlink()

    def _plan(self):
        """When this client is told, as a `Plan`."""
        self.ensure_one()
        rule = self.applied_id
        times = {"frequency": self.frequency, "tz": self.partner_id._focalist_tz()}
        if rule:
            times |= {
                "weekday": int(rule.weekday),
                "hour": rule.hour,
                "quiet_from": rule.quiet_from,
                "quiet_to": rule.quiet_to,
            }
        return Plan(**times)

    def _people(self, site):
        """Who is told of what happens at a site of this client, or at none.

        :return: res.partner records, each of whom may know of it
        """
        self.ensure_one()
        client = self.partner_id
        main = client.focalist_main_coordinator_id
        people = self.applied_id.recipient_ids | {
            "main": main,
            "site": site.coordinator_id or main,
            "all": client.focalist_coordinator_ids,
        }.get(self.coordinators, self.env["res.partner"])
        return people.filtered(
            lambda person: person._focalist_may_be_told(client, site)
        )
