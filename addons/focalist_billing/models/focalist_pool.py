from odoo import fields, models

from ..tools.rating import Pool


class FocalistPool(models.Model):
    """Pages included each month for devices together: the client's, a site's, or some.

    They take the place of what is included for each of these devices.
    """

    _name = "focalist.pool"
    _description = "Shared Included Pages"
    _inherit = ["focalist.part.mixin", "focalist.included.mixin"]
    _order = "pricing_id, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    scope = fields.Selection(
        [
            ("contract", "All devices"),
            ("site", "Devices of a site"),
            ("devices", "Given devices"),
        ],
        "Shared by",
        required=True,
        default="contract",
    )
    site_id = fields.Many2one(
        "focalist.site", index="btree_not_null", ondelete="restrict", check_company=True
    )
    device_ids = fields.Many2many(
        "focalist.device", "focalist_pool_device_rel", string="Devices"
    )

    _site = models.Constraint(
        "CHECK (scope <> 'site' OR site_id IS NOT NULL)", "Choose the pool's site."
    )

    def _pools(self, meters, places):
        """As the rating takes them; a device shares in one pool, the narrowest.

        :param meters: those that the Type bills
        :param dict places: device id -> site id, of the devices that are billed
        :return: list of Pool
        """
        left = dict(places)
        pools = []
        for scope in ("devices", "site", "contract"):
            for pool in self.filtered(lambda pool, scope=scope: pool.scope == scope):
                inside = {
                    device
                    for device, site in left.items()
                    if scope == "contract"
                    or (scope == "site" and site == pool.site_id.id)
                    or (scope == "devices" and device in pool.device_ids._origin._ids)
                }
                for device in inside:
                    del left[device]
                pools.append(Pool(pool.id, frozenset(inside), pool._included(meters)))
        return pools
