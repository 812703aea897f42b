from tempfile import TemporaryFile

from werkzeug.wsgi import wrap_file

from odoo import fields, http
from odoo.http import content_disposition, request

from ..tools.spreadsheet import write_csv, write_xlsx

WRITERS = {
    "xlsx": (
        write_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "csv": (write_csv, "text/csv"),
}


class FocalistTransfer(http.Controller):
    """Spreadsheets to download."""

    @http.route("/focalist/export/<int:export_id>", auth="user", readonly=True)
    def export(self, export_id, **_kwargs):
        """The rows of an export, as its maker may read them."""
        export = request.env["focalist.export"].search([("id", "=", export_id)])
        if not export:
            raise request.not_found()
        records = request.env[export.res_model]
        headers = [header for header, _source in records._export_columns()]
        names = dict(export._fields["res_model"]._description_selection(request.env))
        today = fields.Date.context_today(export)
        return self._sheet(
            headers,
            records._sheet_rows(export._domain()),
            f"{names[export.res_model]} {today}",
            export.file_format,
        )

    @http.route("/focalist/import/template/<string:kind>", auth="user", readonly=True)
    def template(self, kind, **_kwargs):
        """An empty sheet with the columns that an import knows."""
        imports = request.env["focalist.import"]
        imports.check_access("create")
        if kind not in dict(imports._fields["kind"].selection):
            raise request.not_found()
        return self._sheet(
            list(imports._labels(kind).values()), [], f"focalist-{kind}", "xlsx"
        )

    def _sheet(self, headers, rows, name, file_format):
        """A response that sends a file from the disk, not from memory."""
        write, mimetype = WRITERS[file_format]
        # Closed by the server once it is sent.
        file = TemporaryFile()
        write(file, headers, rows)
        size = file.seek(0, 2)
        file.seek(0)
        response = request.make_response(
            wrap_file(request.httprequest.environ, file),
            [
                ("Content-Type", mimetype),
                ("Content-Length", size),
                ("Content-Disposition", content_disposition(f"{name}.{file_format}")),
            ],
        )
        response.direct_passthrough = True
        return response
