"""A transport that looks for new credentials when its key is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from ..files import StateError
from . import Configuration, KeyRefused, Result, Transport

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

    def configuration(self) -> Configuration:
        return self._call(lambda transport: transport.configuration())

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
