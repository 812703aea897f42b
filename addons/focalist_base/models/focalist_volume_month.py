from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.meters import volume_field
from ..tools.plain_many2one import PlainMany2one
from ..tools.recordset import recordset
from .focalist_volume import SPAN_TYPES


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
    # What the placement refers to is not deleted while the placement stays.
    device_id = PlainMany2one(
        "focalist.device", required=True, readonly=True, index=True
    )
    model_id = fields.Many2one(
        related="device_id.model_id", groups="focalist_base.group_focalist_user"
    )
    manufacturer_id = fields.Many2one(
        related="device_id.manufacturer_id", groups="focalist_base.group_focalist_user"
    )
    # Contacts are merged: Odoo looks for those that refer to one by its foreign keys.
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="restrict"
    )
    site_id = PlainMany2one("focalist.site", required=True, readonly=True)
    company_id = PlainMany2one("res.company", required=True, readonly=True)

    _placement_month_uniq = models.UniqueIndex("(placement_id, month)")
    _partner_month_idx = models.Index("(partner_id, month)")
    _site_month_idx = models.Index("(site_id, month)")
    _company_month_idx = models.Index("(company_id, month)")

    @api.model
    def _refresh(self, spans, meters):
        """Add up the months of these days anew.

        :param list spans: see focalist.volume._refreshed_spans
        :param list meters: all that are told where these days are
        """
        volumes = self.env["focalist.volume"]
        names = [SQL.identifier(volume_field(meter)) for meter in meters]
        self.env.execute_query(
            SQL(
                """
                WITH span AS (
                    SELECT placement_id,
                           date_trunc('month', first_day)::date AS first_month,
                           date_trunc('month', last_day)::date AS last_month
                      FROM %(spans)s
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
                SELECT *
                  FROM added a
                 WHERE NOT EXISTS (
                       SELECT FROM focalist_volume_month m
                        WHERE m.placement_id = a.placement_id
                          AND m.month = a.month
                          AND ROW (%(stored)s) IS NOT DISTINCT FROM ROW (%(added)s))
                    ON CONFLICT (placement_id, month) DO UPDATE
                   SET (%(columns)s) = ROW (%(excluded)s)
             RETURNING id
                """,
                spans=recordset("v", SPAN_TYPES, spans),
                sums=SQL(", ").join(
                    SQL("SUM(v.%s) AS %s", name, name) for name in names
                ),
                columns=SQL(", ").join(names),
                stored=volumes._pages_of("m", meters),
                added=volumes._pages_of("a", meters),
                excluded=volumes._pages_of("excluded", meters),
            )
        )
        self.invalidate_model()
