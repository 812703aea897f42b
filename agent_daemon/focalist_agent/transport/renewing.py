"""A transport that renews its credentials, and looks for new ones when refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..files import StateError
from ..settings import Settings
from . import (
    Asked,
    Count,
    Issued,
    KeyRefused,
    Page,
    Result,
    Run,
    ToFetch,
    Transport,
    TransportError,
)

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class RenewingTransport:
    """Whoever enrols a running collector anew does not have to start it anew.

    ``make`` gives a transport with the credentials that are on disk, ``keep`` puts
    renewed ones there.
    """

    def __init__(
        self, make: Callable[[], Transport], keep: Callable[[Issued], None]
    ) -> None:
        self._make, self._keep, self._transport = make, keep, make()
        self._refused = False

    @property
    def skew(self) -> float | None:
        return self._transport.skew

    def configuration(self) -> Settings:
        answer = self._call(lambda transport: transport.configuration())
        if answer.renew:
            self._renew()
        return answer

    def _renew(self) -> None:
        """Take another key and certificate. Until they are shown, these hold on."""
        try:
            self._keep(self._transport.renew())
            self._transport = self._make()
        except (TransportError, StateError) as error:
            _log.warning("The key could not be renewed, and will be later: %s", error)
            return
        _log.info("The key and the certificate were renewed.")

    def tasks(self, held: Sequence[str], runs: Sequence[Run]) -> Asked:
        return self._call(lambda transport: transport.tasks(held, runs))

    def progress(self, uid: str, count: Count) -> bool:
        return self._call(lambda transport: transport.progress(uid, count))

    def result(self, uid: str, count: Count, failure: str = "") -> None:
        self._call(lambda transport: transport.result(uid, count, failure))

    def panel(self, pages: Sequence[Page], wait: int) -> ToFetch:
        return self._call(lambda transport: transport.panel(pages, wait))

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        return self._call(lambda transport: transport.send(reports))

    def renew(self) -> Issued:
        return self._call(lambda transport: transport.renew())

    def _call(self, call: Callable[[Transport], _T]) -> _T:
        if self._refused:
            try:
                self._transport = self._make()
            except StateError as error:
                _log.warning("%s", error)
        try:
            answer = call(self._transport)
        except KeyRefused:
            self._refused = True
            raise
        self._refused = False
        return answer
