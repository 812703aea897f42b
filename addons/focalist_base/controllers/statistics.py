from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from odoo.tools.osutil import clean_filename

from ..tools.statistics_xlsx import write_statistics

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MODELS = ("res.partner", "focalist.site")


class StatisticsController(http.Controller):
    """Statistics of a client or a site as a file, in the client's language."""

    @http.route(
        "/focalist/statistics/<string:model>/<int:record_id>/<string:kind>",
        type="http",
        auth="user",
        readonly=True,
    )
    def statistics(self, model, record_id, kind, **choice):
        if model not in MODELS or kind not in ("xlsx", "pdf"):
            raise request.not_found()
        record = request.env[model].browse(record_id).exists()
        if not record:
            raise request.not_found()
        record.check_access("read")
        record = record.with_context(
            lang=record._focalist_client().lang or request.env.user.lang
        )
        choice = {name: choice.get(name) for name in ("period", "first", "last", "by")}
        choice["period"] = choice["period"] or "30d"
        try:
            content, mimetype, ending = self._file(record, kind, choice)
        except UserError as error:
            return request.make_response(str(error), status=400)
        title = record.env._("Statistics of %(name)s", name=record.display_name)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", mimetype),
                (
                    "Content-Disposition",
                    content_disposition(clean_filename(f"{title}.{ending}")),
                ),
            ],
        )

    def _file(self, record, kind, choice):
        """The file's content, type and ending."""
        if kind == "xlsx":
            data = record._focalist_statistics(**choice)
            return write_statistics(record, data), XLSX, "xlsx"
        content, ending = record.env["ir.actions.report"]._render_qweb_pdf(
            "focalist_base.focalist_statistics_report",
            record.ids,
            {"statistics_of": record._name, "choice": choice},
        )
        # Where nothing makes a PDF (in tests), the document that would become one.
        mimetype = "application/pdf" if ending == "pdf" else "text/html; charset=utf-8"
        return content, mimetype, ending
