from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.annex import local
from ..tools.precision import PRECISION


class FocalistStatementSupply(models.Model):
    """A supply that was replaced in a device: charged once or never (P5)."""

    _name = "focalist.statement.supply"
    _description = "Supply of a Statement"
    _inherit = ["focalist.guarded.mixin"]
    _order = "statement_id, site_id, device_id, replaced_at, id"
    _rec_name = "supply_model_id"

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
        related="statement_id.partner_id", string="Client", store=True, precompute=True
    )
    company_id = fields.Many2one(
        related="statement_id.company_id", store=True, precompute=True, index=True
    )
    replacement_id = fields.Many2one(
        "focalist.supply.replacement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    device_id = fields.Many2one(
        "focalist.device", required=True, readonly=True, ondelete="restrict"
    )
    site_id = fields.Many2one(
        "focalist.site", required=True, readonly=True, ondelete="restrict"
    )
    replaced_at = fields.Datetime("Replaced on", required=True, readonly=True)
    supply_model_id = fields.Many2one(
        "focalist.supply.model",
        "Supply",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    price_unit = fields.Float("Price", digits=PRECISION, readonly=True)

    _replacement_uniq = models.UniqueIndex(
        "(replacement_id) WHERE cancelled IS NOT TRUE",
        "Another statement charges this supply.",
    )

    def _replaced_on(self):
        """The day of the replacement by the clock of its site."""
        self.ensure_one()
        return local(self.replaced_at, self.site_id.tz).date()

    @api.model
    def _find(self, periods):
        """The replacements that these periods charge.

        Those until a period's end that no statement charges, while the device was in
        the contract and it billed by supply; at the price of their own moment.

        :param dict periods: contract -> (first day, last day)
        :return: dict contract -> list of values of records of this model
        """
        if not periods:
            return {}
        self.env["focalist.pricing.supply"]._detect(
            self.env["focalist.contract"].union(*periods)
        )
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH period AS (
                    SELECT * FROM (VALUES %(periods)s) AS v(contract_id, last_day)
                )
                SELECT c.id AS contract_id, r.id AS replacement_id, r.device_id,
                       r.site_id, r.replaced_at, item.supply_model_id,
                       COALESCE(ps.price, 0) AS price_unit
                  FROM period
                  JOIN focalist_contract c ON c.id = period.contract_id
                  JOIN focalist_contract_device m ON m.contract_id = c.id
                  JOIN focalist_supply_replacement r ON r.device_id = m.device_id
                   AND r.partner_id = c.partner_id
                   AND r.replaced_at >= m.start_at
                   AND (m.end_at IS NULL OR r.replaced_at < m.end_at)
                  JOIN focalist_supply_item item ON item.id = r.new_item_id
                  JOIN focalist_site s ON s.id = r.site_id
            CROSS JOIN LATERAL (SELECT (r.replaced_at AT TIME ZONE 'UTC'
                                        AT TIME ZONE s.tz)::date AS day) AS own
                  JOIN LATERAL (
                       SELECT p.id, p.model FROM focalist_pricing p
                        WHERE p.contract_id = c.id AND p.date_from <= own.day
                        ORDER BY p.date_from DESC LIMIT 1) AS p ON p.model = 'supply'
             LEFT JOIN focalist_pricing_supply ps ON ps.pricing_id = p.id
                   AND ps.supply_model_id = item.supply_model_id
                 WHERE own.day BETWEEN c.date_start
                                   AND LEAST(period.last_day, c.date_end)
                   AND item.supply_model_id IS NOT NULL
                   AND NOT EXISTS (
                       SELECT FROM focalist_statement_supply other
                        WHERE other.replacement_id = r.id
                          AND other.cancelled IS NOT TRUE)
                 ORDER BY r.replaced_at, r.id
                """,
                periods=SQL(", ").join(
                    SQL("(%s, %s::date)", contract.id, end)
                    for contract, (_start, end) in periods.items()
                ),
            )
        )
        found = {}
        for row in rows:
            contract = self.env["focalist.contract"].browse(row.pop("contract_id"))
            found.setdefault(contract, []).append(row)
        return found
