from odoo import api, fields, models
from odoo.tools import SQL


class FocalistClientStat(models.Model):
    """The agent of a client that was heard of last."""

    _inherit = "focalist.client.stat"

    last_agent_id = fields.Many2one(
        "focalist.agent",
        compute="_compute_counters",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        help="The client's agent that was heard of last.",
    )
    last_agent_seen_at = fields.Datetime(
        "Agent's last contact", compute="_compute_counters", store=True
    )

    @api.depends("partner_id.focalist_agent_ids.active")
    def _compute_counters(self):
        return super()._compute_counters()

    @api.model
    def _counter_queries(self):
        return [
            *super()._counter_queries(),
            (
                ["last_agent_id", "last_agent_seen_at"],
                SQL(
                    """
                    SELECT a.id, MAX(c.last_seen_at)
                      FROM focalist_agent a
                 LEFT JOIN focalist_collector c ON c.agent_id = a.id
                     WHERE a.partner_id = client.partner_id AND a.active
                     GROUP BY a.id
                     ORDER BY 2 DESC NULLS LAST, a.id
                     LIMIT 1
                    """
                ),
            ),
        ]

    @api.model
    def _counted_fields(self):
        return super()._counted_fields() | {
            "focalist.agent": ["partner_id", "active"],
            "focalist.collector": ["agent_id", "last_seen_at"],
        }
