from odoo import fields, models
from odoo.tools import SQL

from ..tools.meters import VOLUME_METERS, volume_field


class FocalistVolumeFleet(models.Model):
    """Pages of all devices of a site in one month: what looks at the whole fleet reads.

    Added up when it is asked for: the database does so with several processes, which
    the pivot's own totals, of four groupings at once, prevent. Of 50,000 devices that
    takes a third of the time, and nothing has to be kept.
    """

    _name = "focalist.volume.fleet"
    _description = "Fleet's Monthly Volume"
    _inherit = ["focalist.pages.mixin"]
    _auto = False
    _order = "month desc, id desc"
    _rec_name = "month"
    _depends = {
        "focalist.volume.month": [
            "month",
            "company_id",
            "partner_id",
            "site_id",
            *map(volume_field, VOLUME_METERS),
        ]
    }

    month = fields.Date(readonly=True, help="The month's first day.")
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    site_id = fields.Many2one("focalist.site", readonly=True)
    company_id = fields.Many2one("res.company", "Dealer", readonly=True)
    device_count = fields.Integer(
        "Devices", readonly=True, help="Devices that printed there in that month."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT MIN(id) AS id, month, company_id, partner_id, site_id,
                   COUNT(*) AS device_count, %s
              FROM focalist_volume_month
             GROUP BY month, company_id, partner_id, site_id
            """,
            SQL(", ").join(
                SQL("SUM(%s)::int AS %s", SQL.identifier(name), SQL.identifier(name))
                for name in map(volume_field, VOLUME_METERS)
            ),
        )
