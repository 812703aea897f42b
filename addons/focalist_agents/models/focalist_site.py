from odoo import models


class FocalistSite(models.Model):
    _inherit = "focalist.site"

    def _uses(self):
        """Agents find their devices at a site, and so do their networks."""
        uses = super()._uses()
        agents = self.env["focalist.agent"].sudo().with_context(active_test=False)
        domain = [("site_id", "in", self.ids)]
        found = agents.search(domain)
        networks = agents.env["focalist.network"].search(domain)
        for site in self:
            own = found.filtered(lambda agent, s=site: agent.site_id == s)
            own |= networks.filtered(lambda net, s=site: net.site_id == s).agent_id
            if own:
                uses.setdefault(site, []).append(
                    self.env._("agents (%s)", ", ".join(own.mapped("name")))
                )
        return uses
