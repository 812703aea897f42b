"""What a collector is installed with: the daemon's folder as one archive, and its
script, which knows the archive's SHA-256.

The folder lies beside the add-ons, as in a clone of the repository; where it does not,
`FOCALIST_AGENT_DAEMON` names it. Both are made once a process, and the same bytes by
each: workers take turns.
"""

import gzip
import hashlib
import io
import os
import tarfile
from functools import lru_cache
from pathlib import Path

VARIABLE = "FOCALIST_AGENT_DAEMON"
SCRIPT, ARCHIVE = "agent.sh", "focalist-agent.tar.gz"
PATH = "/focalist/install/"
_PARTS = ("README.md", "focalist_agent", "packaging", "pyproject.toml")
_SUFFIXES = {"", ".md", ".py", ".service", ".sh", ".sysusers", ".toml"}
_SOURCE = Path("packaging", "install.sh")
_UNKNOWN_SUM = b'\narchive_sha256=""\n'
# Zip, and so pip's wheels, knows no time before 1980.
_TIME = 946684800


class InstallerError(Exception):
    """The daemon's folder is not there, or not whole; the text says which."""


def folder():
    """Where the daemon's folder is to be."""
    named = os.environ.get(VARIABLE)
    return (
        Path(named) if named else Path(__file__).resolve().parents[3] / "agent_daemon"
    )


def is_there():
    """Whether this server can give out what a collector is installed with."""
    return (folder() / _SOURCE).is_file()


def archive():
    """The daemon's folder without tests and traces, as bytes; raises InstallerError."""
    return _made(folder())[ARCHIVE]


def script():
    """The script that installs that archive, as bytes; raises InstallerError."""
    return _made(folder())[SCRIPT]


@lru_cache(maxsize=1)
def _made(source):
    """Both, of one moment. What fails is not kept."""
    try:
        packed = _packed(source)
        text = (source / _SOURCE).read_bytes()
    except OSError as error:
        raise InstallerError(f"{error.filename}: {error.strerror}") from error
    if text.count(_UNKNOWN_SUM) != 1:
        raise InstallerError(f"{source / _SOURCE} is of another version")
    digest = hashlib.sha256(packed).hexdigest().encode()
    known = _UNKNOWN_SUM.replace(b'""', b'"%s"' % digest)
    return {ARCHIVE: packed, SCRIPT: text.replace(_UNKNOWN_SUM, known)}


def _packed(source):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in _files(source):
            data = file.read_bytes()
            name = Path("focalist-agent", file.relative_to(source))
            member = tarfile.TarInfo(name.as_posix())
            member.size, member.mtime = len(data), _TIME
            member.mode = 0o755 if file.suffix == ".sh" else 0o644
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _files(source):
    """What belongs to the daemon, always in the same order: what else lies there, an
    editor's or a tool's, is nobody's to fetch."""
    for part in _PARTS:
        path = source / part
        # A part that is not there is told by whoever reads it.
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            hidden = any(
                name.startswith(".") or name == "__pycache__"
                for name in file.relative_to(source).parts
            )
            if hidden or file.is_symlink() or file.is_dir():
                continue
            if file.suffix in _SUFFIXES:
                yield file
