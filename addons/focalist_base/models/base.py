from odoo import api, models
from odoo.exceptions import AccessError


class Base(models.AbstractModel):
    """A collector gets nothing from a model, not even what needs no rights.

    Records are kept from it by `ir.model.access`. These methods answer from what the
    model itself is, or before a record is looked at.
    """

    _inherit = "base"

    def _check_focalist_person(self):
        """Raise an AccessError for a collector: it has no use for screens."""
        if not self.env.su and self.env.user._is_focalist_collector():
            raise AccessError(self.env._("A collector has no access to records."))

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        self._check_focalist_person()
        return super().fields_get(allfields, attributes)

    @api.model
    def default_get(self, fields):
        self._check_focalist_person()
        return super().default_get(fields)

    @api.model
    def get_views(self, views, options=None):
        self._check_focalist_person()
        return super().get_views(views, options)

    @api.model
    def name_create(self, name):
        self._check_focalist_person()
        return super().name_create(name)

    @api.model
    def load(self, fields, data):
        self._check_focalist_person()
        return super().load(fields, data)

    def export_data(self, fields_to_export):
        self._check_focalist_person()
        return super().export_data(fields_to_export)

    def onchange(self, values, field_names, fields_spec):
        self._check_focalist_person()
        return super().onchange(values, field_names, fields_spec)
