import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

WITH_OPTIONS = ("selection", "tags")
WITH_MODEL = ("many2one", "many2many")


class FocalistCustomFieldsLine(models.TransientModel):
    """One custom field, in the form where managers define them."""

    _name = "focalist.custom.fields.line"
    _description = "Custom Field"
    _order = "sequence, id"

    wizard_id = fields.Many2one(
        "focalist.custom.fields", index=True, required=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=1000)
    name = fields.Char("Technical name", readonly=True)
    label = fields.Char("Field", required=True)
    type = fields.Selection(
        [
            ("char", "Text"),
            ("text", "Long text"),
            ("integer", "Integer"),
            ("float", "Decimal"),
            ("boolean", "Checkbox"),
            ("date", "Date"),
            ("datetime", "Date and time"),
            ("selection", "Choice"),
            ("tags", "Tags"),
            ("many2one", "One record"),
            ("many2many", "Several records"),
            ("html", "Formatted text"),
            ("monetary", "Amount"),
            ("separator", "Heading"),
        ],
        required=True,
        default="char",
    )
    options = fields.Char("Choices", help="Separated by commas.")
    comodel = fields.Selection(
        [("res.users", "Users"), ("res.partner", "Contacts")], "Records of"
    )

    @api.model
    def _prepare(self, definition):
        """Values of the lines of a definition."""
        return [
            {
                "sequence": sequence,
                "name": told["name"],
                "label": told.get("string") or told["name"],
                "type": told["type"],
                "options": ", ".join(
                    option[1]
                    for option in told.get(told["type"]) or ()
                    if told["type"] in WITH_OPTIONS
                ),
                "comodel": told.get("comodel")
                if told.get("comodel") in ("res.users", "res.partner")
                else False,
            }
            for sequence, told in enumerate(definition, start=1)
        ]

    def _definition(self, before):
        """What Odoo stores of these lines.

        :param list before: the definition until now: a field that stays keeps its name,
            and what else is known of it
        """
        known = {told["name"]: told for told in before}
        return [line._property(known.get(line.name)) for line in self.sorted()]

    def _property(self, known):
        self.ensure_one()
        known = known or {}
        # Another type is another field: what was typed would make no sense.
        if known.get("type") != self.type:
            known = {}
        told = {
            **known,
            "name": known.get("name") or self._new_name(),
            "type": self.type,
            "string": self.label.strip(),
        }
        if self.type in WITH_OPTIONS:
            told[self.type] = self._options(known.get(self.type) or [])
        if self.type in WITH_MODEL:
            told["comodel"] = self.comodel or known.get("comodel")
            if not told["comodel"]:
                raise UserError(
                    self.env._(
                        "Choose what %(field)s is about: users or contacts.",
                        field=self.label,
                    )
                )
            if told["comodel"] != known.get("comodel"):
                told["name"] = self._new_name()
        return told

    def _new_name(self):
        name = uuid.uuid4().hex[:16]
        return f"{name}_html" if self.type == "html" else name

    def _options(self, before):
        """The choices as Odoo stores them: one that is renamed stays what it was."""
        labels = [text.strip() for text in (self.options or "").split(",")]
        labels = list(dict.fromkeys(text for text in labels if text))
        if not labels and self.type == "selection":
            raise UserError(
                self.env._("Enter the choices of %(field)s.", field=self.label)
            )
        same = {option[1]: option for option in before}
        options = []
        for position, text in enumerate(labels):
            option = same.get(text)
            if not option and len(before) == len(labels):
                there = before[position]
                option = there if there[1] not in labels else None
            option = option or [uuid.uuid4().hex[:16], text, position % 11 + 1]
            rest = option[2:] if self.type == "tags" else []
            options.append([option[0], text, *rest])
        return options
