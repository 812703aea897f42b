import hashlib
import logging

from odoo.http import Controller, request, route

from ..tools import installer

_logger = logging.getLogger(__name__)


class FocalistInstallController(Controller):
    """What a collector is installed with, for whoever asks: it is the same for all, and
    holds nothing of the database, nor of the request."""

    @route(
        f"{installer.PATH}{installer.SCRIPT}",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
    )
    def script(self, **_ignored):
        """The script that the installation dialog's one command runs."""
        # As text: browsers show it to whoever wants to read it first.
        return self._give(installer.script, "text/plain; charset=utf-8")

    @route(
        f"{installer.PATH}{installer.ARCHIVE}",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
    )
    def archive(self, **_ignored):
        """The daemon, which that script fetches."""
        return self._give(installer.archive, "application/gzip")

    def _give(self, make, content_type):
        try:
            data = make()
        except installer.InstallerError as error:
            _logger.error("Collectors cannot be installed from here: %s.", error)
            return request.make_response(
                "This server has no focalist-agent to give out: its administrator puts"
                " the folder agent_daemon beside the add-ons, or names it in"
                f" {installer.VARIABLE}.\n",
                [("Content-Type", "text/plain; charset=utf-8")],
                status=404,
            )
        response = request.make_response(
            data,
            [
                ("Content-Type", content_type),
                # A script and an archive of two versions do not go together.
                ("Cache-Control", "no-cache"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        response.set_etag(hashlib.sha256(data).hexdigest())
        return response.make_conditional(request.httprequest)
