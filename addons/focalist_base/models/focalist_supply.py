from odoo import api, fields, models

from ..tools.meter_field import Meter
from ..tools.percent_field import Percent
from ..tools.supply_state import room

SUPPLY_KINDS = [
    ("toner", "Toner"),
    ("ink", "Ink"),
    ("drum", "Drum"),
    ("developer", "Developer"),
    ("fuser", "Fuser"),
    ("transfer", "Transfer unit"),
    ("maintenance_kit", "Maintenance kit"),
    ("waste_toner", "Waste toner"),
    ("staples", "Staples"),
    ("other", "Other"),
]
# Percent left under which a supply wants looking after, and under which it is at its
# end.
LOW, CRITICAL = 20, 10


class FocalistSupply(models.Model):
    """A slot of a device for a supply, and what is in it as the device told last.

    Written by ingestion only. A slot that the device tells of no more is archived.
    """

    _name = "focalist.supply"
    _description = "Supply"
    _inherit = ["focalist.moment.mixin"]
    _order = "device_id, kind desc, id"

    name = fields.Char("Description", readonly=True)
    index = fields.Char("Slot", required=True, readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    kind = fields.Selection(SUPPLY_KINDS, required=True, readonly=True)
    color = fields.Char("Colour", readonly=True)
    color_name = fields.Char("Colour name", compute="_compute_color_name")
    part_number = fields.Char(readonly=True)
    serial = fields.Char("Serial number", readonly=True)
    supply_model_id = fields.Many2one(
        "focalist.supply.model",
        "Model",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    level = Meter(readonly=True, aggregator=None)
    capacity = Meter(readonly=True, aggregator=None)
    unit = fields.Char(readonly=True)
    percent = Percent(
        "Level (%)",
        readonly=True,
        aggregator="min",
        help="What is left of it; of a waste box, how full it is. Empty where the"
        " device does not know.",
    )
    some_remaining = fields.Boolean(
        "Some left",
        readonly=True,
        help="The device knows that it is not empty, and no more.",
    )
    level_state = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("some", "Some left"),
            ("fine", "Fine"),
            ("low", "Low"),
            ("critical", "Critical"),
        ],
        "State",
        compute="_compute_level_state",
    )
    last_seen_at = fields.Datetime("Last told", compute="_compute_last_seen_at")
    item_ids = fields.One2many("focalist.supply.item", "supply_id", "Cartridges")
    # Since when the device tells of it no more, or stands elsewhere; while it is told,
    # the device knows when: no row a supply is written where nothing changed.
    unseen_since = fields.Datetime(readonly=True)

    # What the next report is compared with: see tools/supply_state.py.
    known_percent = Percent(readonly=True, groups="base.group_no_one")
    recorded_percent = Percent(readonly=True, groups="base.group_no_one")
    rise_at = fields.Datetime(readonly=True, groups="base.group_no_one")
    rise_from = Percent(readonly=True, groups="base.group_no_one")
    rise_percent = Percent(readonly=True, groups="base.group_no_one")
    rise_meter = Meter(readonly=True, groups="base.group_no_one")

    _device_index_uniq = models.UniqueIndex("(device_id, index)")
    _percent_bounds = models.Constraint(
        "CHECK (percent BETWEEN 0 AND 100)", "A share is from 0 to 100."
    )

    @api.depends("kind", "color")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """By the place in the machine: a former client still reads the name.

        So the description of what is in it today does not stand there.
        """
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for supply in self:
            kind = kinds.get(supply.kind, "")
            color = supply.color_name
            supply.display_name = f"{kind}, {color.lower()}" if color else kind

    @api.depends("color")
    @api.depends_context("lang")
    def _compute_color_name(self):
        names = {
            "black": self.env._("Black"),
            "cyan": self.env._("Cyan"),
            "magenta": self.env._("Magenta"),
            "yellow": self.env._("Yellow"),
        }
        for supply in self:
            supply.color_name = names.get(supply.color, supply.color)

    @api.depends("percent", "some_remaining", "kind")
    def _compute_level_state(self):
        for supply in self:
            if supply.percent is False:
                state = "some" if supply.some_remaining else "unknown"
            else:
                left = room(supply.kind, supply.percent)
                low = "low" if left < LOW else "fine"
                state = "critical" if left < CRITICAL else low
            supply.level_state = state

    @api.depends("unseen_since", "device_id.supplies_read_at")
    def _compute_last_seen_at(self):
        for supply in self:
            # A former client reads when it was told there, not of the device today.
            read_at = supply.device_id.sudo().supplies_read_at
            supply.last_seen_at = supply.unseen_since or read_at
