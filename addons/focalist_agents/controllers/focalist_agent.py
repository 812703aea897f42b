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
    Unauthorized,
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
    """The thin line: what collectors call, over XML-RPC.

    Each call is looked at in the order of what it costs: its size, who asks, what it
    says. Until it is known who asks, nothing of it is read. Odoo's dispatcher repeats a
    call that met another in the database (see `_settled`).
    """

    @route(
        "/focalist/agent/1/enroll",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=wire.MAX_BODY,
    )
    def enroll(self):
        """Exchange a one-time key for a collector's own."""
        self._check_size()
        request.update_env(user=SUPERUSER_ID)
        agent = request.env["focalist.agent"]._of_enrolment_key(self._key())
        if not agent:
            raise self._who_asks()
        address = request.httprequest.remote_addr
        return self._answer({"enroll": lambda about: agent._enroll(about, address)})

    @route(
        "/focalist/agent/1/rpc",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
        max_content_length=wire.MAX_BODY,
    )
    def rpc(self):
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
                "tasks": lambda told: collector._tasks(told, address),
                "progress": lambda told: collector._progress(told, address),
                "result": lambda told: collector._result(told, address),
            }
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

    def _answer(self, methods):
        """Do what the call asks of these methods, and say what came of it."""
        try:
            name, arguments = wire.read_call(request.httprequest.get_data())
            if name not in methods or len(arguments) != 1:
                raise wire.MalformedError("There is no such method here.")
            answer = self._settled(methods[name], arguments[0])
        except wire.DoctypeError as error:
            raise BadRequest() from error
        except wire.MalformedError as error:
            answer = Fault(_MALFORMED, str(error))
        except EnrolmentRefusedError as error:
            answer = Fault(_REFUSED, str(error))
        return Response(wire.write_answer(answer), mimetype="text/xml")

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
