from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

from ..tools import wire

# Its last contact is written once in this time: two calls of it rarely meet.
SEEN_EVERY = timedelta(seconds=30)


class FocalistCollector(models.Model):
    """What a collector may ask and tell, once its key was checked."""

    _inherit = "focalist.collector"

    def _configuration(self, about, address):
        """What it is to poll.

        :return: dict(devices, poll_interval, renew, server_time); renew: it is time to
            call `_renew`
        """
        self.ensure_one()
        answer = {
            "devices": self.agent_id._polled_addresses(),
            "poll_interval": self.agent_id.poll_interval,
            "renew": self._is_to_renew(),
            "server_time": self._server_time(),
        }
        self._seen(address, self._told(about))
        return answer

    def _renew(self, about, address):
        """Give it another key and certificate, before the present ones end.

        :return: dict(server_time), and see `_issue`
        """
        self.ensure_one()
        issued = self._issue_or_refuse(about)
        self._seen(address)
        return {**issued, "server_time": self._server_time()}

    def _receive(self, batch, address):
        """Take a batch of reports in.

        :return: dict(results, server_time), a result for each report, in their order
        """
        self.ensure_one()
        reports = wire.read_batch(batch)
        agent = self.agent_id
        origin = Origin(
            company=agent.company_id,
            source="agent",
            site=agent._presumed_site(),
            partner=agent.partner_id,
        )
        devices = self.env["focalist.device"].with_context(focalist_agent_id=agent.id)
        deep = {n for n, report in enumerate(reports) if wire.is_too_deep(report)}
        taken = iter(
            devices._ingest([r for n, r in enumerate(reports) if n not in deep], origin)
        )
        results = [
            self._too_deep(report) if number in deep else next(taken)
            for number, report in enumerate(reports)
        ]
        self._seen(address)
        return {
            "results": [
                result
                | {"uid": result["uid"] if isinstance(result["uid"], str) else ""}
                for result in results
            ],
            "server_time": self._server_time(),
        }

    @api.model
    def _too_deep(self, report):
        return {
            "uid": report.get("uid") if isinstance(report, dict) else "",
            "status": "rejected",
            "message": self.env._("The report is nested too deeply."),
        }

    def _seen(self, address, told=None):
        """Note that it called. Its other call at the same moment notes it as well."""
        now = fields.Datetime.now()
        news = {
            name: value
            for name, value in {"address": address, **(told or {})}.items()
            if self[name] != value
        }
        if not news and self.last_seen_at and now - self.last_seen_at < SEEN_EVERY:
            return
        free = self.env.execute_query(
            SQL(
                "SELECT id FROM focalist_collector WHERE id = %s"
                " FOR NO KEY UPDATE SKIP LOCKED",
                self.id,
            )
        )
        if free:
            self.write(news | {"last_seen_at": now})

    @api.model
    def _server_time(self):
        return fields.Datetime.now().isoformat() + "Z"
