from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class FocalistMeterDecide(models.TransientModel):
    """Ask what becomes of readings that wait, and why."""

    _name = "focalist.meter.decide"
    _description = "Decide on Meters"

    # Those that are ticked or open; of devices, the values that they ask about.
    reading_ids = fields.Many2many(
        "focalist.meter.reading",
        required=True,
        readonly=True,
        default=lambda self: self._default_readings(),
    )
    decision = fields.Selection(
        [
            ("accept", "Accept"),
            ("void", "Void the reading"),
            ("reset", "Declare a reset"),
            ("swap", "Declare a board swap"),
            ("undo", "Undo a reset or swap"),
        ],
        required=True,
        default="accept",
    )
    reason = fields.Char(required=True)
    series = fields.Boolean(
        "With what follows",
        default=True,
        help="Void what was held after it and does not count, too.",
    )
    is_single = fields.Boolean(compute="_compute_is_single")
    began_at = fields.Datetime(
        "Began anew on", help="Just before the reading, if left empty."
    )
    line_ids = fields.One2many(
        "focalist.meter.line",
        "decide_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def _default_readings(self):
        context = self.env.context
        ids = context.get("active_ids") or []
        if context.get("active_model") == "focalist.device":
            return self.env["focalist.meter.reading"].search(
                [("device_id", "in", ids), ("is_question", "=", True)], order="read_at"
            )
        return self.env["focalist.meter.reading"].browse(ids)

    @api.depends("reading_ids")
    def _compute_is_single(self):
        for wizard in self:
            wizard.is_single = len(wizard.reading_ids) == 1

    @api.depends("reading_ids", "decision")
    def _compute_line_ids(self):
        for wizard in self:
            lines = [Command.clear()]
            if wizard.decision in ("reset", "swap") and len(wizard.reading_ids) == 1:
                reading = wizard.reading_ids
                # Odoo computes what it stores as superuser.
                reading._origin.sudo(False).check_access("read")
                held = reading._waiting()
                if wizard.decision == "swap":
                    held = {**reading._counting(), **held}
                lines += [
                    Command.create(values)
                    for values in self.env["focalist.meter.line"]._prepare(
                        reading.device_id.last_meters or {}, held
                    )
                ]
            wizard.line_ids = lines

    def action_decide(self):
        """Do what was decided."""
        self.ensure_one()
        readings = self.reading_ids.sorted(lambda r: (r.read_at, r.id))
        if not readings:
            raise UserError(self.env._("There is nothing to decide."))
        if self.decision == "accept":
            readings._accept(self.reason)
        elif self.decision == "void":
            readings._void(self.reason, series=self.series)
        elif self.decision == "undo":
            for reading in readings:
                reading._undo(self.reason)
        else:
            for reading in readings:
                # The declaration before may have settled this one, too.
                if self.is_single or reading._waiting():
                    reading._declare(
                        self.decision,
                        self.reason,
                        end_values=self.line_ids._typed("end_value"),
                        start_values=self.line_ids._typed("start_value"),
                        at=self.began_at,
                    )
        return {"type": "ir.actions.act_window_close"}
