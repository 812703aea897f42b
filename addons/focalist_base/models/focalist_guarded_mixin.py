from odoo import api, models
from odoo.exceptions import AccessError


class FocalistGuardedMixin(models.AbstractModel):
    """What people cannot write on a screen, they cannot write by RPC or import.

    Odoo's `readonly` is a matter of the views alone. Fields that are read-only here
    decide what is billed and who sees it: only the modules' own methods write them,
    as superuser and after their checks.
    """

    _name = "focalist.guarded.mixin"
    _description = "Guarded Fields"
    # Read-only fields that whoever creates a record chooses, within its rules.
    _open_at_creation = ()

    @api.model_create_multi
    def create(self, vals_list):
        names = {name for vals in vals_list for name in vals}
        self._check_guarded(names - set(self._open_at_creation))
        return super().create(vals_list)

    def write(self, vals):
        self._check_guarded(vals.keys())
        return super().write(vals)

    @api.model
    def _check_guarded(self, names):
        """Raise an AccessError where somebody writes a read-only field."""
        if self.env.su:
            return
        guarded = [
            field.get_description(self.env, ["string"])["string"]
            for name in names
            if (field := self._fields.get(name)) and field.readonly and field.store
        ]
        if guarded:
            raise AccessError(
                self.env._(
                    "%(fields)s cannot be written by hand: use the buttons of"
                    " %(document)s.",
                    fields=", ".join(sorted(guarded)),
                    document=self.env["ir.model"]._get(self._name).name,
                )
            )
