from odoo import api, fields, models
from odoo.exceptions import ValidationError

MAX_ROWS = 2000
MAX_LISTS = 500
MAX_COLUMNS = 100
MAX_KEY = 200


class ResUsersSettings(models.Model):
    """How a user likes the lists of Focalist, found again in every browser."""

    _inherit = "res.users.settings"

    focalist_lists = fields.Json(
        "Display options of lists",
        help="By list: {key: {rows: rows per page, columns: {name: whether it is"
        " shown}}}.",
    )

    @api.constrains("focalist_lists")
    def _check_focalist_lists(self):
        for settings in self:
            if not self._is_focalist_lists(settings.focalist_lists or {}):
                raise ValidationError(
                    self.env._(
                        "A list shows 1 to %(max)s rows a page, and columns by their"
                        " names.",
                        max=MAX_ROWS,
                    )
                )

    @api.model
    def _is_focalist_lists(self, lists):
        if not isinstance(lists, dict) or len(lists) > MAX_LISTS:
            return False
        return all(
            len(key) <= MAX_KEY
            and isinstance(options, dict)
            and not options.keys() - {"rows", "columns"}
            and self._is_rows(options.get("rows", 1))
            and self._is_columns(options.get("columns", {}))
            for key, options in lists.items()
        )

    @staticmethod
    def _is_rows(rows):
        return type(rows) is int and 1 <= rows <= MAX_ROWS

    @staticmethod
    def _is_columns(columns):
        return (
            isinstance(columns, dict)
            and len(columns) <= MAX_COLUMNS
            and all(
                len(name) <= 100 and isinstance(shown, bool)
                for name, shown in columns.items()
            )
        )
