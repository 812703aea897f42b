"""The configuration, the files of the state directory, and the package itself."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from focalist_agent import config, credentials, files, lock
from focalist_agent.config import Config, ConfigError, Device, load, parse_device
from focalist_agent.snmp.credential import Community, User

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "packaging" / "agent.toml"


def write(tmp_path, text):
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


def test_everything_is_optional(tmp_path):
    assert load(None) == load(write(tmp_path, "")) == Config()


def test_every_key(tmp_path):
    found = load(
        write(
            tmp_path,
            """
            [server]
            url = "https://odoo.example.com/"
            database = "db"
            ca_file = "/etc/ca.pem"
            transport = "json2"
            proxy = "http://u:p@proxy.example:3128"
            [devices]
            addresses = ["10.1.2.3", "10.1.2.4:1161", "fe80::1", "[fe80::2]:99"]
            [snmp]
            communities = ["a b", "é"]
            backend = "pysnmp"
            port = 1610
            timeout = 1
            retries = 0
            concurrency = 5
            [[snmp.credentials]]
            community = "first"
            [[snmp.credentials]]
            user = "u"
            auth = "sha256"
            auth_password = "12345678"
            priv = "aes128"
            priv_password = "secret-secret"
            context = "c"
            [discovery]
            ranges = ["10.1.2.0/24", "fe80::1"]
            exclude = ["10.1.2.3-9"]
            rate = 50
            [poll]
            interval = 60
            [usb]
            enabled = true
            addresses = ["ipp://127.0.0.1:8631/ipp/print"]
            [spool]
            max_size_mb = 10
            [log]
            format = "json"
            """,
        )
    )
    assert found == Config(
        server_url="https://odoo.example.com",
        server_database="db",
        server_ca_file="/etc/ca.pem",
        server_transport="json2",
        server_proxy="http://u:p@proxy.example:3128",
        snmp_credentials=(
            Community("first"),
            User("u", "sha256", "12345678", "aes128", "secret-secret", "c"),
            Community("a b"),
            Community("é"),
        ),
        snmp_backend="pysnmp",
        snmp_port=1610,
        snmp_timeout=1.0,
        snmp_retries=0,
        snmp_concurrency=5,
        devices_addresses=(
            Device("10.1.2.3", 1610),
            Device("10.1.2.4", 1161),
            Device("fe80::1", 1610),
            Device("fe80::2", 99),
        ),
        discovery_ranges=("10.1.2.0/24", "fe80::1"),
        discovery_exclude=("10.1.2.3-9",),
        discovery_rate=50,
        poll_interval=60,
        usb_enabled=True,
        usb_addresses=("ipp://127.0.0.1:8631/ipp/print",),
        spool_max_size_mb=10,
        log_format="json",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[snmp]\n\ntimeuot = 1\n", "line 3: snmp.timeuot is unknown"),
        ("[smnp]\ntimeout = 1\n", "line 1: [smnp] is unknown"),
        ("url = 1\n", "line 1: url is unknown"),
        ("[snmp]\nretries = 1.5\n", "line 2: snmp.retries must be a whole number"),
        ("[snmp]\nretries = true\n", "line 2: snmp.retries must be a number"),
        ("[snmp]\ntimeout = 0\n", "line 2: snmp.timeout must lie between"),
        ("[snmp]\ncommunities = 'x'\n", "line 2: snmp.communities must be a list"),
        ("[discovery]\nranges = ['10.1.2.9-3']\n", "ends before it begins"),
        ("[discovery]\nexclude = ['x']\n", "line 2: discovery.exclude 'x' is no add"),
        ("[snmp]\nbackend = 'c'\n", "line 2: snmp.backend must be one of auto"),
        (
            "[snmp]\n[[snmp.credentials]]\nuser = 'u'\nauth = 'sha1'\n",
            "line 2: [[snmp.credentials]] (number 1) auth must be one of md5, sha,",
        ),
        (
            "[[snmp.credentials]]\ncommunity='c'\nuser = 'u'\n",
            "(number 1) must have either a community, or a user",
        ),
        ("[[snmp.credentials]]\npasswd = 'u'\n", "has the unknown key passwd"),
        ("[[snmp.credentials]]\nuser = 1\n", "has a user that is no text"),
        (
            "[[snmp.credentials]]\nuser = 'u'\nauth = 'sha'\nauth_password = 'x'\n",
            "auth_password must have 8 characters or more",
        ),
        ("[snmp]\ncredentials = ['x']\n", "must be written as [[snmp.credentials]]"),
        ("[server]\nurl = 'odoo'\n", "line 2: server.url must start with https://"),
        ("[server]\nurl = 'https://a:b@c'\n", "without user"),
        ("[server]\ntransport = 'soap'\n", "must be one of xmlrpc, json2"),
        ("[server]\nproxy = 'proxy:3128'\n", "must be like http://proxy"),
        ("[usb]\nenabled = 1\n", "line 2: usb.enabled must be true or false"),
        ("[devices]\naddresses = ['a/b']\n", "'a/b' is not an address"),
        ("[devices]\naddresses = ['a:99999']\n", "must lie between 1 and 65535"),
        ("[snmp\n", "line 1"),
    ],
)
def test_errors_name_file_line_and_key(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_file_is_an_error_of_one_line(agent):
    done = agent("--config", "/nowhere/agent.toml", "read", "10.0.0.1")
    assert done.returncode == 1
    assert done.stderr == "Error: /nowhere/agent.toml: No such file or directory\n"


def test_the_example_documents_every_key_with_its_default(tmp_path):
    """Each key stands there commented out, with the default where there is one."""
    text = EXAMPLE.read_text()
    enabled = re.sub(r"^#(\[\[|\w+ = )", r"\1", text, flags=re.M)
    documented = load(write(tmp_path, enabled))
    keys, section = set(), None
    for line in enabled.splitlines():
        if header := re.match(r"\[(\w+)\]", line):
            section = header[1]
        elif header := re.match(r"\[\[([\w.]+)\]\]", line):
            keys.add(header[1])
            section = None
        elif section and (key := re.match(r"(\w+) = ", line)):
            keys.add(f"{section}.{key[1]}")
    assert keys == set(config._KEYS)
    assert load(EXAMPLE) == Config()
    assert documented.snmp_credentials[-1:] == Config().snmp_credentials
    for name in ("backend", "port", "timeout", "retries", "concurrency"):
        assert getattr(documented, f"snmp_{name}") == getattr(Config(), f"snmp_{name}")
    assert documented.discovery_rate == Config().discovery_rate
    assert documented.log_format == Config().log_format
    assert documented.spool_max_size_mb == Config().spool_max_size_mb


def test_secrets_are_not_shown():
    user = User("u", "sha", "auth-secret", "aes128", "priv-secret")
    config = Config(snmp_credentials=(Community("comm-secret"), user))
    assert "secret" not in repr(config)


@pytest.mark.parametrize("said", ["", "a b", "a:", "a:b", "[fe80::1", "a:0", "::1::2"])
def test_no_device(said):
    with pytest.raises(ValueError, match="."):
        parse_device(said)


def test_credentials_are_private_from_the_first_byte(tmp_path, monkeypatch):
    modes = []
    fsync = os.fsync
    monkeypatch.setattr(
        files.os,
        "fsync",
        lambda fd: (modes.append(os.fstat(fd).st_mode & 0o777), fsync(fd)),
    )
    os.umask(0)
    try:
        known = credentials.Credentials(
            "http://x", "db", "c", "a", "secret-key", "C", "P"
        )
        credentials.save(tmp_path / "state", known)
    finally:
        os.umask(0o022)
    path = tmp_path / "state" / credentials.NAME
    assert modes[0] == 0o600
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert credentials.load(path.parent) == known
    assert "secret-key" not in repr(known)
    assert [p.name for p in path.parent.iterdir()] == [credentials.NAME]


def test_credentials_that_others_can_read_are_refused(tmp_path):
    known = credentials.Credentials("http://x", "db", "c", "a", "secret-key", "C", "P")
    credentials.save(tmp_path, known)
    (tmp_path / credentials.NAME).chmod(0o640)
    with pytest.raises(files.StateError, match="chmod 600") as caught:
        credentials.load(tmp_path)
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}'])
def test_damaged_credentials(tmp_path, content):
    path = tmp_path / credentials.NAME
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(files.StateError, match="damaged"):
        credentials.load(tmp_path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    files.write_json(path, {"old": 1})

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(files.StateError, match="No space left"):
        files.write_json(path, {"new": 1})
    assert json.loads(path.read_text()) == {"old": 1}


def test_the_lock_is_let_go(tmp_path):
    with lock.only_one(tmp_path):
        pass
    with lock.only_one(tmp_path):
        with pytest.raises(files.StateError, match="Another"):
            with lock.only_one(tmp_path):
                pass


def modules_after(code):
    code += "; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_command_starts_without_its_heavy_parts():
    loaded = modules_after("import focalist_agent.cli")
    assert not loaded & {"pysnmp", "sqlite3", "asyncio", "xmlrpc.client", "ssl"}


def test_nothing_of_odoo_is_imported():
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "focalist_agent").rglob("*.py")
        if path.name != "__main__.py"
    ]
    assert len(names) > 20
    loaded = modules_after(f"import {', '.join(names)}")
    assert "focalist_agent.scheduler" in loaded
    assert not {name for name in loaded if name.split(".")[0] == "odoo"}
