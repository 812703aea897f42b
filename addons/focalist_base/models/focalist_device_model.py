from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..tools.identity import manufacturer_key, model_key, model_stem

GC_BATCH = 1000


class FocalistDeviceModel(models.Model):
    """A model of printer or MFP as its maker sells it: MP C4503."""

    _name = "focalist.device.model"
    _description = "Printer Model"
    _inherit = ["focalist.guarded.mixin", "focalist.merge.mixin"]
    _order = "manufacturer_id, name"
    _rec_names_search = ["name", "manufacturer_id.name"]

    name = fields.Char(required=True)
    key = fields.Char(
        compute="_compute_key",
        store=True,
        precompute=True,
        help="The name without maker, case and punctuation: what makes several"
        " spellings one model.",
    )
    manufacturer_id = fields.Many2one(
        "focalist.manufacturer", required=True, index=True, ondelete="restrict"
    )
    is_color = fields.Boolean("Colour")
    is_a3 = fields.Boolean("A3")
    monthly_volume = fields.Integer(
        "Rated monthly volume", help="Pages a month that the maker recommends at most."
    )
    active = fields.Boolean(default=True)
    merged_into_id = fields.Many2one(
        "focalist.device.model",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The one that it turned out to be: a device that tells this name is of"
        " that model.",
    )
    is_proposed = fields.Boolean(
        "Proposed",
        readonly=True,
        help="Devices that wait to be completed tell it, and nobody has activated one"
        " yet.",
    )
    device_ids = fields.One2many("focalist.device", "model_id")
    device_count = fields.Integer(compute="_compute_device_count")

    _key_uniq = models.UniqueIndex(
        "(manufacturer_id, key)", "This manufacturer has a model of that name already."
    )

    @api.depends("name", "manufacturer_id.name")
    def _compute_key(self):
        for model in self:
            model.key = model_key(model.name, model.manufacturer_id.name)

    @api.depends("manufacturer_id.name", "name")
    def _compute_display_name(self):
        for model in self:
            model.display_name = f"{model.manufacturer_id.name or ''} {model.name}"

    @api.depends("device_ids")
    def _compute_device_count(self):
        counts = dict(
            self.env["focalist.device"]._read_group(
                [("model_id", "in", self.ids)], ["model_id"], ["__count"]
            )
        )
        for model in self:
            model.device_count = counts.get(model, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        # Those of other dealers and archived ones count as well.
        users = self.env["focalist.device"].sudo().with_context(active_test=False)
        for used, count in users._read_group(
            [("model_id", "in", self.ids)], ["model_id"], ["__count"]
        ):
            raise UserError(
                self.env._(
                    "%(name)s cannot be deleted: devices (%(count)s) are of it. Archive"
                    " it instead.",
                    name=used.display_name,
                    count=count,
                )
            )

    @api.model
    def name_create(self, name):
        """Create a model from what is on its front: `Ricoh MP C4503`."""
        self.check_access("create")
        words = (name or "").split()
        if len(words) < 2:
            raise UserError(
                self.env._("Enter the manufacturer and the model: Ricoh MP C4503.")
            )
        starts = [" ".join(words[:count]) for count in range(1, len(words))]
        known = self.env["focalist.manufacturer"]._by_key(starts)
        # The longest start that is a maker's name: Konica Minolta before Konica.
        maker = next(
            (start for start in starts[::-1] if manufacturer_key(start) in known),
            starts[0],
        )
        told = (maker, " ".join(words[len(maker.split()) :]))
        model = self._find_or_create([told])[told]
        return model.id, model.display_name

    def _absorb(self, others):
        """Make of other models of the same manufacturer this one, devices and all."""
        self.ensure_one()
        told = {
            name: True for name in ("is_color", "is_a3") if any(others.mapped(name))
        }
        if not self.monthly_volume and any(others.mapped("monthly_volume")):
            told["monthly_volume"] = max(others.mapped("monthly_volume"))
        self.write(told)
        self._confirm()
        return super()._absorb(others)

    @api.model
    def _propose(self, names):
        """The model to propose for each (manufacturer, name) that a device tells.

        The one of that name; else one of the catalogue that is called the same but for
        letters at the end (MP C4503 for MP C4503SP); else a new one, which belongs to
        the catalogue once a device of it is activated.

        :return: as of `_find_or_create`
        """
        return self._find_or_create(names, proposed=True)

    def _confirm(self):
        """Take models into the catalogue that were proposed."""
        # Whoever activates a device, or names its model, may.
        self.filtered("is_proposed").sudo().is_proposed = False

    @api.model
    def _similar(self, keys):
        """Models of the catalogue with the same stem, the plainest name first.

        :param keys: of models: (id of manufacturer, key)
        :return: dict key -> focalist.device.model, where there is one
        """
        if not keys:
            return {}
        catalogue = self.search(
            [
                ("manufacturer_id", "in", [maker_id for maker_id, _key in keys]),
                ("is_proposed", "=", False),
            ]
        )
        by_stem = {}
        for model in catalogue.sorted(lambda model: (len(model.key), model.id)):
            stem = model.manufacturer_id.id, model_stem(model.key)
            by_stem.setdefault(stem, model)
        stems = {key: by_stem.get((key[0], model_stem(key[1]))) for key in keys}
        return {key: model for key, model in stems.items() if model}

    @api.autovacuum
    def _gc_proposed(self):
        """Forget proposals that nobody took: no device is of them any more.

        :return: (rows deleted, whether there are more)
        """
        used = self.env["focalist.device"].sudo().with_context(active_test=False)
        unused = self.sudo().search(
            [
                ("is_proposed", "=", True),
                ("id", "not in", used._search([]).subselect("model_id")),
            ],
            limit=GC_BATCH,
        )
        unused.unlink()
        return len(unused), len(unused) == GC_BATCH

    @api.model
    def _find_or_create(self, names, proposed=False):
        """Return the model of each (manufacturer, name) that devices tell.

        :param names: iterable of (manufacturer name, model name), none empty
        :param bool proposed: see `_propose`
        :return: dict (manufacturer name, model name) -> focalist.device.model
        """
        names = set(names)
        makers = self.env["focalist.manufacturer"]._find_or_create(
            {maker for maker, _name in names}
        )
        keys = {
            (maker, name): (makers[maker].id, model_key(name, maker))
            for maker, name in names
        }
        found = self.with_context(active_test=False).search(
            [
                ("manufacturer_id", "in", [m.id for m in makers.values()]),
                ("key", "in", list({key for _maker_id, key in keys.values()})),
            ]
        )
        by_key = {
            (model.manufacturer_id.id, model.key): model.merged_into_id or model
            for model in found
        }
        missing = {key: name for name, key in keys.items() if key not in by_key}
        if proposed:
            by_key |= self._similar(missing)
            missing = {key: name for key, name in missing.items() if key not in by_key}
        else:
            self.union(*by_key.values())._confirm()
        # All clients of all dealers share it: whose device was the first is not told.
        creator = self.with_user(SUPERUSER_ID)
        created = creator.create(
            [
                {"manufacturer_id": maker_id, "name": name, "is_proposed": proposed}
                for (maker_id, _key), (_maker, name) in missing.items()
            ]
        ).with_env(self.env)
        by_key.update({(m.manufacturer_id.id, m.key): m for m in created})
        return {name: by_key[key] for name, key in keys.items()}
