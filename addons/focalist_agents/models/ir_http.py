from werkzeug.exceptions import NotFound

from odoo import models
from odoo.http import request

from ..tools import panel_host

PANEL_PATH = "/focalist/panel"


class IrHttp(models.AbstractModel):
    """On a panel's host each path is the panel's, and on no other host any."""

    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        host = request.httprequest.host
        domain = request.env["focalist.panel.session"]._domain()
        if panel_host.is_panel(host, domain):
            return super()._match(PANEL_PATH)
        if path_info.rstrip("/") == PANEL_PATH:
            raise NotFound()
        return super()._match(path_info)
