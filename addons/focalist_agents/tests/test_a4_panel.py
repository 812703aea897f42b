import base64
import json
import logging
import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME, _registry_test_lock
from odoo.tools import mute_logger

from ..models.focalist_panel_session import MAX_OPEN
from ..tools import relay
from .common import RPC, RouteMixin

GROUP = "focalist_base.group_focalist_"
DOMAIN = "panel.localhost"
PANEL = "/focalist/agent/1/panel"
CONTROLLER = "odoo.addons.focalist_agents.controllers.focalist_panel"


def answer(uid, body=b"<h1>MP C4503</h1>", status=200, headers=()):
    """What a collector says of a page that it fetched."""
    return {
        "id": uid,
        "status": status,
        "headers": ["Content-Type: text/html", *headers],
        "body": base64.b64encode(body).decode(),
    }


@tagged("post_install", "-at_install")
class TestPanel(RouteMixin, HttpCase):
    meeting = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.support = new_test_user(cls.env, "support", GROUP + "support")
        cls.sales = new_test_user(cls.env, "sales", GROUP + "sales")
        cls.manager = new_test_user(cls.env, "manager", GROUP + "manager")
        cls.collector, cls.key = cls.install()
        cls.env["focalist.network"].create(
            {"name": "LAN", "agent_id": cls.agent.id, "ranges": "10.1.0.0/24"}
        )
        cls.device = cls.make_device(1, agent_id=cls.agent.id, hostname="prn-1")
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "http://odoo.example.com")
        parameters.set_param("focalist_agents.panel_domain", DOMAIN)
        cls.client.with_user(cls.support).action_unlock_focalist_panel()

    # -- what a browser and a collector do ---------------------------------------------

    def url_open(self, url, **options):
        """As Odoo's; while browser and collector meet, from any thread."""
        if not self.meeting:
            return super().url_open(url, **options)
        cookies = {TEST_CURSOR_COOKIE_NAME: self.http_request_key}
        options["cookies"] = cookies | (options.get("cookies") or {})
        method = options.pop("method", "GET")
        return requests.request(method, self.base_url() + url, timeout=12, **options)

    def press(self, user=None, device=None):
        """Press the button; gives the session, its host, and the path to open."""
        device = (device or self.device).with_user(user or self.technician)
        url = urlsplit(device.action_open_panel()["url"])
        session = self.env["focalist.panel.session"].search([], limit=1)
        return session, url.hostname, f"{url.path}?{url.query}"

    def browse(self, host, path="/", cookie=None, method="GET", **options):
        headers = {"Host": host, **options.pop("headers", {})}
        cookies = {"focalist_panel": cookie} if cookie else None
        return self.url_open(
            path,
            method=method,
            headers=headers,
            cookies=cookies,
            allow_redirects=False,
            **options,
        )

    def opened(self, **options):
        """An open panel: its session, host and cookie."""
        session, host, path = self.press(**options)
        page = self.browse(host, path)
        self.assertEqual(page.status_code, 200, page.text)
        cookie = page.cookies["focalist_panel"]
        # The jar would send it to Odoo's own host: all is one address here.
        self.opener.cookies.pop("focalist_panel", None)
        return session, host, cookie

    def poll(self, *answers, wait=5, key=None):
        told = {"schema": 1, "answers": list(answers), "wait": wait}
        return self.call(PANEL, key or self.key, "panel", told)

    @contextmanager
    def asking(self, host, cookie, path="/", **options):
        """Ask for a page in a thread; gives where its answer will be."""
        got = []
        ask = threading.Thread(
            target=lambda: got.append(self.browse(host, path, cookie, **options))
        )
        # Odoo's tests answer one request at a time, but for those that ask like this.
        with self.allow_requests(), patch.object(type(self), "meeting", True):
            ask.start()
            try:
                yield got
            finally:
                ask.join(15)

    def fetched(self, path="/", reply=None, **options):
        """Ask for a page and have it brought: what the collector was told, and what
        the browser got."""
        session, host, cookie = self.opened()
        with self.asking(host, cookie, path, **options) as got:
            (told,) = self.poll()["requests"]
            self.poll((reply or answer)(told["id"]), wait=0)
        return told, got[0]

    # -- the switch --------------------------------------------------------------------

    def test_a4_off_until_support_unlocks_it(self):
        self.client.with_user(self.support).action_lock_focalist_panel()
        self.assertFalse(self.client.focalist_panel_unlocked)
        with self.assertRaisesRegex(UserError, "ask support"):
            self.press()
        for user in (self.technician, self.sales, self.manager):
            with self.assertRaises(AccessError):
                self.client.with_user(user).action_unlock_focalist_panel()
        with self.assertRaises(AccessError):
            self.client.with_user(self.sales).focalist_panel_unlocked = True
        self.assertFalse(self.make_client(name="New").focalist_panel_unlocked)
        self.client.with_user(self.support).action_unlock_focalist_panel()
        session, _host, _path = self.press()
        self.assertEqual(session.state, "open")

    def test_a4_the_switch_is_in_the_chatter(self):
        self.flush_tracking()
        self.client.with_user(self.support).action_lock_focalist_panel()
        self.flush_tracking()
        tracked = self.client.message_ids.tracking_value_ids.field_id.mapped("name")
        self.assertIn("focalist_panel_unlocked", tracked)

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.flush()

    def test_a4_who_may_open(self):
        portal = new_test_user(self.env, "portal", "base.group_portal")
        for user in (self.sales, self.reader, portal):
            with self.assertRaises(AccessError):
                self.device.with_user(user).action_open_panel()
        for user in (self.technician, self.manager, self.support):
            session, _host, _path = self.press(user)
            self.assertEqual(session.user_id, user)
        other = self.env["res.company"].create({"name": "Other dealer"})
        stranger = new_test_user(
            self.env,
            "stranger",
            GROUP + "technician",
            company_id=other.id,
            company_ids=other.ids,
        )
        with self.assertRaises(AccessError):
            self.device.with_user(stranger).action_open_panel()

    def test_a4_what_is_missing_is_said(self):
        parameters = self.env["ir.config_parameter"]
        later = fields.Datetime.now() - timedelta(days=3)
        for change, words in (
            (lambda: self.device.write({"ip_address": False}), "no IP address"),
            (lambda: self.device.write({"ip_address": "printer"}), "no IP address"),
            (lambda: self.device.sudo().write({"agent_id": False}), "No agent"),
            (lambda: self.agent.write({"active": False}), "No agent"),
            (lambda: self.collector.sudo().write({"last_seen_at": later}), "connected"),
            (lambda: self.collector.action_revoke(), "connected"),
            (lambda: self.device.action_retire(), "in service"),
            (lambda: self.client.action_focalist_deactivate(), "deactivated"),
            (
                lambda: parameters.set_param("focalist_agents.panel_domain", ""),
                "no domain",
            ),
        ):
            with self.subTest(words), self.env.cr.savepoint() as savepoint:
                change()
                with self.assertRaisesRegex(UserError, words):
                    self.press()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a4_sessions_are_seen_and_closed_by_their_own(self):
        session, *_rest = self.press()
        other = new_test_user(self.env, "tech2", GROUP + "technician")
        found = self.env["focalist.panel.session"].with_user(other).search([])
        self.assertFalse(found)
        with self.assertRaises(AccessError):
            session.with_user(other).action_close()
        with self.assertRaises(AccessError):
            session.with_user(self.technician).expires_at = "2099-01-01"
        for user in (self.support, self.manager):
            self.assertTrue(session.with_user(user).search([]))
        session.with_user(self.technician).action_close()
        self.assertEqual(session.state, "closed")

    def test_a4_each_opening_is_in_the_devices_chatter(self):
        self.press()
        message = self.device.message_ids[0]
        self.assertIn("panel", message.body)
        self.assertEqual(message.author_id, self.technician.partner_id)

    def test_a4_sessions_are_bounded(self):
        others = [self.make_device(n, agent_id=self.agent.id) for n in range(2, 30)]
        for device in others[:MAX_OPEN]:
            self.press(device=device)
        with self.assertRaisesRegex(UserError, "open"):
            self.press()
        # The same device again replaces what the user had open.
        before, *_rest = self.press(device=others[0])
        after, *_rest = self.press(device=others[0])
        self.assertEqual((before.state, after.state), ("closed", "open"))

    # -- its host ----------------------------------------------------------------------

    def test_a4_no_domain_that_shares_cookies_with_odoo(self):
        parameters = self.env["ir.config_parameter"]
        for domain in (
            "odoo.example.com",
            "example.com",
            "panel.odoo.example.com",
            "odoo.example.com:8443",
            "Panel.example.com",
            "https://panel.example.com",
            "panel example",
        ):
            with self.subTest(domain), self.assertRaises(ValidationError):
                parameters.set_param("focalist_agents.panel_domain", domain)
        for domain in ("panel.example.com", "focalist-panels.example:8443"):
            parameters.set_param("focalist_agents.panel_domain", domain)
        with self.assertRaises(ValidationError):
            parameters.set_param("focalist_agents.panel_minutes", "99999")

    @mute_logger(CONTROLLER)
    def test_a4_nothing_of_odoo_on_a_panels_host(self):
        _session, host, cookie = self.opened()
        for path in (
            "/web/login",
            "/web/health",
            "/web/dataset/call_kw",
            "/web/static/img/favicon.ico",
            "/focalist_agents/static/description/icon.png",
            "/focalist/panel",
            "/focalist/agent/1/rpc",
            "/xmlrpc/2/common",
            "/nothing",
        ):
            with self.subTest(path):
                # Without the cookie nothing is; with it, all is the printer's.
                page = self.browse(host, path)
                self.assertEqual(page.status_code, 403)
                self.assertNotIn("session_id", page.headers.get("Set-Cookie", ""))
                with self.asking(host, cookie, path) as got:
                    (told,) = self.poll()["requests"]
                    self.assertEqual(told["path"], path)
                    self.poll(answer(told["id"]), wait=0)
                self.assertEqual(got[0].content, b"<h1>MP C4503</h1>")
                self.assertNotIn("session_id", got[0].headers.get("Set-Cookie", ""))
        for host in (DOMAIN, f"other.{DOMAIN}", f"{'a' * 26}.{DOMAIN}"):
            page = self.browse(host, "/web/login", cookie)
            self.assertEqual(page.status_code, 404)
            self.assertNotIn("password", page.text)

    def test_a4_no_panel_on_odoos_host(self):
        _session, _host, cookie = self.opened()
        for path in ("/focalist/panel", "/focalist/panel/", "/.focalist/open"):
            with self.subTest(path):
                page = self.url_open(path, cookies={"focalist_panel": cookie})
                self.assertEqual(page.status_code, 404)
                self.assertNotIn("panel", page.text)

    # -- opening -----------------------------------------------------------------------

    @mute_logger(CONTROLLER)
    def test_a4_a_token_works_once_and_for_a_minute(self):
        _session, host, path = self.press()
        first, second = self.browse(host, path), self.browse(host, path)
        self.assertEqual((first.status_code, second.status_code), (200, 403))
        self.assertIn("Connecting", first.text)
        cookie = first.headers["Set-Cookie"]
        for word in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(word, cookie)
        self.assertNotIn("Domain", cookie)
        self.assertNotIn("Set-Cookie", second.headers)
        session, host, path = self.press()
        self.assertEqual(self.browse(host, path + "x").status_code, 403)
        self.assertEqual(self.browse(host, "/.focalist/open").status_code, 403)
        self.age(session, 61)
        self.assertEqual(self.browse(host, path).status_code, 403)

    def age(self, session, seconds):
        self.env.cr.execute(
            "UPDATE focalist_panel_session SET create_date = create_date - %s *"
            " interval '1 second' WHERE id = %s",
            [seconds, session.id],
        )
        session.invalidate_recordset()

    def test_a4_secrets_are_kept_as_hashes(self):
        session, host, path = self.press()
        token = path.partition("=")[2]
        cookie = self.browse(host, path).cookies["focalist_panel"]
        self.env.cr.execute("SELECT s.*::text FROM focalist_panel_session s")
        stored = str(self.env.cr.fetchall())
        self.assertNotIn(token, stored)
        self.assertNotIn(cookie, stored)
        with self.assertRaises(AccessError):
            session.with_user(self.technician).read(["label"])

    @mute_logger(CONTROLLER)
    def test_a4_another_panels_cookie(self):
        device = self.make_device(2, agent_id=self.agent.id)
        _session, host, _cookie = self.opened()
        _other, other_host, other_cookie = self.opened(device=device)
        self.assertEqual(self.browse(host, "/", other_cookie).status_code, 403)
        self.assertEqual(self.browse(other_host, "/", "x" * 43).status_code, 403)

    # -- its end -----------------------------------------------------------------------

    def test_a4_a_panel_ends(self):
        later = fields.Datetime.now() - timedelta(seconds=1)
        for name, end in {
            "time": lambda one: one.sudo().write({"expires_at": later}),
            "close": lambda one: one.with_user(self.technician).action_close(),
            "lock": lambda one: self.client.with_user(
                self.support
            ).action_lock_focalist_panel(),
            "retire": lambda one: self.device.action_retire(),
            "archive the device": lambda one: self.device.write({"active": False}),
            "archive the agent": lambda one: self.agent.write({"active": False}),
            "revoke": lambda one: self.collector.action_revoke(),
            "deactivate": lambda one: self.client.action_focalist_deactivate(),
            "another address": lambda one: self.device.write(
                {"ip_address": "10.1.0.99"}
            ),
            "user": lambda one: self.technician.sudo().write({"active": False}),
        }.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                session, host, cookie = self.opened()
                end(session)
                with self.assertLogs(CONTROLLER, "WARNING"):
                    page = self.browse(host, "/", cookie)
                self.assertEqual(page.status_code, 410)
                self.assertIn("ended", page.text)
                self.assertEqual(
                    session.state, "expired" if name == "time" else "closed"
                )
                savepoint.rollback()
                self.env.invalidate_all()

    @mute_logger(CONTROLLER)
    def test_a4_what_was_asked_before_the_end_is_not_shown_after_it(self):
        session, host, cookie = self.opened()
        with self.asking(host, cookie) as got:
            (told,) = self.poll()["requests"]
            with _registry_test_lock:
                session.with_user(self.technician).action_close()
                self.env.flush_all()
            self.poll(answer(told["id"]), wait=0)
        self.assertEqual(got[0].status_code, 410)
        self.assertNotIn("MP C4503", got[0].text)

    # -- by way of the collector -------------------------------------------------------

    def test_a4_the_devices_page_comes_through_the_agent(self):
        session, host, cookie = self.opened()
        with (
            self.assertLogs(CONTROLLER, logging.INFO) as logs,
            self.asking(
                host, cookie, "/set.cgi?x=1", method="POST", data={"secret": "s3"}
            ) as got,
        ):
            told = self.poll()
            self.assertTrue(told["open"])
            (request,) = told["requests"]
            body = base64.b64decode(request["body"])
            reply = answer(request["id"], status=201, headers=["Server: x", "Foo: y"])
            self.poll(reply, wait=0)
        self.assertEqual(body, b"secret=s3")
        self.assertEqual(request["method"], "POST")
        self.assertEqual(
            (request["address"], request["port"], request["scheme"], request["path"]),
            ("10.1.0.1", 80, "http", "/set.cgi?x=1"),
        )
        page = got[0]
        self.assertEqual((page.status_code, page.text), (201, "<h1>MP C4503</h1>"))
        self.assertIn("default-src 'self'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["Cross-Origin-Opener-Policy"], "same-origin")
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertNotIn("Foo", page.headers)
        # Each request is a line of the log, without what was sent.
        line = "\n".join(logs.output)
        self.assertIn("POST /set.cgi", line)
        for secret in ("x=1", "s3", cookie):
            self.assertNotIn(secret, line)
        self.env.invalidate_all()
        self.assertEqual(session.request_count, 1)

    def test_a4_collectors_are_told_of_open_panels_alone(self):
        told = {"schema": 1, "held": [], "runs": []}
        self.assertFalse(self.call(RPC, self.key, "tasks", told)["panel"])
        self.assertFalse(self.poll()["open"])
        session, *_rest = self.press()
        self.assertTrue(self.call(RPC, self.key, "tasks", told)["panel"])
        session.with_user(self.technician).action_close()
        self.assertFalse(self.call(RPC, self.key, "tasks", told)["panel"])

    def test_a4_json_says_the_same(self):
        def say(answers, wait):
            reply = self.post(
                "/focalist/agent/1/json/panel",
                json.dumps([{"schema": 1, "answers": answers, "wait": wait}]),
                self.key,
                **{"Content-Type": "application/json"},
            )
            self.assertEqual(reply.status_code, 200, reply.text)
            return reply.json()

        _session, host, cookie = self.opened()
        with self.asking(host, cookie) as got:
            (told,) = say([], 5)["requests"]
            say([answer(told["id"])], 0)
        self.assertEqual(got[0].text, "<h1>MP C4503</h1>")

    def test_a4_another_agents_collector_answers_nothing(self):
        other = self.make_agent(name="Other", site_id=self.depot.id)
        _collector, other_key = self.install(other)
        _session, host, cookie = self.opened()
        with self.asking(host, cookie) as got:
            (told,) = self.poll()["requests"]
            self.assertFalse(self.poll(key=other_key)["open"])
            self.poll(answer(told["id"], b"forged"), wait=0, key=other_key)
            self.poll(answer("0" * 32, b"forged"), wait=0)
            self.poll(answer(told["id"], b"right"), wait=0)
        self.assertEqual(got[0].text, "right")

    @mute_logger(CONTROLLER)
    def test_a4_what_a_collector_says_is_bounded(self):
        big = base64.b64encode(b"x" * (relay.MAX_BODY + 1)).decode()
        for said, status in (
            ({"error": "port"}, 403),
            ({"error": "<script>"}, 502),
            ({"status": 700}, 502),
            ({"status": 101}, 502),
            ({"headers": "Content-Type: text/html"}, 502),
            ({"headers": ["x"] * 101}, 502),
            ({"body": "no base64!"}, 502),
            ({"body": big}, 413),
        ):
            with self.subTest(said=str(said)[:60]):
                _told, page = self.fetched(
                    reply=lambda uid, said=said: answer(uid) | said
                )
                self.assertEqual(page.status_code, status)
                self.assertNotIn("<script>", page.text)

    @mute_logger(CONTROLLER)
    def test_a4_what_a_browser_sends_is_bounded(self):
        _session, host, cookie = self.opened()
        page = self.browse(
            host, "/", cookie, method="POST", data=b"x" * (relay.MAX_BODY + 1)
        )
        self.assertEqual(page.status_code, 413)
        for headers in ({"Service-Worker": "script"}, {"Transfer-Encoding": "chunked"}):
            page = self.browse(host, "/", cookie, headers=headers)
            self.assertIn(page.status_code, (400, 405, 413))
        self.assertEqual(
            self.browse(host, "/", cookie, method="TRACE").status_code, 405
        )
        self.assertEqual(self.browse(host, "/.focalist/x", cookie).status_code, 404)

    @mute_logger(CONTROLLER)
    def test_a4_silence_ends(self):
        _session, host, cookie = self.opened()
        with patch.object(relay.RELAY, "_patience", 0.2):
            page = self.browse(host, "/", cookie)
        self.assertEqual(page.status_code, 504)
        self.assertEqual(relay.RELAY.waiting(), 0)

    @mute_logger(CONTROLLER, "odoo.addons.focalist_agents.controllers.focalist_agent")
    def test_a4_no_http_worker_waits(self):
        _session, host, cookie = self.opened()
        with patch.object(relay, "is_here", lambda: False):
            page = self.browse(host, "/", cookie)
            self.assertEqual(page.status_code, 503)
            self.assertIn("gevent_port", page.text)
            self.assertEqual(self.post(PANEL, b"<x/>", self.key).status_code, 503)

    @mute_logger(CONTROLLER)
    def test_a4_redirects_stay_with_the_device(self):
        def sending(location):
            return lambda uid: answer(uid, b"", 302, [f"Location: {location}"])

        session = None
        for location, there in (
            ("/home?a=1", "/home?a=1"),
            ("home", "/home"),
            ("http://10.1.0.1/x", "/x"),
            ("https://prn-1:8443/x#y", "/x#y"),
        ):
            _told, page = self.fetched(reply=sending(location))
            self.assertEqual(page.headers["Location"], there)
        session = self.env["focalist.panel.session"].search([], limit=1)
        self.assertEqual((session.scheme, session.port), ("https", 8443))
        for location in (
            "http://evil.example/",
            "//evil.example/",
            "http://10.1.0.2/",
            "http://10.1.0.1:22/",
            "javascript:alert(1)",
            "http://[x",
        ):
            with self.subTest(location):
                _told, page = self.fetched(reply=sending(location))
                self.assertEqual(page.status_code, 502)
                self.assertNotIn("Location", page.headers)

    def test_a4_pages_speak_the_users_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"].search(
            [("name", "=", "focalist_agents")]
        )._update_translations(["fr_FR"])
        self.technician.lang = "fr_FR"
        _session, host, path = self.press()
        self.assertIn("Connexion", self.browse(host, path).text)
