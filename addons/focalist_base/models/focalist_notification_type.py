from datetime import date, datetime

from odoo import api, fields, models, tools
from odoo.tools import split_every

CATEGORIES = [
    ("device", "Device notifications"),
    ("supply", "Supply notifications"),
    ("snmp", "SNMP alert notifications"),
    ("agent", "Agent notifications"),
    ("other", "Other notifications"),
]
FREQUENCIES = [
    ("once", "At once"),
    ("hourly", "Hourly"),
    ("daily", "Daily"),
    ("weekly", "Weekly"),
]
COORDINATORS = [
    ("none", "No coordinator"),
    ("main", "The main coordinator"),
    ("site", "The site's coordinator"),
    ("all", "All coordinators"),
]
BATCH = 1000


class FocalistNotificationType(models.Model):
    """Something that a client or its dealer can be told.

    Modules add theirs as XML records, and call `_notify` where it happens. One that
    happens by the clock has a method `_scan_CODE(settings)` here, which a job calls
    with the settings of all clients that want to be told.
    """

    _name = "focalist.notification.type"
    _description = "Notification Type"
    _order = "sequence, id"

    code = fields.Char(required=True, help="By which modules call it.")
    name = fields.Char(required=True, translate=True)
    description = fields.Char(translate=True)
    category = fields.Selection(CATEGORIES, required=True)
    sequence = fields.Integer(default=10)
    res_model = fields.Char("Model", required=True, help="What it is about.")
    template_id = fields.Many2one(
        "mail.template", "Default e-mail", required=True, ondelete="restrict"
    )
    placeholder_paths = fields.Char(
        "Values",
        default="display_name",
        required=True,
        help="Fields of the record that texts can show, separated by commas.",
    )
    enabled = fields.Boolean("On by default")
    frequency = fields.Selection(FREQUENCIES, required=True, default="once")
    coordinators = fields.Selection(COORDINATORS, required=True, default="main")
    has_lead_days = fields.Boolean(help="Whether it is told some days before a date.")

    _code_uniq = models.Constraint(
        "UNIQUE (code)", "There is a notification type with this code already."
    )

    def _paths(self):
        self.ensure_one()
        return [path.strip() for path in self.placeholder_paths.split(",")]

    def _placeholders(self):
        """What the texts of this type can show.

        :return: dict placeholder -> its meaning, in the reader's language
        """
        self.ensure_one()
        names = {}
        for path in self._paths():
            model = self.env[self.res_model]
            *parents, last = path.split(".")
            for parent in parents:
                model = self.env[model._fields[parent].comodel_name]
            if last == "display_name":
                label = self.env["ir.model"]._get(model._name).name
            else:
                label = model.fields_get([last], ["string"])[last]["string"]
            names[f"object.{path}"] = label
        return names | {
            "client": self.env._("Client"),
            "site": self.env._("Site"),
            "moment": self.env._("When it happened"),
            "detail": self.env._("Details"),
        }

    def _values(self, record):
        """What texts can show of a record, as it is now: JSON."""
        values = {}
        for path in self._paths():
            value = record
            for name in path.split("."):
                value = value[name]
            values[f"object.{path}"] = _plain(value)
        return values

    @api.model
    def _notify(self, code, records, key, at=None, detail=None):
        """Tell that something happened to records, once for each record and key.

        Who is told is decided now, and what texts can show of the records is kept:
        what becomes of them until the e-mail goes out is of no account.

        :param str code: the type's code
        :param records: of the type's model; they have partner_id (the client), and
            may have site_id
        :param key: callable record -> str: what makes this time another than the last
        :param at: callable record -> naive UTC, when it happened; now if left out
        :param detail: callable record -> words in the language of its context
        :return: the focalist.notification records made
        """
        # Whoever makes it happen may not see who is told.
        kind = self.sudo().search([("code", "=", code)])
        records = records.sudo()
        made = self.env["focalist.notification"].sudo()
        settings = {
            setting.partner_id: setting
            for setting in self.env["focalist.notification.setting"]
            .sudo()
            .search(
                [
                    ("type_id", "=", kind.id),
                    ("partner_id", "in", records.partner_id.ids),
                    ("partner_id.focalist_active", "=", True),
                    ("enabled", "=", True),
                ]
            )
        }
        wanted = records.filtered(lambda record: record.partner_id in settings)
        for ids in split_every(BATCH, wanted.ids):
            batch = records.browse(ids)
            keys = {record: key(record) for record in batch}
            told = kind._told(batch)
            made += made._make(
                kind,
                settings,
                [
                    (record, keys[record], at(record) if at else fields.Datetime.now())
                    for record in batch
                    if (record.partner_id.id, record.id, keys[record]) not in told
                ],
                detail,
            )
        return made

    def _told(self, records):
        """What was told of records: {(client id, record id, key)}."""
        rows = self.env["focalist.notification"].search_fetch(
            [("type_id", "=", self.id), ("res_id", "in", records.ids)],
            ["partner_id", "res_id", "occurrence"],
        )
        return {(row.partner_id.id, row.res_id, row.occurrence) for row in rows}

    @api.model
    def _scanned_codes(self):
        """The codes of the types that happen by the clock."""
        prefix = "_scan_"
        return [n.removeprefix(prefix) for n in dir(type(self)) if n.startswith(prefix)]

    @api.model
    def _cron_scan(self):
        """Look for what happens by the clock, of all clients that want to be told."""
        kinds = self.search([("code", "in", self._scanned_codes())])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(kinds))
        for kind in kinds:
            settings = self.env["focalist.notification.setting"].search(
                [
                    ("type_id", "=", kind.id),
                    ("partner_id.focalist_active", "=", True),
                    ("enabled", "=", True),
                ]
            )
            if settings:
                getattr(self, f"_scan_{kind.code}")(settings)
            if not cron._commit_progress(1):
                break


def _plain(value):
    """A field's value as JSON that `_shown` makes words of."""
    if isinstance(value, models.BaseModel):
        return ", ".join(value.mapped("display_name"))
    if isinstance(value, datetime):
        return {"datetime": fields.Datetime.to_string(value)}
    if isinstance(value, date):
        return {"date": fields.Date.to_string(value)}
    return "" if value is False or value is None else str(value)


def _shown(env, value):
    """A kept value in the language and time zone of the environment."""
    if isinstance(value, dict):
        if "datetime" in value:
            return tools.format_datetime(env, value["datetime"], dt_format="short")
        return tools.format_date(env, value["date"])
    return value
