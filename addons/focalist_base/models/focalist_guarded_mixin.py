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
        return super(FocalistGuardedMixin, self._with_open_defaults()).create(vals_list)

    def write(self, vals):
        """Odoo asks whether a record may be written before that is done alone.

        Whoever says whose it is from now on needs the right to write it then, too.
        """
        self._check_guarded(vals.keys())
        result = super().write(vals)
        if not self.env.su and any(
            self._fields[name].type == "many2one" for name in vals
        ):
            self.check_access("write")
        return result

    @api.model
    def _with_open_defaults(self):
        """Without defaults of guarded fields that the request's context has."""
        dropped = {
            f"default_{field.name}"
            for field in self._guarded(
                name.removeprefix("default_")
                for name in self.env.context
                if name.startswith("default_")
            )
            if field.name not in self._open_at_creation
        }
        if not dropped:
            return self
        kept = {k: v for k, v in self.env.context.items() if k not in dropped}
        return self.with_env(self.env(context=kept))

    @api.model
    def _guarded(self, names):
        """Those of these fields that nobody writes by hand; none for the superuser."""
        if self.env.su:
            return []
        return [
            field
            for name in names
            if (field := self._fields.get(name)) and field.readonly and field.store
        ]

    @api.model
    def _check_guarded(self, names):
        """Raise an AccessError where somebody writes a read-only field."""
        guarded = [
            field.get_description(self.env, ["string"])["string"]
            for field in self._guarded(names)
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
