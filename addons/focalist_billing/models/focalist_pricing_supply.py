from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.precision import PRECISION


class FocalistPricingSupply(models.Model):
    """What a supply costs once it is put into a device (P5)."""

    _name = "focalist.pricing.supply"
    _description = "Price of a Supply"
    _inherit = ["focalist.part.mixin"]
    _order = "pricing_id, supply_model_id"
    _rec_name = "supply_model_id"

    supply_model_id = fields.Many2one(
        "focalist.supply.model",
        "Supply",
        required=True,
        index=True,
        ondelete="restrict",
    )
    manufacturer_id = fields.Many2one(related="supply_model_id.manufacturer_id")
    part_number = fields.Char(related="supply_model_id.part_number")
    kind = fields.Selection(related="supply_model_id.kind")
    color = fields.Char(related="supply_model_id.color")
    price = fields.Float(digits=PRECISION)

    _model_uniq = models.UniqueIndex(
        "(pricing_id, supply_model_id)", "This supply has its price already."
    )
    _price_not_negative = models.Constraint(
        "CHECK (price >= 0)", "A price is not negative."
    )

    @api.model
    def _detect(self, contracts=None):
        """Add the supplies that devices of contracts have told of, without a price.

        To the versions that bill by supply, all at once.

        :param contracts: focalist.contract records; all where none are given
        """
        self.env.flush_all()
        added = self.env.execute_query(
            SQL(
                """
                INSERT INTO focalist_pricing_supply
                       (pricing_id, company_id, supply_model_id, price,
                        create_uid, create_date, write_uid, write_date)
                SELECT DISTINCT p.id, p.company_id, s.supply_model_id, 0,
                       %(user)s, now() AT TIME ZONE 'UTC',
                       %(user)s, now() AT TIME ZONE 'UTC'
                  FROM focalist_pricing p
                  JOIN focalist_contract_device m ON m.contract_id = p.contract_id
                   AND (m.end_at IS NULL OR m.end_at > now() AT TIME ZONE 'UTC')
                  JOIN focalist_supply s ON s.device_id = m.device_id AND s.active
                 WHERE p.model = 'supply' AND s.supply_model_id IS NOT NULL
                   AND (%(all)s OR p.contract_id = ANY (%(contracts)s))
           ON CONFLICT DO NOTHING
             RETURNING id
                """,
                user=self.env.uid,
                all=contracts is None,
                contracts=contracts.ids if contracts else [],
            )
        )
        if added:
            self.env["focalist.pricing"].invalidate_model(["supply_ids"])
