from odoo import models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _search(self, domain, *args, **kwargs):
        """Attachments have rights of their own: public ones are everybody's."""
        if not kwargs.get("bypass_access"):
            self._check_focalist_person()
        return super()._search(domain, *args, **kwargs)
