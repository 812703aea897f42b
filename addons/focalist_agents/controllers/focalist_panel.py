import logging
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from odoo import SUPERUSER_ID
from odoo.api import Environment
from odoo.http import Controller, Dispatcher, request, route
from odoo.service.model import retrying

from ..models.focalist_panel_session import OPEN_PATH
from ..models.ir_http import PANEL_PATH
from ..tools import panel_headers, panel_host, relay

_logger = logging.getLogger(__name__)

_TYPE = "focalist.panel"
_OWN_PATHS = "/.focalist/"
# Of our own pages: no script, nothing from anywhere.
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class _PanelDispatcher(Dispatcher):
    """What comes to a panel is the printer's: no form is read, no session is saved, no
    header of Odoo's is added."""

    routing_type = _TYPE

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return endpoint(**args)

    def post_dispatch(self, response):
        pass

    def handle_error(self, exc):
        if isinstance(exc, HTTPException):
            return exc
        return Response("", HTTPStatus.INTERNAL_SERVER_ERROR)


class _RefusedError(Exception):
    """A panel that does not go on; the code names the page that says why."""


class FocalistPanelController(Controller):
    """Devices' own web pages: each at a host of its own, by way of the collector."""

    @route(
        PANEL_PATH,
        type=_TYPE,
        auth="none",
        readonly=False,
        save_session=False,
        max_content_length=relay.MAX_BODY,
    )
    def panel(self):
        """Whatever is asked at a panel's host."""
        http = request.httprequest
        # Whose panel it is and who asks is checked by its label and cookie.
        sessions = request.env(user=SUPERUSER_ID)["focalist.panel.session"]
        session = sessions._of_label(panel_host.label_of(http.host, sessions._domain()))
        try:
            if not relay.is_here():
                raise _RefusedError("proxy")
            if not session:
                raise _RefusedError("unknown")
            if not session._is_open():
                session._end()
                raise _RefusedError("ended")
            if http.path == OPEN_PATH:
                return self._open(session)
            self._check_request(session)
            return self._forward(session)
        except _RefusedError as refused:
            return self._refuse(session, str(refused))

    def _open(self, session):
        """Take the token from the address, give a cookie for it, and go on to `/`."""
        http = request.httprequest
        secret = session._use_token(http.args.get("token", ""))
        if http.method != "GET" or not secret:
            raise _RefusedError("token")
        _logger.info(
            "%s opens the panel of device %s (%s) by way of agent %s.",
            session.user_id.login,
            session.device_id.id,
            session.address,
            session.agent_id.id,
        )
        env = _with_language(session)
        page = _page(
            env,
            env._("Connecting to %(device)s…", device=session.device_id.display_name),
            env._("By way of %(agent)s.", agent=session.agent_id.name),
            onward="/",
        )
        page.set_cookie(
            panel_headers.COOKIE,
            secret,
            expires=session.expires_at,
            secure=http.scheme == "https",
            httponly=True,
            samesite="Lax",
        )
        return page

    def _check_request(self, session):
        http = request.httprequest
        if not session._is_browsers(http.cookies.get(panel_headers.COOKIE, "")):
            raise _RefusedError("cookie")
        if http.path.startswith(_OWN_PATHS):
            raise _RefusedError("path")
        if http.method not in panel_headers.METHODS:
            raise _RefusedError("method")
        # A page's own proxy in the browser would outlive the panel.
        if http.headers.get("Service-Worker") or http.headers.get("Upgrade"):
            raise _RefusedError("method")
        if http.headers.get("Transfer-Encoding"):
            raise _RefusedError("large")

    def _forward(self, session):
        """Have the collector fetch it; nothing is held while we wait."""
        http = request.httprequest
        try:
            body = http.get_data()
        except RequestEntityTooLarge as error:
            raise _RefusedError("large") from error
        place, path = session._place(), _asked_path(http.environ)
        asked = {
            "address": place.address,
            "scheme": place.scheme,
            "port": place.port,
            "method": http.method,
            "path": path,
            "headers": panel_headers.to_device(http.headers, place),
            "body": body,
        }
        _logger.info(
            "Panel of device %s for %s: %s %s",
            session.device_id.id,
            session.user_id.login,
            http.method,
            path.partition("?")[0],
        )
        agent = (request.db, session.agent_id.id)
        cursor = request.env.registry.cursor
        request.env.cr.close()
        try:
            answer = relay.RELAY.ask(agent, session.id, asked)
        except relay.RelayError as error:
            answer = {"error": error.code}
        with cursor() as cr:
            env = Environment(cr, SUPERUSER_ID, {})
            session = env["focalist.panel.session"].browse(session.id).exists()
            try:
                return retrying(partial(self._answer, session, path, answer), env)
            except _RefusedError as refused:
                return self._refuse(session, *refused.args)

    def _answer(self, session, path, answer):
        """The device's answer as the browser may see it."""
        # It may have ended while the device was asked.
        if not session or not session._is_open():
            raise _RefusedError("ended")
        if "error" in answer:
            raise _RefusedError(answer["error"])
        place = session._place()
        secure = request.httprequest.scheme == "https"
        try:
            headers, now = panel_headers.from_device(
                answer["headers"], place, path, secure
            )
        except panel_headers.SentElsewhereError as error:
            raise _RefusedError("elsewhere", error.target) from error
        if now != place:
            session.write({"scheme": now.scheme, "port": now.port})
        response = Response(answer["body"], answer["status"])
        # Without a type of ours: a device that says none has the browser look.
        del response.headers["Content-Type"]
        response.headers.extend([*headers, *panel_headers.PROTECTION])
        return response

    def _refuse(self, session, code, target=""):
        """A page that says why it does not go on, and what to do."""
        http = request.httprequest
        _logger.warning(
            "A panel's request from %s was refused (%s): device %s, %s %s",
            http.remote_addr,
            code,
            session.device_id.id or "none",
            http.method[:20],
            _asked_path(http.environ).partition("?")[0],
        )
        env = _with_language(session)
        status, title, text = _refusals(env, session, target)[code]
        return _page(env, title, text, status)


