"""Sessions over values in memory, and one that keeps what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .session import Oid, Session, Value


class MemorySession:
    """Answers out of a map of values, as a device with these would."""

    def __init__(self, values: Mapping[Oid, Value]) -> None:
        self._values = dict(sorted(values.items()))

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        return {o: self._values[o] for o in oids if o in self._values}

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        return {
            column: {
                name[len(column) :]: value
                for name, value in self._values.items()
                if name[: len(column)] == column and name != column
            }
            for column in columns
        }


class KeepingSession:
    """Passes everything on to a session; ``values`` is all that it was told."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.values: dict[Oid, Value] = {}

    async def get(self, oids: Iterable[Oid]) -> dict[Oid, Value]:
        found = await self._session.get(oids)
        self.values |= found
        return found

    async def columns(self, columns: Iterable[Oid]) -> dict[Oid, dict[Oid, Value]]:
        found = await self._session.columns(columns)
        for column, rows in found.items():
            self.values |= {column + index: value for index, value in rows.items()}
        return found
