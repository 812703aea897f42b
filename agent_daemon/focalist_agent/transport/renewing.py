"""A transport that looks for new credentials when its key is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..files import StateError
from ..settings import Settings
from . import Asked, Count, KeyRefused, Result, Run, Transport

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class RenewingTransport:
    """Whoever enrols a running collector anew does not have to start it anew.

    ``make`` gives a transport with the credentials that are on disk.
    """

    def __init__(self, make: Callable[[], Transport]) -> None:
        self._make, self._transport = make, make()
        self._refused = False

    @property
    def skew(self) -> float | None:
        return self._transport.skew

    def configuration(self) -> Settings:
        return self._call(lambda transport: transport.configuration())

    def tasks(self, held: Sequence[str], runs: Sequence[Run]) -> Asked:
        return self._call(lambda transport: transport.tasks(held, runs))

    def progress(self, uid: str, count: Count) -> bool:
        return self._call(lambda transport: transport.progress(uid, count))

    def result(self, uid: str, count: Count, failure: str = "") -> None:
        self._call(lambda transport: transport.result(uid, count, failure))

    def send(self, reports: Sequence[bytes]) -> list[Result]:
        return self._call(lambda transport: transport.send(reports))

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
