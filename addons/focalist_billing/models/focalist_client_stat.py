from odoo import api, fields, models
from odoo.tools import SQL

from .res_partner import PRICES


class FocalistClientStat(models.Model):
    """The pricing model of a client, as its present prices have it."""

    _inherit = "focalist.client.stat"

    pricing_model = fields.Selection(
        lambda self: (
            self.env["focalist.pricing"]
            ._fields["model"]
            ._description_selection(self.env)
        ),
        "Pricing",
        compute="_compute_counters",
        store=True,
        groups=PRICES,
        help="That of the client's first active contract.",
    )

    @api.depends(
        "partner_id.focalist_contract_ids.state",
        "partner_id.focalist_contract_ids.pricing_ids.date_from",
        "partner_id.focalist_contract_ids.pricing_ids.model",
    )
    def _compute_counters(self):
        return super()._compute_counters()

    @api.model
    def _counter_queries(self):
        return [
            *super()._counter_queries(),
            (
                ["pricing_model"],
                SQL(
                    """
                    SELECT p.model
                      FROM focalist_contract c
                      JOIN focalist_pricing p ON p.contract_id = c.id
                     WHERE c.partner_id = client.partner_id AND c.state = 'active'
                       AND p.date_from <= %s
                     ORDER BY c.id, p.date_from DESC
                     LIMIT 1
                    """,
                    fields.Date.today(),
                ),
            ),
        ]

    @api.model
    def _counted_fields(self):
        return super()._counted_fields() | {
            "focalist.contract": ["partner_id", "state"],
            "focalist.pricing": ["contract_id", "date_from", "model"],
        }
