from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.meters import VOLUME_METERS, volume_field


class FocalistVolumeMonth(models.Model):
    """Pages of one placement in one month: the sums of its days."""

    _name = "focalist.volume.month"
    _description = "Monthly Volume"
    _inherit = ["focalist.guarded.mixin", "focalist.pages.mixin"]
    _order = "month desc, id desc"
    _rec_name = "month"

    placement_id = fields.Many2one(
        "focalist.device.placement", required=True, readonly=True, ondelete="restrict"
    )
    month = fields.Date(required=True, readonly=True, help="The month's first day.")
    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, index=True, ondelete="restrict"
    )
    model_id = fields.Many2one(
        related="device_id.model_id", groups="focalist_base.group_focalist_user"
    )
    manufacturer_id = fields.Many2one(
        related="device_id.manufacturer_id", groups="focalist_base.group_focalist_user"
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="restrict"
    )
    site_id = fields.Many2one(
        "focalist.site", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )

    _placement_month_uniq = models.UniqueIndex("(placement_id, month)")
    _partner_month_idx = models.Index("(partner_id, month)")
    _site_month_idx = models.Index("(site_id, month)")
    _company_month_idx = models.Index("(company_id, month)")

    @api.model
    def _refresh(self, spans):
        """Add up the months of these days anew.

        :param list spans: (placement id, first day, last day, …)
        """
        names = [SQL.identifier(volume_field(meter)) for meter in VOLUME_METERS]
        self.env.execute_query(
            SQL(
                """
                WITH span AS (
                    SELECT placement_id,
                           date_trunc('month', first_day)::date AS first_month,
                           date_trunc('month', last_day)::date AS last_month
                      FROM (VALUES %(spans)s) AS v(placement_id, first_day, last_day)
                ), added AS (
                    SELECT v.placement_id, date_trunc('month', v.day)::date AS month,
                           v.device_id, v.partner_id, v.site_id, v.company_id, %(sums)s
                      FROM focalist_volume v
                      JOIN span ON span.placement_id = v.placement_id
                     WHERE v.day >= span.first_month
                       AND v.day < span.last_month + INTERVAL '1 month'
                     GROUP BY 1, 2, 3, 4, 5, 6
                ), removed AS (
                    DELETE FROM focalist_volume_month m
                          USING span
                          WHERE m.placement_id = span.placement_id
                            AND m.month BETWEEN span.first_month AND span.last_month
                            AND NOT EXISTS (
                                SELECT FROM added a
                                 WHERE a.placement_id = m.placement_id
                                   AND a.month = m.month)
                )
                INSERT INTO focalist_volume_month (
                       placement_id, month, device_id, partner_id, site_id, company_id,
                       %(columns)s)
                SELECT * FROM added
                    ON CONFLICT (placement_id, month) DO UPDATE
                   SET (%(columns)s) = ROW (%(excluded)s)
             RETURNING id
                """,
                spans=SQL(", ").join(
                    SQL("(%s, %s::date, %s::date)", *span[:3]) for span in spans
                ),
                sums=SQL(", ").join(SQL("SUM(v.%s)", name) for name in names),
                columns=SQL(", ").join(names),
                excluded=SQL(", ").join(SQL("EXCLUDED.%s", name) for name in names),
            )
        )
        self.invalidate_model()
