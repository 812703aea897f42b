"""The collector's own credentials, which enrolment gave it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from . import files, log

NAME = "credentials.json"


@dataclass(frozen=True, repr=False)
class Credentials:
    """Where the collector reports to, and the key that it proves itself with."""

    server: str
    database: str
    collector: str
    agent: str
    key: str

    def __repr__(self) -> str:
        return f"Credentials({self.collector!r} at {self.server!r})"


def save(directory: Path, credentials: Credentials) -> None:
    """Store credentials, readable by their owner alone; raises StateError."""
    files.make_directory(directory)
    files.write_json(directory / NAME, asdict(credentials))


def load(directory: Path) -> Credentials:
    """The stored credentials; raises StateError, also when there are none."""
    path = directory / NAME
    data = files.read_json(path, secret=True)
    if data is None:
        raise files.StateError(
            f"Not enrolled: there is no {path}. Run focalist-agent enroll first."
        )
    names = {f.name for f in fields(Credentials)}
    if not isinstance(data, dict) or not all(
        isinstance(data.get(n), str) for n in names
    ):
        raise files.StateError(f"{path} is damaged. Enrol again with a new key.")
    log.hide(data["key"])
    return Credentials(**{name: data[name] for name in names})
