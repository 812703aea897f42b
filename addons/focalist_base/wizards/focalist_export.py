import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.spreadsheet import MAX_SHEET_ROWS

# So many ids the web client sends at most; of more it sends the domain.
MAX_IDS = 20_000


class FocalistExport(models.TransientModel):
    """What a user downloads as a spreadsheet: what is ticked, else what is shown."""

    _name = "focalist.export"
    _description = "Export"

    res_model = fields.Selection(
        [("focalist.device", "Devices"), ("focalist.meter.reading", "Readings")],
        "Content",
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("active_model", "focalist.device"),
    )
    domain = fields.Text(
        required=True, readonly=True, default=lambda self: self._default_domain()
    )
    file_format = fields.Selection(
        [("xlsx", "Excel (XLSX)"), ("csv", "CSV")], required=True, default="xlsx"
    )
    count = fields.Integer("Rows", compute="_compute_count")

    @api.model
    def _default_domain(self):
        ids = self.env.context.get("active_ids") or []
        if ids and len(ids) < MAX_IDS:
            return json.dumps([("id", "in", ids)])
        return json.dumps(self.env.context.get("active_domain") or [])

    @api.depends("res_model", "domain")
    def _compute_count(self):
        for export in self:
            export.count = self.env[export.res_model].search_count(export._domain())

    def _domain(self):
        """What was asked for; the user's own rights decide what is found."""
        return Domain(json.loads(self.domain))

    def action_download(self):
        """Check how much it is, and send the browser for the file."""
        self.check_access("read")
        self.ensure_one()
        if self.count > MAX_SHEET_ROWS:
            raise UserError(
                self.env._(
                    "%(count)s rows are more than a sheet holds. Filter the list"
                    " first.",
                    count=self.count,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/focalist/export/{self.id}",
            "target": "download",
        }
