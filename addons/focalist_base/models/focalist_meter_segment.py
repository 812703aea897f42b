from odoo import api, fields, models


class FocalistMeterSegment(models.Model):
    """A stretch of one meter of one device without reset, swap or change of origin.

    Values are subtracted within a segment and never across two. A segment reaches from
    its start to that of the next; the first one reaches back without end. A reading
    belongs to the segment of its moment: no reading says so itself.
    """

    _name = "focalist.meter.segment"
    _description = "Meter Segment"
    _order = "device_id, meter, start_at desc"
    _rec_name = "meter"

    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    meter = fields.Selection(
        [
            ("life", "Life count"),
            ("total", "Total"),
            ("mono", "Mono"),
            ("color", "Colour"),
            ("print", "Print"),
            ("print_mono", "Print mono"),
            ("print_color", "Print colour"),
            ("copy", "Copy"),
            ("copy_mono", "Copy mono"),
            ("copy_color", "Copy colour"),
            ("fax", "Fax"),
            ("fax_mono", "Fax mono"),
            ("fax_color", "Fax colour"),
            ("scan", "Scan"),
            ("scan_mono", "Scan mono"),
            ("scan_color", "Scan colour"),
            ("a4", "A4"),
            ("a4_mono", "A4 mono"),
            ("a4_color", "A4 colour"),
            ("a3", "A3"),
            ("a3_mono", "A3 mono"),
            ("a3_color", "A3 colour"),
            ("duplex", "Duplex"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Selection(
        [
            ("first", "First reading"),
            ("reset", "Reset"),
            ("swap", "Board swap"),
            ("source", "Other source"),
            ("unit", "Other unit"),
        ],
        required=True,
        readonly=True,
        help="Why the stretch before it ended.",
    )
    start_at = fields.Datetime("From", required=True, readonly=True)
    end_at = fields.Datetime(
        "To", readonly=True, help="Where the next one starts; empty for the last one."
    )
    start_reading_id = fields.Many2one(
        "focalist.meter.reading",
        "First reading",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    end_reading_id = fields.Many2one(
        "focalist.meter.reading",
        "Old counter's end",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the counter before this one stopped at, where a person knew it.",
    )
    source = fields.Char(
        readonly=True, help="What the value is read from, such as an OID."
    )
    unit = fields.Char(readonly=True)
    user_id = fields.Many2one(
        "res.users", "Declared by", readonly=True, ondelete="restrict"
    )
    note = fields.Char(readonly=True)

    _start_uniq = models.UniqueIndex("(device_id, meter, start_at)")
    _first_uniq = models.UniqueIndex("(device_id, meter) WHERE reason = 'first'")
    # What volumes and bills ask: is there a break between two moments?
    _break_idx = models.Index("(device_id, meter, start_at) WHERE reason <> 'first'")

    @api.model
    def _check_unbilled(self, device, meter, at):
        """Raise a UserError where a meter was billed across a moment.

        :param device: focalist.device
        :param datetime at: naive UTC, where a segment is to begin or to end
        """
