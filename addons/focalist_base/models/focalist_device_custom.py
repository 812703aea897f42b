from functools import lru_cache
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_datetime, formatLang, html2plaintext

from ..tools.client_properties import ClientProperties

FOCALIST_USERS = "focalist_base.group_focalist_user"
SETS = ("properties", "client_properties")


class CustomValue(NamedTuple):
    """One custom field of one device, to be printed."""

    label: str
    text: str
    # As in domains: `properties.` or `client_properties.`, and the field's own name.
    path: str


class CustomDateField(NamedTuple):
    """A custom field that holds a date, or a date and time."""

    path: str
    label: str
    type: str
    # res.partner, the client whose devices have it; empty where all have.
    client: models.BaseModel


class FocalistDevice(models.Model):
    """Custom fields: one set that all devices have, and one of each client."""

    _name = "focalist.device"
    _inherit = ["focalist.device", "properties.base.definition.mixin"]

    properties = fields.Properties("Custom fields", groups=FOCALIST_USERS)
    client_fields_id = fields.Many2one(
        "focalist.client.fields",
        "Client's set of fields",
        compute="_compute_client_fields_id",
        store=True,
        index="btree_not_null",
        groups=FOCALIST_USERS,
    )
    client_properties = ClientProperties(
        "Client's custom fields",
        definition="client_fields_id.definition",
        groups=FOCALIST_USERS,
    )
    client_values = fields.Json(
        copy=False,
        groups=fields.NO_ACCESS,
        help="What each client's fields hold: {set: {field: value}}. A device that"
        " comes back finds them again; no client reads those of another.",
    )

    @api.depends("partner_id")
    def _compute_client_fields_id(self):
        sets = self.env["focalist.client.fields"]._of_clients(self.partner_id._origin)
        for device in self:
            device.client_fields_id = sets.get(device.partner_id._origin)

    def _compute_client_properties(self):
        """The values that the present client's fields had, or begin with."""
        field = self._fields["client_properties"]
        for device in self.sudo():
            owner = device.client_fields_id
            kept = (device.client_values or {}).get(str(owner.id), {})
            device.client_properties = field._add_default_values(
                device.env, {field.name: kept, field.definition_record: owner}
            )
            if device.client_properties != kept:
                device._keep_client_values()

    def _keep_client_values(self):
        """Note the values under the present client."""
        for device in self.sudo():
            device.client_values = {
                **(device.client_values or {}),
                str(device.client_fields_id.id): device.client_properties._values,
            }

    @api.model_create_multi
    def create(self, vals_list):
        """The client's fields come last: whose they are follows from the rest."""
        told = [vals.get("client_properties") for vals in vals_list]
        devices = super().create(
            [
                {name: value for name, value in vals.items() if name not in SETS[1:]}
                for vals in vals_list
            ]
        )
        for device, values in zip(devices, told, strict=True):
            if values:
                device.client_properties = values
        return devices

    def write(self, vals):
        result = super().write(vals)
        if "client_properties" in vals:
            self._keep_client_values()
        return result

    def _field_to_sql(self, alias, field_expr, query=None):
        """Whoever groups by the definition: a bare number would be a column's place."""
        sql = super()._field_to_sql(alias, field_expr, query)
        if field_expr == "properties_base_definition_id":
            return SQL("(%s)::integer", sql)
        return sql

    @api.model
    def _fields_of_all(self):
        """The definition of the custom fields that all devices have."""
        return self.env[
            "properties.base.definition"
        ]._get_definition_for_property_field("focalist.device", "properties")

    def _custom_values(self):
        """What the custom fields hold, as the reader prints it.

        In the reader's language, time zone and rights, for any number of devices in a
        fixed number of queries.

        :return: dict device -> list of CustomValue in the order of the fields; a field
            without a value has an empty text
        """
        rows = {row["id"]: row for row in self.read(SETS)}
        return {
            device: [
                CustomValue(
                    told["string"] or "",
                    self._custom_text(told),
                    f"{name}.{told['name']}",
                )
                for name in SETS
                for told in rows[device.id][name] or ()
                if told["type"] != "separator"
            ]
            for device in self
        }

    @api.model
    def _custom_columns(self):
        """The custom fields as columns of an export, see `focalist.export.mixin`.

        One for each name that a field has, in whichever set the reader sees.
        """
        clients = self.env["focalist.client.fields"].search(
            [("definition", "!=", False)]
        )
        definitions = [
            # Who sees devices sees the names of their fields.
            self._fields_of_all().sudo().properties_definition,
            *clients.mapped("definition"),
        ]
        labels = dict.fromkeys(
            told["string"]
            for definition in definitions
            for told in definition or ()
            if told["type"] != "separator" and told.get("string")
        )

        # A batch is asked for each of its columns in turn.
        @lru_cache(maxsize=1)
        def texts(devices):
            return {
                device: {value.label: value.text for value in values if value.text}
                for device, values in devices._custom_values().items()
            }

        def column(label):
            return lambda devices: [texts(devices)[d].get(label) for d in devices]

        return [(label, column(label)) for label in labels]

    @api.model
    def _custom_text(self, told):
        """The value of a property as a person reads it."""
        kind, value = told["type"], told.get("value")
        if kind == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if value is None or value is False or value in ("", []):
            return ""
        texts = {
            "date": lambda: format_date(self.env, value),
            "datetime": lambda: format_datetime(self.env, value),
            "float": lambda: formatLang(self.env, value),
            "integer": lambda: formatLang(self.env, value, digits=0),
            "monetary": lambda: formatLang(self.env, value),
            "html": lambda: html2plaintext(value),
            "selection": lambda: dict(told["selection"]).get(value, ""),
            "tags": lambda: ", ".join(t[1] for t in told["tags"] if t[0] in value),
            "many2one": lambda: value[1] or "",
            "many2many": lambda: ", ".join(one[1] for one in value if one[1]),
        }
        text = texts[kind]() if kind in texts else str(value)
        suffix = told.get("suffix")
        return f"{text} {suffix}" if suffix and kind in ("integer", "float") else text

    @api.model
    def _custom_date_fields(self):
        """The custom fields that hold a date: what can fall due.

        Of all devices, and of the clients that the reader sees. A field's path stands
        in domains as it is, beside the client where there is one.

        :return: list of CustomDateField
        """
        nobody = self.env["res.partner"]
        # Who sees devices sees the names of their fields.
        sets = [
            ("properties", nobody, self._fields_of_all().sudo().properties_definition)
        ]
        sets += [
            ("client_properties", one.partner_id, one.definition)
            for one in self.env["focalist.client.fields"].search(
                [("definition", "!=", False)]
            )
        ]
        return [
            CustomDateField(
                f"{name}.{told['name']}", told["string"], told["type"], client
            )
            for name, client, definition in sets
            for told in definition or ()
            if told["type"] in ("date", "datetime")
        ]
