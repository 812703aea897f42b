import base64
import io
from dataclasses import dataclass
from typing import Any

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..tools.sheet_values import cell_text, header_key
from ..tools.spreadsheet import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    SheetError,
    check_upload,
    write_xlsx,
)

# Rows of the file that are shown before it is taken.
SHOWN = 100
# Rows that are written at once.
BATCH = 1000


@dataclass(eq=False)
class Row:
    """One row of a file: what it says, and what was found out about it."""

    number: int
    cells: list
    told: dict
    status: str = "new"
    message: str = ""
    values: Any = None

    def refuse(self, message):
        """Note why the row cannot be taken; the first reason stays."""
        if self.status != "error":
            self.status, self.message = "error", message


class FocalistImport(models.TransientModel):
    """A file of devices or meters: looked through first, taken in second."""

    _name = "focalist.import"
    _description = "Import Devices or Meters"

    kind = fields.Selection(
        [("devices", "Devices"), ("meters", "Meters")],
        "Content",
        required=True,
        default="devices",
    )
    file = fields.Binary(attachment=False)
    file_name = fields.Char()
    date_order = fields.Selection(
        [("dmy", "Day first (31/12/2026)"), ("mdy", "Month first (12/31/2026)")],
        "Dates",
        required=True,
        default=lambda self: self._default_date_order(),
        help="How the file writes dates; 2026-12-31 is read either way.",
    )
    company_id = fields.Many2one(
        "res.company",
        "Dealer",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        [("upload", "File"), ("check", "Check"), ("done", "Done")],
        required=True,
        readonly=True,
        default="upload",
    )
    line_ids = fields.One2many("focalist.import.line", "import_id", readonly=True)
    new_count = fields.Integer("To import", readonly=True)
    known_count = fields.Integer("Known already", readonly=True)
    error_count = fields.Integer("With errors", readonly=True)
    waiting_count = fields.Integer("To check by a person", readonly=True)
    unknown_columns = fields.Char("Columns not used", readonly=True)
    refused_file = fields.Binary("Rows not imported", readonly=True, attachment=False)
    refused_name = fields.Char(readonly=True)

    @api.model
    def _default_date_order(self):
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        first = (language.date_format or "%d").find("%m")
        return "mdy" if 0 <= first < language.date_format.find("%d") else "dmy"

    # Columns

    @api.model
    def _labels(self, kind):
        """The columns that a kind of file has: name -> header in the user's language.

        :param str kind: a value of `kind`
        """
        return getattr(self, f"_labels_{kind}")()

    @api.model
    def _column_names(self, kind):
        """Which column each header means, in any language that is installed.

        :return: dict header_key -> name
        """
        names = {}
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        for language in {"en_US", *languages}:
            for name, label in self.with_context(lang=language)._labels(kind).items():
                names[header_key(label)] = name
        aliases = getattr(self, f"_aliases_{kind}")()
        for name, others in aliases.items():
            names |= {header_key(other): name for other in (name, *others)}
        return names

    # The file

    def _read_sheet(self):
        """Read the file, and nothing else.

        :return: (headers, rows of cells: texts, dates or moments)
        :raise UserError: where it is no sheet of this kind
        """
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        data = base64.b64decode(self.file)
        try:
            options = check_upload(data)
        except SheetError as error:
            raise UserError(self._sheet_error(error.args[0])) from error
        reader = self.env["base_import.import"].new(
            {"file": data, "file_name": self.file_name}
        )
        read = reader._read_csv if options else reader._read_xlsx
        try:
            _length, sheet = read(options) or (0, [])
        except UserError:
            raise
        except ValueError as error:
            raise UserError(str(error)) from error
        except Exception as error:
            # A broken file breaks the readers in any way.
            raise UserError(self._sheet_error("kind")) from error
        if len(sheet) > MAX_ROWS + 1 or any(len(row) > MAX_COLUMNS for row in sheet):
            raise UserError(self._sheet_error("rows"))
        if len(sheet) < 2:
            raise UserError(self.env._("The file has no rows below its headers."))
        headers, *body = sheet
        return [cell_text(header) for header in headers], body

    def _rows(self):
        """Match the file's columns by their headers.

        :return: (headers as they stand in the file, list of Row)
        :raise UserError: where a column is missing, or there twice
        """
        headers, body = self._read_sheet()
        names = self._column_names(self.kind)
        columns = [names.get(header_key(header)) for header in headers]
        known = [name for name in columns if name]
        if len(known) != len(set(known)):
            raise UserError(self.env._("Two columns of the file mean the same."))
        labels = self._labels(self.kind)
        missing = [
            labels[name]
            for name in getattr(self, f"_required_{self.kind}")()
            if name not in known
        ]
        if missing:
            raise UserError(
                self.env._(
                    "The file lacks these columns: %(columns)s. Download the template"
                    " to see how they are named.",
                    columns=", ".join(missing),
                )
            )
        # The wizard's own result: nobody types it.
        self.sudo().unknown_columns = ", ".join(
            header
            for header, name in zip(headers, columns, strict=True)
            if header and not name
        )
        return headers, [
            Row(
                number,
                cells,
                {
                    name: cell
                    for name, cell in zip(columns, cells, strict=False)
                    if name and cell_text(cell)
                },
            )
            for number, cells in enumerate(body, 2)
        ]

    @api.model
    def _sheet_error(self, code):
        """The sentence for people of a SheetError."""
        return {
            "bytes": self.env._(
                "The file is larger than %(size)s MB. Split it.",
                size=MAX_BYTES // 2**20,
            ),
            "rows": self.env._(
                "The file has more than %(rows)s rows or %(columns)s columns. Split"
                " it.",
                rows=MAX_ROWS,
                columns=MAX_COLUMNS,
            ),
            "kind": self.env._("This is no CSV or XLSX file that can be read."),
        }[code]

    # Steps

    def action_check(self):
        """Look through the file and show what would come of it; nothing is written."""
        self.check_access("write")
        self.ensure_one()
        _headers, rows = self._checked_rows()
        shown = sorted(rows, key=lambda row: row.status != "error")[:SHOWN]
        # The wizard's own result: nobody types it.
        self.sudo().write(
            {
                "state": "check",
                "line_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "number": row.number,
                                "status": row.status,
                                "message": row.message,
                                "content": " | ".join(map(cell_text, row.cells)),
                            }
                        )
                        for row in shown
                    ),
                ],
                **self._counts(rows),
            }
        )
        return self._reopen()

    def _checked_rows(self):
        headers, rows = self._rows()
        getattr(self, f"_check_{self.kind}")(rows)
        return headers, rows

    def _counts(self, rows):
        told = [row.status for row in rows]
        return {
            f"{status}_count": told.count(status)
            for status in ("new", "known", "error")
        }

    def action_import(self):
        """Take the file in; refused where a row is wrong."""
        return self._import_rows(strict=True)

    def action_import_good(self):
        """Take the good rows in, and give the others back as a file."""
        return self._import_rows(strict=False)

    def _import_rows(self, strict):
        self.check_access("write")
        self.ensure_one()
        # Looked through anew: others have worked in the meantime.
        headers, rows = self._checked_rows()
        if strict and any(row.status == "error" for row in rows):
            raise UserError(
                self.env._("Rows of the file are wrong: nothing was imported.")
            )
        new = [row for row in rows if row.status == "new"]
        waiting = 0
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            waiting += getattr(self, f"_import_{self.kind}")(batch)
        refused = [row for row in rows if row.status == "error"]
        # The wizard's own result: nobody types it.
        self.sudo().write(
            {
                "state": "done",
                "line_ids": [Command.clear()],
                "waiting_count": waiting,
                **self._counts(rows),
                **self._refused_values(headers, refused),
            }
        )
        return self._reopen()

    def _refused_values(self, headers, refused):
        if not refused:
            return {}
        headers = [*headers, self.env._("Error")]
        file = io.BytesIO()
        write_xlsx(
            file,
            headers,
            (
                [*map(cell_text, row.cells)]
                + [""] * (len(headers) - 1 - len(row.cells))
                + [row.message]
                for row in refused
            ),
        )
        return {
            "refused_file": base64.b64encode(file.getvalue()),
            "refused_name": self.env._("not imported.xlsx"),
        }

    def action_back(self):
        """Choose another file."""
        self.check_access("write")
        self.ensure_one()
        self.sudo().state = "upload"
        return self._reopen()

    def action_template(self):
        """Download an empty sheet with the columns that are known."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/focalist/import/template/{self.kind}",
            "target": "download",
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _source_text(self):
        """What the chatter says of where something came from."""
        return self.env._("Imported from %(file)s.", file=self.file_name or "?")
