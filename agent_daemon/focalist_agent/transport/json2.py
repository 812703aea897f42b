"""The same calls in JSON, on the same server's route for collectors.

In the manner of Odoo's JSON-2 (a POST, the method in the address, what is wrong in the
status), but not there: Odoo's own would take the key for all of its models.
"""

from __future__ import annotations

import json
from typing import Any

from .xmlrpc import XmlRpcTransport, odd


class Json2Transport(XmlRpcTransport):
    """See :class:`focalist_agent.transport.Transport`."""

    def _call(self, method: str, *arguments: Any) -> dict[str, Any]:
        body = json.dumps(arguments, ensure_ascii=False).encode("utf-8")
        answer = self._post(f"json/{method}", body, "application/json")
        try:
            result = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise odd() from error
        if not isinstance(result, dict):
            raise odd()
        return result
