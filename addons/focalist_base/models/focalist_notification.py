from odoo import api, fields, models
from odoo.fields import Domain

from .focalist_notification_type import FREQUENCIES

STATES = [
    ("pending", "Waiting"),
    ("queued", "Being sent"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("skipped", "Not sent"),
]
OPEN = ("pending", "queued", "failed")


class FocalistNotification(models.Model):
    """One thing that one person is told once: what waits, and the log of it.

    What its e-mail can show is kept as it was at that moment, with the client, site
    and dealer of the moment: a device that moves on takes none of it along.
    """

    _name = "focalist.notification"
    _description = "Notification"
    _order = "occurred_at desc, id desc"
    _rec_name = "record_name"

    type_id = fields.Many2one(
        "focalist.notification.type",
        "Notification",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    category = fields.Selection(related="type_id.category")
    partner_id = fields.Many2one(
        "res.partner",
        "Client",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    site_id = fields.Many2one(
        "focalist.site", readonly=True, index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one(
        "res.company",
        "Dealer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    record_name = fields.Char("About", readonly=True)
    occurrence = fields.Char(
        required=True,
        readonly=True,
        help="What makes this time another than the last: never the same thing twice.",
    )
    occurred_at = fields.Datetime("Happened", required=True, readonly=True)
    detail = fields.Char("Details", readonly=True)
    values = fields.Json(readonly=True)
    recipient_id = fields.Many2one(
        "res.partner",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    frequency = fields.Selection(FREQUENCIES, readonly=True)
    due_at = fields.Datetime("Due", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="pending")
    reason = fields.Selection(
        [
            ("nobody", "Nobody is chosen to be told"),
            ("no_email", "The recipient has no e-mail address"),
            ("inactive", "The client is deactivated"),
            ("off", "The notification was switched off"),
            ("left", "The recipient may not know of it any more"),
            ("address", "The e-mail address is refused"),
            ("error", "The mail server did not take it: it is tried again"),
            ("given_up", "The mail server did not take it, however often tried"),
        ],
        readonly=True,
    )
    failure = fields.Text("The server said", readonly=True)
    attempts = fields.Integer("Failed attempts", readonly=True)
    sent_at = fields.Datetime("Sent", readonly=True)
    mail_id = fields.Many2one(
        "mail.mail",
        "E-mail",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_system",
    )

    _once_uniq = models.UniqueIndex(
        "(type_id, res_id, partner_id, occurrence, COALESCE(recipient_id, 0))",
        "This was told already.",
    )
    _due_idx = models.Index(
        "(due_at) WHERE state IN ('pending', 'queued', 'failed')",
    )

    @api.model
    def _make(self, kind, settings, events, detail=None):
        """Rows for who is to be told of events of one type.

        :param dict settings: client -> focalist.notification.setting
        :param list events: (record, key, moment); not told yet
        :param detail: see `_notify`
        """
        vals_list, people_of = [], {}
        now = fields.Datetime.now()
        dues = {
            client: setting._plan().due(now) for client, setting in settings.items()
        }
        for record, key, at in events:
            setting = settings[record.partner_id]
            site = self.env["focalist.site"]
            if "site_id" in record._fields:
                site = record.site_id
            vals = {
                "type_id": kind.id,
                "partner_id": setting.partner_id.id,
                "site_id": site.id,
                "company_id": setting.company_id.id,
                "res_model": record._name,
                "res_id": record.id,
                "record_name": record.display_name,
                "occurrence": key,
                "occurred_at": at,
                "values": kind._values(record),
                "frequency": setting.frequency,
                "due_at": dues[record.partner_id],
            }
            place = (setting, site)
            if place not in people_of:
                people_of[place] = setting._people(site)
            people = people_of[place]
            if not people:
                vals_list.append({**vals, "state": "skipped", "reason": "nobody"})
            for person in people:
                words = detail and detail(record.with_context(lang=person.lang))
                vals_list.append(
                    {**vals, "recipient_id": person.id, "detail": words or False}
                )
        rows = self.create(vals_list)
        waiting = rows.filtered(lambda row: row.state == "pending")
        if waiting:
            self.env.ref("focalist_base.ir_cron_notification_send")._trigger(
                set(waiting.mapped("due_at"))
            )
        return rows

    def _settings(self):
        """What holds now for these rows: {(client, type): setting}."""
        settings = (
            self.env["focalist.notification.setting"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("type_id", "in", self.type_id.ids),
                ]
            )
        )
        return {(one.partner_id, one.type_id): one for one in settings}

    @api.model
    def _replan(self, kinds, clients):
        """Plan anew what waits, as rules have changed."""
        # Who changes a rule decides when its e-mails go out, all of them.
        waiting = self.sudo().search(
            [
                ("state", "=", "pending"),
                ("type_id", "in", kinds.ids),
                ("partner_id", "in", clients.ids),
            ]
        )
        settings = waiting._settings()
        now = fields.Datetime.now()
        for place, rows in waiting.grouped(
            lambda row: (row.partner_id, row.type_id)
        ).items():
            setting = settings[place]
            rows.write(
                {"frequency": setting.frequency, "due_at": setting._plan().due(now)}
            )

    @api.model
    def _drop(self, clients):
        """Tell nothing more of clients: neither what waits nor what is in the queue."""
        rows = self.sudo().search(
            [("state", "in", OPEN), ("partner_id", "in", clients.ids)]
        )
        mails = rows.mail_id
        rows.write({"state": "skipped", "reason": "inactive", "mail_id": False})
        mails.filtered(lambda mail: not mail.focalist_notification_ids).cancel()

    def action_retry(self):
        """Try again what failed or had no recipient's address, now."""
        self.check_access("read")
        self.env["focalist.notification.rule"].check_access("write")
        again = self.filtered(
            lambda row: (
                row.recipient_id
                and (row.state == "failed" or row.reason in ("no_email", "off", "left"))
            )
        )
        # Who may say who is told may have it told.
        again.sudo().write(
            {"state": "failed", "attempts": 0, "due_at": fields.Datetime.now()}
        )
        self.env.ref("focalist_base.ir_cron_notification_send").sudo()._trigger()

    def action_open_record(self):
        """Open what it is about."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    @api.model
    def _due_domain(self):
        return Domain("due_at", "<=", fields.Datetime.now())
