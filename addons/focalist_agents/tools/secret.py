"""The secrets that the server's environment holds, and what is encrypted with one.

`FOCALIST_SECRET`, or the file that `FOCALIST_SECRET_FILE` names, encrypts the keys that
lie in the database: whoever steals a dump of it has none of them.
`FOCALIST_PROXY_SECRET`, or its file, is what the reverse proxy that checks collectors'
certificates proves itself with. Where it is set, every call of a collector must come
through that proxy.
"""

import base64
import os
import re
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VARIABLE, FILE_VARIABLE = "FOCALIST_SECRET", "FOCALIST_SECRET_FILE"
PROXY_VARIABLE = "FOCALIST_PROXY_SECRET"
MIN_LENGTH = 32
MIN_LETTERS = 10
_EXAMPLE = re.compile(r"change.?me|example|secret|password|focalist|0123|1234", re.I)


class SecretError(Exception):
    """A secret is "missing", "unreadable", "weak", or "other" than the one before."""


def server():
    """The secret that keys at rest are encrypted with; raises SecretError."""
    secret = _read(VARIABLE)
    if not secret:
        raise SecretError("missing")
    return secret


def proxy():
    """The secret of the proxy in front, or None where there is none."""
    return _read(PROXY_VARIABLE)


def encrypt(purpose, data):
    """Encrypt bytes for one purpose; raises SecretError.

    :return: text
    """
    return _fernet(purpose).encrypt(data).decode()


def decrypt(purpose, text):
    """The bytes that were encrypted for this purpose; raises SecretError."""
    try:
        return _fernet(purpose).decrypt(text.encode())
    except InvalidToken as error:
        raise SecretError("other") from error


def message(env, error):
    """What a SecretError says, in words."""
    return {
        "missing": env._(
            "The server has no secret to encrypt keys with. Its administrator sets"
            " FOCALIST_SECRET, or FOCALIST_SECRET_FILE, in the environment of Odoo:"
            " the installation guide says how."
        ),
        "unreadable": env._(
            "The file that FOCALIST_SECRET_FILE names cannot be read by Odoo."
        ),
        "weak": env._(
            "The secret of the server, FOCALIST_SECRET, is too short, or an example's."
            " Make one with: openssl rand -base64 48"
        ),
        "other": env._(
            "What is stored was encrypted with another secret than the one that"
            " FOCALIST_SECRET, or its file, now holds. Bring the former one back."
        ),
    }[error.args[0]]


def _fernet(purpose):
    # A key of its own for each purpose (RFC 5869).
    derived = HKDF(SHA256(), 32, salt=None, info=f"focalist {purpose}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(server())))


def _read(name):
    value = os.environ.get(name, "")
    if not value and (file := os.environ.get(f"{name}_FILE")):
        try:
            value = Path(file).read_text()
        except (OSError, ValueError) as error:
            raise SecretError("unreadable") from error
        if not value.strip():
            raise SecretError("weak")
    value = value.strip()
    if not value:
        return None
    if (
        len(value) < MIN_LENGTH
        or len(set(value)) < MIN_LETTERS
        or _EXAMPLE.search(value)
    ):
        raise SecretError("weak")
    return value.encode()
