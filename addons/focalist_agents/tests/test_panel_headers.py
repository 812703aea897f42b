from odoo.tests import TransactionCase, tagged

from ..tools import panel_headers, panel_host
from ..tools.panel_headers import Place, from_device, to_device

PLACE = Place("http", "10.1.2.3", 80, "prn-3")


@tagged("post_install", "-at_install")
class TestPanelHeaders(TransactionCase):
    def sent(self, **headers):
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        lines = to_device(pairs, PLACE)
        return dict(line.split(": ", 1) for line in lines)

    def received(self, *lines, secure=True):
        return from_device(list(lines), PLACE, "/a/b?c", secure)[0]

    def test_a4_no_cookie_of_ours_reaches_the_device(self):
        sent = self.sent(Cookie="focalist_panel=s; session_id=odoo; lang=fr; a=b=c")
        self.assertEqual(sent["Cookie"], "lang=fr; a=b=c")
        self.assertNotIn("Cookie", self.sent(Cookie="session_id=odoo"))
        self.assertNotIn("Cookie", self.sent(Cookie=" session_id =odoo"))

    def test_a4_a_devices_session_id_goes_by_another_name(self):
        (header,) = self.received("Set-Cookie: session_id=dev; Path=/")
        name, value = header[1].split(";")[0].split("=")
        self.assertNotEqual(name, "session_id")
        self.assertEqual(
            self.sent(Cookie=f"{name}={value}")["Cookie"], "session_id=dev"
        )

    def test_a4_cookies_stay_on_the_panels_host(self):
        (header,) = self.received("Set-Cookie: a=b; Domain=example.com; HttpOnly")
        self.assertEqual(header, ("Set-Cookie", "a=b; HttpOnly; Secure"))
        (header,) = self.received("Set-Cookie: a=b; secure", secure=False)
        self.assertEqual(header[1], "a=b")
        self.assertFalse(self.received("Set-Cookie: focalist_panel=x"))

    def test_a4_what_the_device_is_told(self):
        sent = self.sent(
            Host="label.panel.localhost",
            Origin="https://label.panel.localhost",
            Referer="https://label.panel.localhost/x?y=1",
            X_Forwarded_For="192.0.2.1",
            X_Forwarded_Host="odoo",
            X_Real_IP="192.0.2.1",
            X_Odoo_Database="db",
            X_Focalist_Proxy="secret",
            Sec_Fetch_Site="same-origin",
            Accept_Encoding="gzip",
            Connection="keep-alive",
            Upgrade="websocket",
            Authorization="Basic abc",
            X_CSRF_Token="t",
        )
        self.assertEqual(
            sent,
            {
                "Origin": "http://10.1.2.3",
                "Referer": "http://10.1.2.3/x?y=1",
                "Authorization": "Basic abc",
                "X-CSRF-Token": "t",
                "Accept-Encoding": "identity",
            },
        )

    def test_a4_what_the_browser_is_told(self):
        lines = (
            "Content-Type: text/html",
            "Strict-Transport-Security: max-age=1",
            "Access-Control-Allow-Origin: *",
            "Service-Worker-Allowed: /",
            "Clear-Site-Data: *",
            "X-Accel-Redirect: /focalist/agent/1/rpc",
            "Content-Security-Policy: default-src *",
            "Link: <http://evil.example/>; rel=preload",
            "Transfer-Encoding: chunked",
            "Content-Length: 5",
            "WWW-Authenticate: Basic realm=x",
            "Content-Type: a\x0bb",
        )
        self.assertEqual(
            self.received(*lines),
            [("Content-Type", "text/html"), ("WWW-Authenticate", "Basic realm=x")],
        )

    def test_a4_refresh_follows_the_same_rule(self):
        self.assertEqual(self.received("Refresh: 5"), [("Refresh", "5")])
        self.assertEqual(
            self.received("Refresh: 0; url='http://10.1.2.3/x'"),
            [("Refresh", "0; url=/x")],
        )
        self.assertFalse(self.received("Refresh: javascript:x"))
        with self.assertRaises(panel_headers.SentElsewhereError):
            self.received("Refresh: 0;URL=http://evil.example/")

    def test_a4_a_location_names_no_host(self):
        for target in ("/\\evil.example", "/\t/evil.example/", "/%09/x", "///x"):
            (header,) = self.received(f"Location: {target}") or [("", "/")]
            with self.subTest(target):
                self.assertRegex(header[1], r"^/([!-.0-\[\]-~][!-~]*)?$")

    def test_a4_hosts(self):
        label = panel_host.new_label()
        self.assertRegex(label, "^[a-z2-7]{26}$")
        for host, found in (
            (f"{label}.panel.example", label),
            (f"{label.upper()}.PANEL.example.:8443", label),
            (f"x.{label}.panel.example", None),
            (f"{label}.panel.example.evil", None),
            (f"{label}panel.example", None),
            ("[", None),
            ("", None),
        ):
            with self.subTest(host):
                self.assertEqual(panel_host.label_of(host, "panel.example:1"), found)
        self.assertTrue(panel_host.is_panel("x.panel.example:80", "panel.example"))
        self.assertTrue(panel_host.is_panel("panel.example", "panel.example:80"))
        self.assertFalse(panel_host.is_panel("xpanel.example", "panel.example"))
        self.assertFalse(panel_host.is_panel("odoo.example", ""))
