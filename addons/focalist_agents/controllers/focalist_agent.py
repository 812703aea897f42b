import logging
import re
from xmlrpc.client import Fault

import psycopg2
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    LengthRequired,
    RequestEntityTooLarge,
    Unauthorized,
    UnsupportedMediaType,
)

from odoo import SUPERUSER_ID
from odoo.exceptions import ConcurrencyError
from odoo.http import Controller, Response, request, route

from ..models.focalist_agent_enrolment import EnrolmentRefusedError
from ..tools import wire

_logger = logging.getLogger(__name__)

_MALFORMED, _REFUSED = 400, 409
_KEY = re.compile(r"bearer\s+([\x21-\x7e]{1,200})\s*", re.IGNORECASE)


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
        max_content_length=wire.MAX_BODY,
    )
    def enroll(self, method=None):
        """Exchange a one-time key for a collector's own."""
        self._check_size()
        request.update_env(user=SUPERUSER_ID)
        agent = request.env["focalist.agent"]._of_enrolment_key(self._key())
        if not agent:
            raise self._who_asks()
        address = request.httprequest.remote_addr
        return self._answer(
            {"enroll": lambda about: agent._enroll(about, address)}, method
        )

    @route(
        ["/focalist/agent/1/rpc", "/focalist/agent/1/json/<string:method>"],
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=wire.MAX_BODY,
    )
    def rpc(self, method=None):
        """What an enrolled collector asks and tells."""
        self._check_size()
        collector = request.env["focalist.collector"].sudo()._of_key(self._key())
        if not collector:
            raise self._who_asks()
        # What is written bears the collector's name; its user has no rights, and what
        # it may do is what these methods do.
        request.update_env(user=collector.user_id.id, su=True)
        collector = request.env["focalist.collector"].browse(collector.id)
        address = request.httprequest.remote_addr
        return self._answer(
            {
                "configuration": lambda about: collector._configuration(about, address),
                "send": lambda batch: collector._receive(batch, address),
            },
            method,
        )

    def _check_size(self):
        """Refuse a body that does not say how large it is.

        Odoo's dispatcher has refused what says more than `max_content_length`.
        """
        if request.httprequest.content_length is None:
            raise LengthRequired()

    def _key(self):
        """The key that the caller shows; empty where it shows none."""
        said = request.httprequest.headers.get("Authorization", "")
        match = _KEY.fullmatch(said)
        return match[1] if match else ""

    def _who_asks(self):
        """The same answer whatever is wrong with a key."""
        return Unauthorized(www_authenticate=WWWAuthenticate("bearer"))

    def _answer(self, methods, method):
        """Do what the call asks of these methods, and say what came of it.

        :param str method: the one that the address names, of a call in JSON
        """
        try:
            name, arguments = self._read_call(method)
            if name not in methods or len(arguments) != 1:
                raise wire.MalformedError("There is no such method here.")
            answer = self._settled(methods[name], arguments[0])
        except wire.DoctypeError as error:
            raise BadRequest() from error
        except wire.MalformedError as error:
            answer = Fault(_MALFORMED, str(error))
        except EnrolmentRefusedError as error:
            answer = Fault(_REFUSED, str(error))
        if method:
            response = self._json_response(answer)
        else:
            response = Response(wire.write_answer(answer), mimetype="text/xml")
        # RFC 9110, 12.5.3: what the next call may be compressed with.
        response.headers["Accept-Encoding"] = "gzip"
        return response

    def _read_call(self, method):
        """The call's method and arguments, once it is known who asks."""
        body = request.httprequest.get_data()
        encoding = request.httprequest.headers.get("Content-Encoding", "identity")
        if encoding.lower() == "gzip":
            try:
                body = wire.inflate_body(body)
            except wire.TooLargeError as error:
                raise RequestEntityTooLarge() from error
        elif encoding.lower() != "identity":
            raise UnsupportedMediaType()
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
            request.env.flush_all()
        except (wire.MalformedError, EnrolmentRefusedError, HTTPException):
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
