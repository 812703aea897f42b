"""SNMPv3 with both backends, against the responder: all protocols, all mistakes."""

import asyncio
import time

import pytest
from daemon_parts import DATA, start_responder

from focalist_agent import reader
from focalist_agent.snmp.credential import (
    AUTH_PROTOCOLS,
    PRIV_PROTOCOLS,
    Community,
    User,
)
from focalist_agent.snmp.engine import Engine
from focalist_agent.snmp.pysnmp import has_privacy
from focalist_agent.snmp.session import Limits, NoAnswer, Refused

AUTH, PRIV = "auth-password", "priv-password"
NAMES = {"aes192-blumenthal": "AES192BLMT", "aes256-blumenthal": "AES256BLMT"}
"""What the responder calls protocols, where it is another name."""


@pytest.fixture(scope="module")
def v3(tmp_path_factory):
    """The port of a responder with a user for each pair of protocols, and no v2c.

    What the recordings of the other tests say is there in the default context.
    """
    options = ["--v3-user=nobody"]
    for auth in AUTH_PROTOCOLS:
        for priv in (None, *PRIV_PROTOCOLS):
            options += [
                f"--v3-user={auth}-{priv}",
                f"--v3-auth-key={AUTH}",
                f"--v3-auth-proto={auth.upper()}",
            ]
            if priv:
                said = NAMES.get(priv, priv.upper())
                options += [f"--v3-priv-key={PRIV}", f"--v3-priv-proto={said}"]
    process, port = start_responder(
        DATA, tmp_path_factory.mktemp("v3"), *options, default="office"
    )
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def read(backend):
    def read(port, *credentials, times=1):
        async def run():
            engine = Engine(Limits(timeout=0.4, retries=1), backend=backend)
            try:
                for _ in range(times):
                    async with engine.session(
                        "127.0.0.1", port, credentials
                    ) as session:
                        report = await reader.read(session, "127.0.0.1")
                return report, session
            finally:
                engine.close()

        return asyncio.run(run())

    return read


def user(auth=None, priv=None, **more):
    return User(
        **{
            "name": f"{auth}-{priv}" if auth else "nobody",
            "auth": auth,
            "auth_password": AUTH if auth else "",
            "priv": priv,
            "priv_password": PRIV if priv else "",
            **more,
        }
    )


PAIRS = [(None, None)] + [
    (a, p) for a in AUTH_PROTOCOLS for p in (None, *PRIV_PROTOCOLS)
]


@pytest.mark.parametrize(("auth", "priv"), PAIRS)
def test_every_protocol(v3, read, auth, priv):
    if not has_privacy(priv):
        pytest.skip(f"the cryptography that is installed has no {priv}")
    report, session = read(v3, user(auth, priv))
    assert report.serial == "R4P1234567"
    assert report.meters["total"] == 100000
    assert session.budget.requests <= 12
    # The fast backend did it alone.
    assert not getattr(session, "handed_over", False)


def test_a_context_name(v3, read):
    report, session = read(v3, user("sha", None, context="plain"))
    assert report.serial == "ABC123"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (user("sha", name="stranger"), "does not know the user 'stranger'"),
        (user("sha", auth_password="wrong-password"), "password or protocol of 'sha-"),
        (user("md5", name="sha-None"), "password or protocol of 'sha-None' is wrong"),
    ],
)
def test_the_device_says_what_is_wrong(v3, read, wrong, said):
    with pytest.raises(Refused) as caught:
        read(v3, wrong)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"127.0.0.1:{v3} refuses: ")
    assert "wrong-password" not in str(caught.value)


def test_a_wrong_privacy_password(v3, read):
    """Devices say so, or are silent: either way both possibilities are told."""
    with pytest.raises((Refused, NoAnswer)) as caught:
        read(v3, user("sha", "aes128", priv_password="wrong-password"))
    assert "privacy" in str(caught.value) or "passwords right" in str(caught.value)


def test_silence_names_all_that_looks_like_it(silent_port, read):
    with pytest.raises(NoAnswer) as caught:
        read(silent_port, Community("x"), user("sha"))
    assert str(caught.value).endswith(
        "Is SNMP on, is the community right, and are the user's passwords right "
        "(a wrong one looks like silence)?"
    )


def test_the_credential_that_works_is_asked_first_the_next_time(v3, read):
    """Three are tried; in the second reading the one that worked comes first."""
    others = Community("nothing"), user("sha", name="stranger")
    started = time.monotonic()
    report, session = read(v3, *others, user("sha256"), times=2)
    assert report.serial == "R4P1234567"
    assert session.credential == user("sha256")
    # One silence of 0.8 s, not two.
    assert time.monotonic() - started < 3.0


def test_two_users_of_one_name(v3, read):
    """A client whose devices were set up at two times: the second password works."""
    old = user("sha", auth_password="an-old-password")
    report, session = read(v3, old, user("sha"), times=2)
    assert session.credential == user("sha")


def test_keys_are_derived_once_a_password(v3, monkeypatch):
    """A megabyte is hashed for a master key: once, however many devices are read."""
    from pysnmp.proto.secmod.rfc3414 import localkey

    derived = []

    def counted(derive):
        def counting(*arguments):
            derived.append(arguments)
            return derive(*arguments)

        return counting

    for name in ("hash_passphrase_md5", "hash_passphrase_sha", "hash_passphrase"):
        monkeypatch.setattr(localkey, name, counted(getattr(localkey, name)))

    async def run():
        engine = Engine(Limits(timeout=1), backend="pysnmp")
        try:
            for _ in range(3):
                async with engine.session("127.0.0.1", v3, [user("sha256")]) as one:
                    await reader.identify(one, "127.0.0.1")
        finally:
            engine.close()

    asyncio.run(run())
    assert 1 <= len(derived) <= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 33},
        {"auth": None, "auth_password": "", "priv": "aes128"},
        {"auth_password": "short"},
        {"auth": "sha3"},
    ],
)
def test_what_no_user_can_be(wrong):
    with pytest.raises(ValueError, match="."):
        user(**{"auth": "sha", **wrong})
