from odoo import api, fields, models

from ..tools.meter_field import Meter
from . import focalist_moment_mixin  # noqa: F401 (loaded before what inherits it)


class FocalistAlert(models.Model):
    """A row of a device's alert table (RFC 3805), from raised to cleared."""

    _name = "focalist.alert"
    _description = "Device Alert"
    _inherit = ["focalist.moment.mixin"]
    # Open ones first.
    _order = "cleared_at desc nulls first, raised_at desc, id desc"

    index = fields.Char("Row", required=True, readonly=True)
    severity = fields.Selection(
        [
            ("critical", "Critical"),
            ("warning", "Warning"),
            ("warning_binary_change", "Warning (until cleared)"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    training = fields.Selection(
        [
            ("untrained", "Anybody"),
            ("trained", "Trained person"),
            ("field_service", "Field service"),
            ("management", "Management"),
            ("no_intervention_required", "Nobody"),
            ("unknown", "Unknown"),
            ("other", "Other"),
        ],
        "Handled by",
        required=True,
        readonly=True,
    )
    group = fields.Selection(
        [
            ("host_storage", "Storage"),
            ("host_device", "Host device"),
            ("general_printer", "Printer"),
            ("cover", "Cover"),
            ("localization", "Localisation"),
            ("input", "Paper input"),
            ("output", "Paper output"),
            ("marker", "Marker"),
            ("marker_supplies", "Supplies"),
            ("marker_colorant", "Colorant"),
            ("media_path", "Paper path"),
            ("channel", "Channel"),
            ("interpreter", "Interpreter"),
            ("console_display_buffer", "Display"),
            ("console_lights", "Lights"),
            ("alert", "Alert table"),
            ("finisher_device", "Finisher"),
            ("finisher_supply", "Finisher supplies"),
            ("finisher_supply_media_input", "Finisher input"),
            ("finisher_attribute", "Finisher setting"),
            ("other", "Other"),
        ],
        "Part",
        required=True,
        readonly=True,
    )
    code = Meter(readonly=True, aggregator=None, help="PrtAlertCodeTC (RFC 3805).")
    description = fields.Char(readonly=True)
    raised_at = fields.Datetime(
        "Raised on",
        required=True,
        readonly=True,
        help="When a report first told of it.",
    )
    cleared_at = fields.Datetime("Cleared on", readonly=True)
    flaps = fields.Integer(
        "Raised again",
        readonly=True,
        aggregator="max",
        help="How often it came back within 15 minutes after it was cleared.",
    )

    _device_cleared_at_idx = models.Index("(device_id, cleared_at)")
    _open_idx = models.Index("(company_id, raised_at) WHERE cleared_at IS NULL")
    _order_of_moments = models.Constraint(
        "CHECK (cleared_at IS NULL OR cleared_at >= raised_at)",
        "An alert is cleared after it was raised.",
    )

    @api.depends("description", "group", "code")
    @api.depends_context("lang")
    def _compute_display_name(self):
        groups = dict(self._fields["group"]._description_selection(self.env))
        for alert in self:
            code = "" if alert.code is False else f" {alert.code}"
            alert.display_name = alert.description or f"{groups[alert.group]}{code}"
