from odoo import fields, models

from odoo.addons.focalist_base.models.focalist_notification_scan import RECENT


class FocalistNotificationType(models.Model):
    """What can be told of agents."""

    _inherit = "focalist.notification.type"

    def _scan_agent_offline(self, settings):
        """Agents of which nothing is heard any more: once a silence."""
        agents = self._agents("disconnected", settings)
        self._notify(
            "agent_offline",
            agents.filtered(
                lambda agent: agent.last_seen_at > fields.Datetime.now() - RECENT
            ),
            key=lambda agent: str(agent.last_seen_at),
            at=lambda agent: agent.last_seen_at,
        )

    def _scan_agent_ambiguous(self, settings):
        """Agents some of whose collectors call: once for those that do not."""

        def since(agent):
            return min(agent._live_collectors().mapped("last_seen_at"))

        self._notify(
            "agent_ambiguous",
            self._agents("ambiguous", settings),
            key=lambda agent: str(since(agent)),
            at=since,
        )

    def _agents(self, state, settings):
        return self.env["focalist.agent"].search(
            [("state", "=", state), ("partner_id", "in", settings.partner_id.ids)]
        )
