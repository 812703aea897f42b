from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.focalist_base.tools.meter_field import Meter

from ..tools.precision import PRECISION

#: The meters that are billed, in the order of the invoice.
METERS = [
    ("total", "Pages"),
    ("mono", "Mono"),
    ("color", "Colour"),
    ("print_mono", "Mono prints"),
    ("print_color", "Colour prints"),
    ("copy_mono", "Mono copies"),
    ("copy_color", "Colour copies"),
    ("fax", "Fax"),
    ("scan", "Scan"),
    ("a4_mono", "Mono A4"),
    ("a4_color", "Colour A4"),
    ("a3_mono", "Mono A3"),
    ("a3_color", "Colour A3"),
]


class FocalistStatementLine(models.Model):
    """Pages of one meter of one device between two readings: billed once or never."""

    _name = "focalist.statement.line"
    _description = "Meter of a Statement"
    _inherit = ["focalist.guarded.mixin"]
    _order = "statement_id, site_id, device_id, meter, id"
    _rec_name = "device_id"
    # Whose hand it was, and when, is the statement's; the database would check it for
    # each line.
    _log_access = False

    statement_id = fields.Many2one(
        "focalist.statement",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    cancelled = fields.Boolean(
        related="statement_id.cancelled", store=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="statement_id.partner_id",
        string="Client",
        store=True,
        precompute=True,
        index=True,
    )
    company_id = fields.Many2one(
        related="statement_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="statement_id.currency_id")
    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, ondelete="restrict"
    )
    model_id = fields.Many2one(related="device_id.model_id")
    serial_number = fields.Char(
        readonly=True, help="As it was when the statement was made."
    )
    site_id = fields.Many2one(
        "focalist.site",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Where the device stood at the last reading.",
    )
    cost_centre = fields.Char(
        readonly=True,
        help="As the device named it when the statement was made.",
    )
    meter = fields.Selection(METERS, required=True, readonly=True)
    counter = fields.Selection(
        [*METERS, ("print", "Prints"), ("copy", "Copies"), ("a4", "A4"), ("a3", "A3")],
        required=True,
        readonly=True,
        help="The counter that was read: a mono printer may tell its total alone.",
    )
    reading_from_id = fields.Many2one(
        "focalist.meter.reading",
        "First reading",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Empty where the line before ended without a reading.",
    )
    reading_to_id = fields.Many2one(
        "focalist.meter.reading",
        "Last reading",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Empty where the last meter is estimated or calculated.",
    )
    # Readings are never edited: what is copied here cannot differ, and lists need it.
    read_from_at = fields.Datetime("Read on", required=True, readonly=True)
    read_to_at = fields.Datetime("Read on", required=True, readonly=True)
    value_from = Meter("First meter", required=True, readonly=True, aggregator=None)
    value_to = Meter("Last meter", required=True, readonly=True, aggregator=None)
    pages = fields.Integer(required=True, readonly=True)
    included = fields.Integer(readonly=True, help="Pages that cost nothing.")
    billable = fields.Integer(compute="_compute_billable", store=True, precompute=True)
    tiered = fields.Boolean(
        readonly=True, help="Its pages fall into tiers, together with other devices'."
    )
    price_unit = fields.Float("Price", digits=PRECISION, readonly=True, aggregator=None)
    amount = fields.Float(
        digits=(16, 6),
        readonly=True,
        help="Its part of the charges. Money is rounded once a charge, not here.",
    )

    # Of what was corrected, the correction holds. One that takes all of a line back
    # holds no pages, and so no reading.
    _from_uniq = models.UniqueIndex(
        "(device_id, meter, reading_from_id) WHERE cancelled IS NOT TRUE"
        " AND settled IS NOT TRUE AND read_to_at > read_from_at",
        "Another statement bills the pages after this reading.",
    )
    _to_uniq = models.UniqueIndex(
        "(device_id, meter, reading_to_id) WHERE cancelled IS NOT TRUE"
        " AND settled IS NOT TRUE AND read_to_at > read_from_at",
        "Another statement bills the pages before this reading.",
    )
    _after_uniq = models.UniqueIndex(
        "(device_id, meter, read_from_at) WHERE cancelled IS NOT TRUE"
        " AND settled IS NOT TRUE AND read_to_at > read_from_at"
        " AND reading_from_id IS NULL",
        "Another statement bills the pages after this estimate.",
    )
    _included = models.Constraint(
        "CHECK (settles_id IS NOT NULL OR included BETWEEN 0 AND pages)",
        "No more is included than was printed.",
    )
    _pages = models.Constraint(
        "CHECK (pages = value_to - value_from - settled_pages"
        " AND value_to >= value_from AND read_to_at >= read_from_at"
        " AND (settles_id IS NOT NULL"
        " OR (settled_pages = 0 AND read_to_at > read_from_at)))",
        "Pages are counted from an earlier reading to a later one.",
    )
    _read = models.Constraint(
        "CHECK (reading_to_id IS NOT NULL OR estimated OR settles_id IS NOT NULL)",
        "What is not estimated ends with a reading.",
    )

    @api.depends("pages", "included")
    def _compute_billable(self):
        for line in self:
            line.billable = line.pages - line.included

    @api.model
    def _billing(self, domain):
        """A line that bills, if there is one: who decides on meters sees no bills.

        :return: focalist.statement.line, with superuser rights
        """
        return self.sudo().search(
            [("cancelled", "!=", True), ("settled", "!=", True), *domain], limit=1
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_with_statement(self):
        if any(line.statement_id.state == "invoiced" for line in self):
            raise UserError(self.env._("What is invoiced is not deleted."))
