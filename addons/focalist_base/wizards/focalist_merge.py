from odoo import api, fields, models
from odoo.exceptions import UserError


class FocalistMerge(models.TransientModel):
    """Ask which of several manufacturers or models that are one stays."""

    _name = "focalist.merge"
    _description = "Merge"

    manufacturer_ids = fields.Many2many(
        "focalist.manufacturer",
        readonly=True,
        context={"active_test": False},
        default=lambda self: self._ticked("focalist.manufacturer"),
    )
    model_ids = fields.Many2many(
        "focalist.device.model",
        readonly=True,
        context={"active_test": False},
        default=lambda self: self._ticked("focalist.device.model"),
    )
    manufacturer_id = fields.Many2one(
        "focalist.manufacturer",
        "Keep",
        default=lambda self: self._ticked("focalist.manufacturer")[:1],
        domain="[('id', 'in', manufacturer_ids)]",
    )
    model_id = fields.Many2one(
        "focalist.device.model",
        "Keep",
        default=lambda self: self._ticked("focalist.device.model")[:1],
        domain="[('id', 'in', model_ids)]",
    )

    @api.model
    def _ticked(self, model):
        context = self.env.context
        ids = context["active_ids"] if context.get("active_model") == model else []
        return self.env[model].browse(ids)

    def action_merge(self):
        """Make one of the ticked ones; all dealers share the catalogue."""
        self.check_access("write")
        self.ensure_one()
        every, kept = self.model_ids, self.model_id
        if self.manufacturer_ids:
            every, kept = self.manufacturer_ids, self.manufacturer_id
        elif len(every.manufacturer_id) > 1:
            raise UserError(
                self.env._(
                    "These models are of several manufacturers. If those are one,"
                    " merge them first."
                )
            )
        others = every - kept
        if not kept or not others:
            raise UserError(self.env._("Tick at least two, and choose which stays."))
        if every.merged_into_id:
            raise UserError(self.env._("One of these was merged already."))
        # Managers alone have this wizard: it moves what belongs to other dealers, too.
        kept.sudo()._absorb(others.sudo())
        return {"type": "ir.actions.act_window_close"}
