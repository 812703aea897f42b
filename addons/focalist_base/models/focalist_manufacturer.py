from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..tools.identity import manufacturer_key


class FocalistManufacturer(models.Model):
    """A maker of printers, one record whatever its spelling: Ricoh, HP, Kyocera."""

    _name = "focalist.manufacturer"
    _description = "Printer Manufacturer"
    _order = "name"

    name = fields.Char(required=True)
    key = fields.Char(
        compute="_compute_key",
        store=True,
        precompute=True,
        help="The name without case, spaces and company forms: what makes two"
        " spellings one manufacturer.",
    )
    active = fields.Boolean(default=True)
    model_ids = fields.One2many("focalist.device.model", "manufacturer_id")

    _key_uniq = models.UniqueIndex("(key)", "This manufacturer exists already.")

    @api.depends("name")
    def _compute_key(self):
        for manufacturer in self:
            manufacturer.key = manufacturer_key(manufacturer.name)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        # Those of other dealers and archived ones count as well.
        users = self.env["focalist.device.model"].sudo().with_context(active_test=False)
        for used, count in users._read_group(
            [("manufacturer_id", "in", self.ids)], ["manufacturer_id"], ["__count"]
        ):
            raise UserError(
                self.env._(
                    "%(name)s cannot be deleted: models (%(count)s) are of it. Archive"
                    " it instead.",
                    name=used.display_name,
                    count=count,
                )
            )

    @api.model
    def _by_key(self, names):
        """Return the manufacturers of these names that exist.

        :return: dict key (see `manufacturer_key`) -> focalist.manufacturer record
        """
        keys = {manufacturer_key(name) for name in names}
        found = self.with_context(active_test=False).search([("key", "in", list(keys))])
        return {manufacturer.key: manufacturer for manufacturer in found}

    @api.model
    def _find_or_create(self, names):
        """Return the manufacturer of each name.

        :param names: iterable of names as devices tell them, none empty
        :return: dict name -> focalist.manufacturer record
        """
        keys = {name: manufacturer_key(name) for name in names}
        by_key = self._by_key(names)
        missing = {key: name for name, key in keys.items() if key not in by_key}
        # All clients of all dealers share it: whose device was the first is not told.
        creator = self.with_user(SUPERUSER_ID)
        for manufacturer in creator.create(
            [{"name": name} for name in missing.values()]
        ).with_env(self.env):
            by_key[manufacturer.key] = manufacturer
        return {name: by_key[key] for name, key in keys.items()}
