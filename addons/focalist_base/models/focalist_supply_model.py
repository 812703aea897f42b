from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.supply_names import description_key, part_key, split_description
from .focalist_supply import SUPPLY_KINDS


class FocalistSupplyModel(models.Model):
    """A supply as its maker sells it: an entry of the catalogue.

    Known by its part number, else by how devices describe it. What devices said stays
    its key when somebody completes it, so that the next device finds it.
    """

    _name = "focalist.supply.model"
    _description = "Supply Model"
    _inherit = ["focalist.merge.mixin"]
    _order = "manufacturer_id, name, id"
    _rec_names_search = ["name", "part_number", "manufacturer_id.name"]

    name = fields.Char("Description")
    manufacturer_id = fields.Many2one(
        "focalist.manufacturer", required=True, index=True, ondelete="restrict"
    )
    part_number = fields.Char()
    part_key = fields.Char(
        compute="_compute_keys",
        store=True,
        precompute=True,
        help="The part number as it is compared.",
    )
    description_key = fields.Char(
        compute="_compute_keys",
        store=True,
        precompute=True,
        help="What devices that tell no part number say of it, as it is compared.",
    )
    kind = fields.Selection(SUPPLY_KINDS, required=True, default="toner")
    color = fields.Char("Colour")
    rated_yield = fields.Integer(
        "Rated yield", help="Pages that the maker says it lasts for."
    )
    to_complete = fields.Boolean(
        help="It added itself when a device told of it: complete its yield and part"
        " number, then take the tick away."
    )
    active = fields.Boolean(default=True)
    device_model_ids = fields.Many2many(
        "focalist.device.model",
        "focalist_supply_model_device_model_rel",
        "supply_model_id",
        "device_model_id",
        "Fits",
        help="Models of devices in which it was seen.",
    )

    _part_uniq = models.UniqueIndex(
        "(manufacturer_id, part_key) WHERE part_key IS NOT NULL",
        "This manufacturer has a supply of that part number already.",
    )
    _description_uniq = models.UniqueIndex(
        "(manufacturer_id, description_key) WHERE description_key IS NOT NULL",
        "This manufacturer has a supply of that description already.",
    )
    _rated_yield_positive = models.Constraint(
        "CHECK (rated_yield IS NULL OR rated_yield >= 0)",
        "A yield is a number of pages.",
    )

    @api.depends("part_number", "name", "kind", "color")
    def _compute_keys(self):
        for model in self:
            model.part_key = part_key(model.part_number)
            kept = model.description_key
            if not kept and not model.part_key:
                kept = description_key(model.name, model.kind, model.color)
            model.description_key = kept

    @api.depends("name", "part_number", "manufacturer_id.name", "kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for model in self:
            name = model.name or kinds.get(model.kind, "")
            number = f" ({model.part_number})" if model.part_number else ""
            maker = model.manufacturer_id.name or ""
            model.display_name = f"{maker} {name}{number}".strip()

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(
            [
                {**vals, "name": split_description(vals.get("name"))[0]}
                for vals in vals_list
            ]
        )

    @api.model
    def _find_or_create(self, told):
        """Return the catalogue's entry of each supply that devices tell of.

        :param told: iterable of (manufacturer id, name, kind, colour, part number)
        :return: dict of them -> id
        """
        keys = {
            one: (
                one[0],
                part_key(one[4]),
                description_key(*one[1:4]),
            )
            for one in told
        }
        if not keys:
            return {}
        found = self.with_context(active_test=False).search_fetch(
            [
                ("manufacturer_id", "in", list({key[0] for key in keys.values()})),
                "|",
                ("part_key", "in", list({key[1] for key in keys.values() if key[1]})),
                ("description_key", "in", list({key[2] for key in keys.values()})),
            ],
            ["manufacturer_id", "part_key", "description_key"],
        )
        known = {}
        for model in found:
            maker = model.manufacturer_id.id
            if model.part_key:
                known[maker, "part", model.part_key] = model.id
            if model.description_key:
                known[maker, "description", model.description_key] = model.id
        missing = {}
        for one, (maker, part, description) in keys.items():
            key = (maker, "part", part) if part else (maker, "description", description)
            if key not in known:
                missing.setdefault(key, one)
        created = self.create(
            [self._prepare_found_supply(*one) for one in missing.values()]
        )
        known.update(zip(missing, created.ids, strict=True))
        return {
            one: known[
                (maker, "part", part) if part else (maker, "description", description)
            ]
            for one, (maker, part, description) in keys.items()
        }

    @api.model
    def _prepare_found_supply(self, manufacturer_id, name, kind, color, part_number):
        """Values of an entry that a device is the first to tell of."""
        return {
            "manufacturer_id": manufacturer_id,
            "name": name,
            "kind": kind,
            "color": color,
            "part_number": part_number if part_key(part_number) else False,
            "to_complete": True,
        }

    @api.model
    def _add_device_models(self, pairs):
        """Note in which models of devices supplies were seen.

        :param pairs: set of (supply model id, device model id)
        """
        if not pairs:
            return
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO focalist_supply_model_device_model_rel"
                " (supply_model_id, device_model_id)"
                " SELECT DISTINCT * FROM unnest(%s, %s)"
                " ON CONFLICT DO NOTHING RETURNING supply_model_id",
                [pair[0] for pair in pairs],
                [pair[1] for pair in pairs],
            )
        )
        if rows:
            self.invalidate_model(["device_model_ids"], flush=False)
