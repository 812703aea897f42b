import base64
import binascii

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import relay, wire
from .focalist_collector_route import SCHEMA

MAX_ANSWERS = 8
MAX_HEADERS = 100
# What a collector may say instead of an answer; people are told in words.
ERRORS = ("closed", "address", "port", "unreachable", "slow", "large", "garbled")


class FocalistCollector(models.Model):
    """A collector fetches printers' pages for the panels of its agent."""

    _name = "focalist.collector"
    _inherit = ["focalist.collector"]

    def action_revoke(self):
        """A collector that is refused brings no page any more."""
        result = super().action_revoke()
        sessions = self.env["focalist.panel.session"]
        sessions._end_all([("collector_id", "in", self.ids)])
        return result

    def _has_panels(self):
        """Whether there may be pages to fetch: a panel of its agent is open."""
        if self.kind != "network" or not self._agent_works():
            return False
        sessions = self.env["focalist.panel.session"].sudo()
        domain = Domain("agent_id", "=", self.agent_id.id) & sessions._now_open()
        return bool(sessions.search_count(domain, limit=1))

    def _panel(self, told):
        """Take what it fetched, and give it what it is to fetch as soon as there is.

        No cursor is held while it waits.

        :param dict told: schema; answers, each dict(id, status, headers, body) with
            headers as "Name: value" and body in base64, or dict(id, error); wait,
            seconds, 0 for who only brings answers
        :return: dict(schema, open, requests, server_time); requests are dict(id,
            address, scheme, port, method, path, headers, body), open is False where
            there is nothing to ask for any more
        """
        self.ensure_one()
        told = wire.read_message(told, SCHEMA)
        answers = [
            _read_answer(answer)
            for answer in wire.read_list(told, "answers")[:MAX_ANSWERS]
        ]
        agent = (self.env.cr.dbname, self.agent_id.id)
        is_open = self._has_panels()
        server_time = self._server_time()
        cursor = self.env.registry.cursor
        self.env.cr.close()
        # It reaches nobody but who asked this collector's own agent.
        asked = [
            relay.RELAY.answer(agent, uid, answer)
            for uid, answer in answers
            if uid is not None
        ]
        self._count_requests(cursor, [one for one in asked if one])
        wait = wire.read_count(told.get("wait"))
        requests = relay.RELAY.take(agent, wait) if is_open and wait else []
        return {
            "schema": SCHEMA,
            "open": is_open,
            "requests": [
                request | {"body": base64.b64encode(request["body"]).decode()}
                for request in requests
            ],
            "server_time": server_time,
        }

    @staticmethod
    def _count_requests(cursor, sessions):
        """Count what was answered. Two that meet here do not wait for each other."""
        if not sessions:
            return
        with cursor() as cr:
            for session in set(sessions):
                cr.execute(
                    SQL(
                        "UPDATE focalist_panel_session SET last_request_at = %s,"
                        " request_count = request_count + %s WHERE id = (SELECT id"
                        " FROM focalist_panel_session WHERE id = %s"
                        " FOR NO KEY UPDATE SKIP LOCKED)",
                        fields.Datetime.now(),
                        sessions.count(session),
                        session,
                    )
                )


def _read_answer(said):
    """(id, answer) of what a collector says; an error where it is no answer."""
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        return None, None
    uid, garbled = said["id"], {"error": "garbled"}
    if "error" in said:
        return uid, {"error": said["error"]} if said["error"] in ERRORS else garbled
    status, headers = said.get("status"), said.get("headers")
    if (
        type(status) is not int
        or not 200 <= status <= 599
        or not isinstance(headers, list)
        or len(headers) > MAX_HEADERS
        or not all(isinstance(header, str) for header in headers)
    ):
        return uid, garbled
    try:
        body = base64.b64decode(said.get("body"), validate=True)
    except (TypeError, ValueError, binascii.Error):
        return uid, garbled
    if len(body) > relay.MAX_BODY:
        return uid, {"error": "large"}
    return uid, {"status": status, "headers": headers, "body": body}
