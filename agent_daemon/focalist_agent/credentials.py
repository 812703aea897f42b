"""The collector's own credentials, which enrolment gave it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from . import files, log
from .transport import Issued

NAME = "credentials.json"
CERTIFICATE_NAME = "certificate.pem"


@dataclass(frozen=True, repr=False)
class Credentials:
    """Where the collector reports to, and the key that it proves itself with."""

    server: str
    database: str
    collector: str
    agent: str
    key: str
    certificate: str
    """our client certificate, in PEM"""
    private_key: str
    """its private key, in PEM"""

    def __repr__(self) -> str:
        return f"Credentials({self.collector!r} at {self.server!r})"


def save(directory: Path, credentials: Credentials) -> None:
    """Store credentials, readable by their owner alone; raises StateError."""
    files.make_directory(directory)
    files.write_json(directory / NAME, asdict(credentials))


def renew(directory: Path, issued: Issued) -> None:
    """Store another key and certificate in the place of ours; raises StateError."""
    save(directory, replace(load(directory), **asdict(issued)))


def certificate_file(directory: Path, credentials: Credentials) -> Path:
    """The certificate and its key as TLS takes them; raises StateError."""
    path = directory / CERTIFICATE_NAME
    text = credentials.private_key + credentials.certificate
    if not files.has_text(path, text):
        files.write_text(path, text)
    return path


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