def _asked_path(environ):
    """The path that was asked for, with its query, whatever its host."""
    path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"))
    return panel_headers.clean_path(path, environ.get("QUERY_STRING", ""))


def _with_language(session):
    """An environment in the user's language, else the browser's."""
    lang = session.user_id.lang or request.best_lang
    known = {code for code, _name in session.env["res.lang"].get_installed()}
    return session.with_context(lang=lang if lang in known else "en_US").env


def _page(env, title, text, status=HTTPStatus.OK, onward=None):
    html = env["ir.qweb"]._render(
        "focalist_agents.panel_page",
        {"title": title, "text": text, "onward": onward, "lang": env.lang},
    )
    response = Response(str(html), status, mimetype="text/html")
    headers = dict(panel_headers.PROTECTION)
    headers |= {
        "Content-Security-Policy": _PAGE_POLICY,
        "Referrer-Policy": "no-referrer",
    }
    response.headers.extend(headers)
    return response


def _refusals(env, session, target):
    """Status, title and text of each refusal."""
    again = env._("Open the panel again from the device's form in Odoo.")
    device = session.device_id.display_name or ""
    agent = session.agent_id.name or ""
    bad, gateway = HTTPStatus.FORBIDDEN, HTTPStatus.BAD_GATEWAY
    return {
        "proxy": (
            HTTPStatus.SERVICE_UNAVAILABLE,
            env._("The proxy leads panels to the wrong port"),
            env._(
                "All hosts of panels, and the collectors' calls of panel, must go to"
                " Odoo's evented port (gevent_port): see nginx.conf in Focalist's"
                " documentation."
            ),
        ),
        "unknown": (HTTPStatus.NOT_FOUND, env._("There is no panel here"), again),
        "ended": (HTTPStatus.GONE, env._("This panel has ended"), again),
        "token": (
            bad,
            env._("This address opens no panel"),
            env._("It works once, and within a minute.") + " " + again,
        ),
        "cookie": (bad, env._("This panel was opened in another browser"), again),
        "path": (
            HTTPStatus.NOT_FOUND,
            env._("There is no such page"),
            env._("It is not one of the device's."),
        ),
        "method": (
            HTTPStatus.METHOD_NOT_ALLOWED,
            env._("A panel cannot do this"),
            env._("It fetches pages and sends forms, and nothing else."),
        ),
        "large": (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            env._("This is too large for a panel"),
            env._(
                "Up to %(size)s MB pass, either way. Do this at the client.",
                size=relay.MAX_BODY >> 20,
            ),
        ),
        "busy": (
            HTTPStatus.SERVICE_UNAVAILABLE,
            env._("Too much is being asked at once"),
            env._("Wait a little, then load the page again."),
        ),
        "silent": (
            HTTPStatus.GATEWAY_TIMEOUT,
            env._("The collector does not answer"),
            env._(
                "%(agent)s has fetched nothing in %(seconds)s seconds. See whether it"
                " is connected and recent enough, then load the page again.",
                agent=agent,
                seconds=relay.PATIENCE,
            ),
        ),
        "closed": (
            bad,
            env._("The client allows no panels"),
            env._("They are switched off in the configuration of the collector."),
        ),
        "address": (
            bad,
            env._("The collector does not go there"),
            env._(
                "%(address)s is none of the devices that it polls, and in none of its"
                " networks.",
                address=session.address or "",
            ),
        ),
        "port": (
            bad,
            env._("The collector does not go there"),
            env._(
                "Port %(port)s is none of those that its configuration allows.",
                port=session.port,
            ),
        ),
        "unreachable": (
            gateway,
            env._("%(device)s does not answer", device=device),
            env._(
                "Nothing answers at %(address)s, port %(port)s. The device may be off,"
                " or its web page switched off.",
                address=session.address or "",
                port=session.port,
            ),
        ),
        "slow": (
            HTTPStatus.GATEWAY_TIMEOUT,
            env._("%(device)s is too slow", device=device),
            env._("The collector has waited long enough. Load the page again."),
        ),
        "garbled": (
            gateway,
            env._("%(device)s does not answer as a web page", device=device),
            env._("What came was not understood."),
        ),
        "elsewhere": (
            gateway,
            env._("%(device)s sends you elsewhere", device=device),
            env._(
                "To %(target)s. A panel shows its own device and follows to no other"
                " place.",
                target=target[:200],
            ),
        ),
    }
