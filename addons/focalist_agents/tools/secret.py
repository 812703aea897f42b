"""Encryption of what must be told again, with a secret that is not in the database.

The secret stands in the environment, or in a file that it names: whoever gets hold of
the database alone, or of a backup of it, gets nothing.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

VARIABLE, FILE_VARIABLE = "FOCALIST_SECRET", "FOCALIST_SECRET_FILE"
MIN_LENGTH = 32
# What stands in examples is no secret.
EXAMPLES = ("change", "example", "secret", "password", "focalist")


class SecretError(Exception):
    """There is no secret that can be used: `args[0]` is missing, unreadable or weak."""


def encrypt(text):
    """The text as a token for the database.

    :raise SecretError: where there is no secret
    """
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token):
    """The text of a token.

    :raise SecretError: where there is no secret, or another than it was written with
    """
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise SecretError("other") from error


def _fernet():
    # The secret is long and random: hashing gives it Fernet's shape, no strength.
    key = hashlib.sha256(b"focalist:" + _secret().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _secret():
    said = os.environ.get(VARIABLE, "").strip()
    path = os.environ.get(FILE_VARIABLE, "").strip()
    if not said and path:
        try:
            said = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError("unreadable") from error
    if not said:
        raise SecretError("missing")
    if (
        len(said) < MIN_LENGTH
        or len(set(said)) < 10
        or said.lower().startswith(EXAMPLES)
    ):
        raise SecretError("weak")
    return said
