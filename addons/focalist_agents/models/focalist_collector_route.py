import hashlib
import json
import logging
from collections import Counter
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.focalist_base.models.focalist_device_ingest import Origin

from ..tools import ranges as ranges_
from ..tools import wire
from .focalist_agent import USB
from .focalist_agent_task import MAX_MESSAGE
from .focalist_collector import ASK_EVERY

_logger = logging.getLogger(__name__)

# Of what is said besides reports, which have one of their own.
SCHEMA = 1
# Its last contact is written once in this time: two calls of it rarely meet.
SEEN_EVERY = timedelta(seconds=30)


class FocalistCollector(models.Model):
    """What a collector may ask and tell, once its key was checked."""

    _inherit = "focalist.collector"

    def _configuration(self, about, address):
        """What it is to poll, when, and how.

        :return: dict(schema, devices, poll_interval, schedules, tz, networks, usb,
            revision, renew, server_time); renew: it is time to call `_renew`
        """
        self.ensure_one()
        networks = self._told_networks()
        settings = self._settings()
        for told, network in zip(settings["networks"], networks, strict=True):
            # Its key was checked: they are told to the collector of their network.
            told["credentials"] = network.credential_ids._wire()
        answer = {
            **settings,
            "schema": SCHEMA,
            "devices": self._told_devices(),
            "poll_interval": self.agent_id.poll_interval,
            "renew": self._is_to_renew(),
            "revision": self._revision(),
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
        _logger.info(
            "The %s was given another key and certificate, at %s.",
            self._log_name(),
            wire.printable(address),
        )
        return {**issued, "server_time": self._server_time()}

    def _settings(self):
        """What people set for its agent; nothing is on where the agent rests."""
        works = self._agent_works()
        schedules = self.agent_id.schedule_ids._wire()
        return {
            "schedules": [told | {"on": told["on"] and works} for told in schedules],
            "tz": self.agent_id.tz,
            "networks": self._told_networks()._wire(),
            "usb": self.kind == "usb" and self.agent_id.usb_unlocked and works,
        }

    def _agent_works(self):
        return self.agent_id.active and self.agent_id.partner_id.focalist_active

    def _told_devices(self):
        return self.agent_id._polled_addresses() if self.kind == "network" else []

    def _told_networks(self):
        networks = self.agent_id.network_ids
        told = self.kind == "network" and self._agent_works()
        return networks if told else networks.browse()

    def _revision(self):
        """A word that changes with the settings: what is known need not be asked.

        Nothing is decrypted for it.
        """
        credentials = [
            (credential.id, str(credential.write_date))
            for credential in self._told_networks().credential_ids
        ]
        text = json.dumps([self._settings(), credentials], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _tasks(self, told, address):
        """Give it what it is to do now, and take what it did by its schedules.

        :param dict told: schema; held, the uids of tasks that it is at; runs, a list of
            dict(action, at, total, found), the last of each action since its last call
        :return: dict(schema, tasks, revision, wait, panel, server_time); tasks are
            dict(uid, action), wait is seconds until it is to ask again, panel is True
            where it is to ask for `panel` now
        """
        self.ensure_one()
        told = wire.read_message(told, SCHEMA)
        for run in wire.read_list(told, "runs"):
            self._note_run(run)
        held = [uid for uid in wire.read_list(told, "held") if isinstance(uid, str)]
        tasks = self.env["focalist.agent.task"]
        if self.kind == "network":
            tasks = tasks._claim(self, held)
        self._seen(address, {"asks_tasks": True})
        return {
            "schema": SCHEMA,
            "tasks": [{"uid": task.uid, "action": task.action} for task in tasks],
            "revision": self._revision(),
            "wait": ASK_EVERY,
            "panel": self._has_panels(),
            "server_time": self._server_time(),
        }

    def _note_run(self, run):
        """Keep what it did by a schedule; what cannot be understood is left out."""
        if not isinstance(run, dict):
            return
        moment = wire.read_moment(run.get("at"))
        schedule = self.agent_id.schedule_ids.filtered(
            lambda schedule: schedule.action == run.get("action")
        )
        if moment and schedule:
            schedule._note_run(
                min(moment, fields.Datetime.now()),
                wire.read_count(run.get("total")),
                wire.read_count(run.get("found")),
            )

    def _progress(self, told, address):
        """Hear how far it is with a task.

        :param dict told: schema, uid, done, total, found
        :return: dict(go_on, server_time); go_on is False where the task is not its own
            any more: somebody cancelled it
        """
        return self._told_of_task(told, address, {"state": "running"})

    def _result(self, told, address):
        """Hear the end of a task.

        :param dict told: as of `_progress`, with state (done, failed) and message
        :return: as of `_progress`
        """
        state = told.get("state") if isinstance(told, dict) else None
        if state not in ("done", "failed"):
            raise wire.MalformedError("A result is done or failed.")
        return self._told_of_task(told, address, {"state": state})

    def _told_of_task(self, told, address, values):
        self.ensure_one()
        told = wire.read_message(told, SCHEMA)
        if not isinstance(told.get("uid"), str):
            raise wire.MalformedError("The task's uid is missing.")
        message = told.get("message")
        values |= {
            "done_count": wire.read_count(told.get("done")),
            "total_count": wire.read_count(told.get("total")),
            "found_count": wire.read_count(told.get("found")),
            "message": isinstance(message, str) and message[:MAX_MESSAGE],
        }
        go_on = self.env["focalist.agent.task"]._tell(self, told["uid"], values)
        if go_on is None:
            _logger.warning(
                "The %s, at %s, told of a task that is not its own, or is over: %s.",
                self._log_name(),
                wire.printable(address),
                wire.printable(told["uid"]),
            )
        self._seen(address)
        return {"go_on": bool(go_on), "server_time": self._server_time()}

    def _receive(self, batch, address):
        """Take a batch of reports in.

        :return: dict(results, server_time), a result for each report, in their order
        """
        self.ensure_one()
        reports = wire.read_batch(batch)
        agent = self.agent_id
        devices = self.env["focalist.device"].with_context(focalist_agent_id=agent.id)
        results = [self._refusal(report) for report in reports]
        for site, positions in self._by_site(reports).items():
            taken = [n for n in positions if not results[n]]
            origin = Origin(
                company=agent.company_id,
                source="agent",
                site=site,
                partner=agent.partner_id,
            )
            told = devices._ingest([reports[n] for n in taken], origin)
            for position, result in zip(taken, told, strict=True):
                results[position] = result
        self._seen(address)
        self._note_refused(results, address)
        return {
            "results": [
                result
                | {"uid": result["uid"] if isinstance(result["uid"], str) else ""}
                for result in results
            ],
            "server_time": self._server_time(),
        }

    def _note_refused(self, results, address):
        """Tell the log what was not taken of a batch, in a line for each reason."""
        reasons = Counter(
            (result["status"], result["message"] or "They are here already.")
            for result in results
            if result["status"] in ("duplicate", "rejected") or result["message"]
        )
        for (status, reason), count in reasons.items():
            _logger.log(
                # An answer that was lost is no attack, yet.
                logging.INFO if status == "duplicate" else logging.WARNING,
                "Of %s reports of the %s, at %s, %s were not taken: %s",
                len(results),
                self._log_name(),
                wire.printable(address),
                count,
                reason,
            )

    def _by_site(self, reports):
        """Where the devices of reports are presumed to stand, if they are new: at the
        site of the network that has their address, else where the agent's do.

        :return: dict focalist.site -> positions of reports
        """
        agent = self.agent_id
        presumed = agent._presumed_site()
        places = [
            (parts, network.site_id)
            for parts, network in agent.network_ids._places()
            if network.site_id.active
        ]
        found = {}
        for number, report in enumerate(reports):
            address = report.get("address") if isinstance(report, dict) else None
            site = ranges_.find(places, address) or presumed
            found.setdefault(site, []).append(number)
        return found

    def _refusal(self, report):
        """The result of a report that is not looked at; None for any other."""
        told = report if isinstance(report, dict) else {}
        if wire.is_too_deep(report):
            status = "rejected"
            message = self.env._("The report is nested too deeply.")
        elif told.get("address") == USB and not self.agent_id.usb_unlocked:
            status, message = "ignored", self.agent_id._usb_locked_message()
        else:
            return None
        return {"uid": told.get("uid"), "status": status, "message": message}

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
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    SQL(
                        "SELECT FROM focalist_collector WHERE id = %s"
                        " FOR NO KEY UPDATE SKIP LOCKED",
                        self.id,
                    ),
                    log_exceptions=False,
                )
                is_free = bool(self.env.cr.rowcount)
        except psycopg2.errors.SerializationFailure:
            return  # its other call has just noted it
        if is_free:
            self.write(news | {"last_seen_at": now})

    @api.model
    def _server_time(self):
        return fields.Datetime.now().isoformat() + "Z"
