import hmac
import logging
import re
from urllib.parse import unquote
from xmlrpc.client import Fault

import psycopg2
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    InternalServerError,
    LengthRequired,
    RequestEntityTooLarge,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)

from odoo import SUPERUSER_ID
from odoo.exceptions import ConcurrencyError
from odoo.http import Controller, Response, request, route

from ..models.focalist_agent_enrolment import EnrolmentRefusedError
from ..models.focalist_collector_certificate import KeyRefusedError
from ..tools import certificates, relay, secret, wire

_logger = logging.getLogger(__name__)

_MALFORMED, _REFUSED = 400, 409
_KEY = re.compile(r"bearer\s+([\x21-\x7e]{1,200})\s*", re.IGNORECASE)


def _note_refusal(reason, caller=""):
    """Tell the log who was refused, from where, and why: what one can act on.

    :param str caller: who it is, where its key has told that
    """
    _logger.warning(
        "A collector's call from %s%s was refused: %s.",
        wire.printable(request.httprequest.remote_addr),
        f" ({caller})" if caller else "",
        wire.printable(reason).rstrip("."),
    )


def _max_body(_controller):
    """How large a call may be; what is larger, or does not tell, is refused here.

    Odoo's dispatcher asks before it reads anything, forms among it.
    """
    size = request.httprequest.content_length
    if size is None:
        _note_refusal("it does not say how large it is")
        raise LengthRequired()
    if size > wire.MAX_BODY:
        _note_refusal(f"it has {size} bytes")
        raise RequestEntityTooLarge()
    return wire.MAX_BODY


