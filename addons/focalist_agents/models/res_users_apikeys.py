import logging

from odoo import models
from odoo.http import request

from .focalist_collector_certificate import KEY_SCOPE

_logger = logging.getLogger(__name__)


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        """Tell the log when a collector's key is tried where it opens nothing."""
        user_id = super()._check_credentials(scope=scope, key=key)
        if not user_id and scope != KEY_SCOPE:
            thief_of = super()._check_credentials(scope=KEY_SCOPE, key=key)
            if thief_of:
                collector = self.env["focalist.collector"].sudo()
                collector = collector.search([("user_id", "=", thief_of)], limit=1)
                _logger.warning(
                    "The key of the %s was tried at Odoo's own interfaces, from %s: it"
                    " was stolen, or is in use for something else. Revoke it.",
                    collector._log_name(),
                    # Odoo's XML-RPC hides the request.
                    request.httprequest.remote_addr
                    if request
                    else "the address of this call",
                )
        return user_id
