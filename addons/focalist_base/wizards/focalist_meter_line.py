from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.meter_field import Meter
from ..tools.meters import METERS, parse_pages


class FocalistMeterLine(models.TransientModel):
    """One meter in a form where a person types what it said."""

    _name = "focalist.meter.line"
    _description = "Meter to Type"

    decide_id = fields.Many2one("focalist.meter.decide", index=True, ondelete="cascade")
    entry_id = fields.Many2one("focalist.meter.entry", index=True, ondelete="cascade")
    step_id = fields.Many2one("focalist.device.step", index=True, ondelete="cascade")
    incoming_step_id = fields.Many2one(
        "focalist.device.step", index=True, ondelete="cascade"
    )
    meter = fields.Selection(
        selection=lambda self: (
            self.env["focalist.meter.segment"]
            ._fields["meter"]
            ._description_selection(self.env)
        ),
        required=True,
    )
    last_value = Meter("Counts now", readonly=True, aggregator=None)
    held_value = Meter("To check", readonly=True, aggregator=None)
    end_value = fields.Char(
        "Old counter's end", help="What it stopped at; empty where nobody knows."
    )
    start_value = fields.Char(
        "New counter's start", help="What it began with; empty where nobody knows."
    )
    value = fields.Char()

    def _typed(self, name):
        """What was typed into a column: {meter: value}.

        :raise UserError: where it is no number of pages
        """
        values = {}
        for line in self:
            try:
                value = parse_pages(line[name])
            except ValueError as error:
                raise UserError(
                    self.env._("%(text)s is no number of pages.", text=line[name])
                ) from error
            if value is not None:
                values[line.meter] = value
        return values

    def _prepare(self, last, held=None):
        """Values of the lines of some meters, in the order of the closed list."""
        shown = held if held is not None else last
        return [
            {
                "meter": meter,
                "last_value": last.get(meter),
                "held_value": (held or {}).get(meter),
            }
            for meter in METERS
            if meter in shown
        ]
