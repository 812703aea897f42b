"""How a device is asked: a community (SNMP v1, v2c) or a user (v3).

Neither shows its secrets where it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

AUTH_PROTOCOLS = ("md5", "sha", "sha224", "sha256", "sha384", "sha512")
PRIV_PROTOCOLS = (
    "des",
    "aes128",
    "aes192",
    "aes256",
    "aes192-blumenthal",
    "aes256-blumenthal",
)
"""AES with 192 and 256 bits lengthens short keys as Cisco and most makers do (Reeder's
draft), or as Blumenthal's draft has it."""

MIN_PASSWORD = 8
"""RFC 3414, 11.2"""


@dataclass(frozen=True)
class Community:
    """A community: tried with v2c, and with v1 where that is not spoken."""

    name: str = field(repr=False)


@dataclass(frozen=True)
class User:
    """A user of SNMPv3; without ``auth`` noAuthNoPriv, without ``priv`` authNoPriv.

    ``context``: the context name that a few devices want; nearly all have the empty
    one. Raises ValueError, with a text for people, when it cannot be.
    """

    name: str
    auth: str | None = None
    auth_password: str = field(default="", repr=False)
    priv: str | None = None
    priv_password: str = field(default="", repr=False)
    context: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.encode("utf-8", "surrogateescape")) <= 32:
            raise ValueError("user must have 1 to 32 characters")
        if self.priv and not self.auth:
            raise ValueError("priv needs auth: privacy alone is not possible")
        for what, known in (("auth", AUTH_PROTOCOLS), ("priv", PRIV_PROTOCOLS)):
            protocol = getattr(self, what)
            password = getattr(self, f"{what}_password")
            if protocol is None:
                if password:
                    raise ValueError(f"{what}_password needs {what}")
            elif protocol not in known:
                raise ValueError(f"{what} must be one of {', '.join(known)}")
            elif len(password) < MIN_PASSWORD:
                raise ValueError(
                    f"{what}_password must have {MIN_PASSWORD} characters or more"
                )


Credential = Community | User


def secrets(credential: Credential) -> tuple[str, ...]:
    """What of a credential nobody else may read. "public" is no secret."""
    if isinstance(credential, User):
        return credential.auth_password, credential.priv_password
    return () if credential.name == "public" else (credential.name,)


def why_silent(tried: list[Credential]) -> str:
    """What to look at when a device answered to none: some mistakes look like it."""
    said = ["Is SNMP on"]
    if any(isinstance(one, Community) for one in tried):
        said.append("is the community right")
    if any(isinstance(one, User) for one in tried):
        said.append("are the user's passwords right (a wrong one looks like silence)")
    return f"{', '.join(said[:-1])}, and {said[-1]}?" if said[1:] else f"{said[0]}?"