class FocalistAgentController(Controller):
    """The thin line: what collectors call, over XML-RPC or in JSON.

    Each call is looked at in the order of what it costs: its size, who asks, what it
    says. Until it is known who asks, nothing of it is read, nor inflated. Odoo's
    dispatcher repeats a call that met another in the database (see `_settled`).

    Odoo's own JSON-2 keeps no such order (it lets in up to 128 MiB), and a key that
    opens it opens all of Odoo's models: so JSON is spoken here, in JSON-2's manner, the
    method in the address and what is wrong in the status.
    """

    @route(
        ["/focalist/agent/1/enroll", "/focalist/agent/1/json/<any(enroll):method>"],
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=_max_body,
    )
    def enroll(self, method=None):
        """Exchange a one-time key for a collector's own."""
        request.update_env(user=SUPERUSER_ID)
        self._certificate()
        address = request.httprequest.remote_addr
        attempts = request.env["focalist.public.attempt"]
        origin = attempts._of_address(address)
        if not attempts._may_look(origin):
            _logger.warning("%s guesses installation keys: it has to wait.", address)
            raise TooManyRequests(retry_after=3600)
        agent = request.env["focalist.agent"]._of_enrolment_key(self._key())
        if not agent:
            # Returned, not raised: that is written, too.
            attempts.create({"address": origin})
            return self._who_asks(
                "the installation key is unknown, used, or has ended"
            ).get_response()
        return self._answer(
            {"enroll": lambda about: agent._enroll(about, address)},
            method,
            agent._log_name(),
        )

    @route(
        ["/focalist/agent/1/rpc", "/focalist/agent/1/json/<string:method>"],
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=_max_body,
    )
    def rpc(self, method=None):
        """What an enrolled collector asks and tells."""
        collector = self._collector()
        address = request.httprequest.remote_addr
        return self._answer(
            {
                "configuration": lambda about: collector._configuration(about, address),
                "renew": lambda about: collector._renew(about, address),
                "send": lambda batch: collector._receive(batch, address),
                "tasks": lambda told: collector._tasks(told, address),
                "progress": lambda told: collector._progress(told, address),
                "result": lambda told: collector._result(told, address),
            },
            method,
            collector._log_name(),
        )

    @route(
        ["/focalist/agent/1/panel", "/focalist/agent/1/json/<any(panel):method>"],
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=_max_body,
    )
    def panel(self, method=None):
        """Bring what was fetched for panels, and wait for what is to be fetched."""
        collector = self._collector()
        if not relay.is_here():
            _logger.error(
                "The proxy leads collectors' calls of panel to an HTTP worker: they"
                " must go to the evented port, as in docs/nginx.conf."
            )
            raise ServiceUnavailable()
        return self._answer({"panel": collector._panel}, method, collector._log_name())

    def _collector(self):
        """The collector that calls, once its key and certificate were checked."""
        collectors = request.env["focalist.collector"].sudo()
        try:
            collector = collectors._of_key(self._key(), self._certificate())
        except KeyRefusedError as error:
            raise self._who_asks(str(error)) from error
        # What is written bears the collector's name; its user has no rights, and what
        # it may do is what these methods do.
        request.update_env(user=collector.user_id.id, su=True)
        return request.env["focalist.collector"].browse(collector.id)

    def _key(self):
        """The key that the caller shows; empty where it shows none."""
        said = request.httprequest.headers.get("Authorization", "")
        match = _KEY.fullmatch(said)
        return match[1] if match else ""

    def _certificate(self):
        """SHA-256 of the certificate that the proxy checked; None without a proxy.

        What the proxy says is believed of nobody who does not know its secret.
        """
        try:
            expected = secret.proxy()
        except secret.SecretError as error:
            _logger.error("The proxy's secret is %s.", error)
            raise ServiceUnavailable() from error
        if expected is None:
            return None
        headers = request.httprequest.headers
        if not hmac.compare_digest(
            headers.get("X-Focalist-Proxy", "").encode(), expected
        ):
            raise self._who_asks("not through the proxy")
        return certificates.fingerprint(
            unquote(headers.get("X-Focalist-Certificate", ""))
        )

    def _who_asks(self, reason):
        """The same answer whatever is wrong; the reason is for our log."""
        _note_refusal(reason)
        return Unauthorized(www_authenticate=WWWAuthenticate("bearer"))

    def _answer(self, methods, method, caller):
        """Do what the call asks of these methods, and say what came of it.

        :param str method: the one that the address names, of a call in JSON
        :param str caller: whose key it was, for the log
        """
        try:
            name, arguments = self._read_call(method)
            if name not in methods or len(arguments) != 1:
                raise wire.MalformedError("There is no such method here.")
            answer = self._settled(methods[name], arguments[0])
        except (wire.RefusedError, EnrolmentRefusedError) as error:
            _note_refusal(str(error), caller)
            answer = self._refused(error)
        if method:
            response = self._json_response(answer)
        else:
            response = Response(wire.write_answer(answer), mimetype="text/xml")
        # RFC 9110, 12.5.3: what the next call may be compressed with.
        response.headers["Accept-Encoding"] = "gzip"
        return response

    def _refused(self, error):
        """The fault of a call that was understood, as far as it was read.

        :raise HTTPException: where it is not even that
        """
        if isinstance(error, EnrolmentRefusedError):
            return Fault(_REFUSED, str(error))
        if isinstance(error, wire.TooLargeError):
            raise RequestEntityTooLarge() from error
        if isinstance(error, wire.EncodingError):
            raise UnsupportedMediaType() from error
        if isinstance(error, wire.DoctypeError):
            raise BadRequest() from error
        return Fault(_MALFORMED, str(error))

    def _read_call(self, method):
        """The call's method and arguments, once it is known who asks."""
        encoding = request.httprequest.headers.get("Content-Encoding", "identity")
        body = wire.decode_body(request.httprequest.get_data(), encoding.lower())
        return (method, wire.read_arguments(body)) if method else wire.read_call(body)

    def _json_response(self, answer):
        if isinstance(answer, Fault):
            said = {"message": answer.faultString}
            return request.make_json_response(said, status=answer.faultCode)
        return request.make_json_response(answer)

    def _settled(self, method, argument):
        """Call a method and write what it changed.

        :raise ConcurrencyError: where another call made the same record at the same
            time; Odoo's dispatcher then repeats this one, which finds it
        """
        try:
            result = method(argument)
            # Who waited holds no cursor any more, and has written what it had to.
            if not request.env.cr.closed:
                request.env.flush_all()
        except (wire.RefusedError, EnrolmentRefusedError):
            raise
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError("Two calls made one record.") from error
        except (psycopg2.OperationalError, ConcurrencyError):
            raise
        except Exception as error:
            # The caller is told nothing of our insides.
            _logger.exception("A collector's call failed.")
            raise InternalServerError() from error
        return result
