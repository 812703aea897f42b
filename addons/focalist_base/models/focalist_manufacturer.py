from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..tools.identity import manufacturer_key, without_maker


class FocalistManufacturer(models.Model):
    """A maker of printers, one record whatever its spelling: Ricoh, HP, Kyocera."""

    _name = "focalist.manufacturer"
    _description = "Printer Manufacturer"
    _inherit = ["focalist.guarded.mixin", "focalist.merge.mixin"]
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
    merged_into_id = fields.Many2one(
        "focalist.manufacturer",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The one that it turned out to be: what is told of it is meant of that"
        " one.",
    )
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
        return {maker.key: maker.merged_into_id or maker for maker in found}

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

    def _absorb(self, others):
        """Make of other manufacturers this one: their models and supplies become its.

        A model or supply that both have is merged, too.
        """
        self.ensure_one()
        self._check_no_double_serial(others)
        every = self.env["focalist.device.model"].with_context(active_test=False)
        own = {
            model.key: model
            for model in every.search([("manufacturer_id", "=", self.id)])
        }
        for model in every.search(
            [("manufacturer_id", "in", others.ids), ("merged_into_id", "=", False)]
        ):
            twin = own.get(model.key)
            if twin:
                (twin.merged_into_id or twin)._absorb(model)
            else:
                # By the name without the old maker's: its key stays as it is.
                name = without_maker(model.name, model.manufacturer_id.name)
                model.write({"manufacturer_id": self.id, "name": name})
                own[model.key] = model
        self._absorb_supplies(others)
        return super()._absorb(others)

    def _references(self):
        """Without the catalogue's, which `_absorb` sees to one by one."""
        catalogue = ("focalist.device.model", "focalist.supply.model")
        return [
            field
            for field in super()._references()
            if field.model_name not in catalogue
        ]

    def _check_no_double_serial(self, others):
        """Raise a UserError where two devices would have one identity."""
        devices = self.env["focalist.device"].with_context(active_test=False)
        for company, serial, count in devices._read_group(
            [
                ("manufacturer_id", "in", (self | others).ids),
                ("serial_key", "!=", False),
            ],
            ["company_id", "serial_key"],
            ["__count"],
            having=[("__count", ">", 1)],
            limit=1,
        ):
            raise UserError(
                self.env._(
                    "%(count)s devices of %(dealer)s would have the serial number"
                    " %(serial)s. Put one of them right first.",
                    count=count,
                    dealer=company.name,
                    serial=serial,
                )
            )

    def _absorb_supplies(self, others):
        every = self.env["focalist.supply.model"].with_context(active_test=False)
        known = {}
        for supply in every.search([("manufacturer_id", "=", self.id)]):
            known.setdefault(("part", supply.part_key), supply)
            known.setdefault(("description", supply.description_key), supply)
        for supply in every.search([("manufacturer_id", "in", others.ids)]):
            keys = (("part", supply.part_key), ("description", supply.description_key))
            twin = next((known[key] for key in keys if key[1] and key in known), None)
            if twin:
                twin._absorb(supply)
            else:
                supply.manufacturer_id = self
                known.update((key, supply) for key in keys if key[1])
