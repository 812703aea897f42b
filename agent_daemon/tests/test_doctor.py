"""``focalist-agent doctor`` with a real server and responder, and with each fault."""

import json
import shutil
import socket
import ssl
import subprocess
import threading

import pytest


def doctor(agent, *hosts, config="", **more):
    done = agent("doctor", *hosts, "--json", config=config, **more)
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)
    wrong = {one["what"]: one for one in found if one["todo"]}
    assert done.returncode == bool(wrong)
    return {one["what"]: one for one in found}, wrong


FAST = "[snmp]\ntimeout = 0.3\nretries = 0\n"


def test_all_is_well(enrolled, server, responder):
    server.devices = [{"address": "127.0.0.1", "port": responder}]
    config = FAST + 'communities = ["office"]\n'
    assert enrolled("run", "--once", config=config).returncode == 0
    found, wrong = doctor(enrolled, config=config)
    assert not wrong
    assert found["DNS"]["said"] == "127.0.0.1 is 127.0.0.1"
    assert found["server"]["said"] == "1 devices, each 300 s"
    assert found["clock"]["said"].startswith(("0 s", "1 s"))
    assert found["printers"]["said"] == "1 of 1 answer"
    said = enrolled("doctor", config=config)
    assert "\nok       clock     " in said.stdout
    assert server.key not in said.stdout + said.stderr


def test_not_enrolled(agent):
    found, wrong = doctor(agent)
    assert wrong.keys() == {"enrolment"}
    assert wrong["enrolment"]["todo"] == "Run focalist-agent enroll."


@pytest.mark.parametrize(("ahead", "said"), [(7200, "behind"), (-90, "ahead of")])
def test_a_wrong_clock(enrolled, server, ahead, said):
    server.clock = ahead
    _, wrong = doctor(enrolled)
    assert wrong.keys() == {"clock"}
    assert said in wrong["clock"]["said"]
    assert "Set the clock" in wrong["clock"]["todo"]


def test_a_revoked_key(enrolled, server):
    server.key = "another"
    _, wrong = doctor(enrolled)
    assert wrong.keys() == {"server"}
    assert "Enrol again" in wrong["server"]["todo"]


def test_an_unknown_name(enrolled):
    _, wrong = doctor(enrolled, config='[server]\nurl = "https://odoo.invalid"\n')
    assert wrong.keys() == {"DNS", "server"}


def test_a_closed_port(enrolled):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"https://127.0.0.1:{port}"
    found, wrong = doctor(enrolled, config=f'[server]\nurl = "{url}"\n')
    assert wrong.keys() == {"TCP", "server"}
    assert f"port {port}" in wrong["TCP"]["todo"]


def test_a_certificate_that_nobody_vouches_for(enrolled, tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [
            *command.split(),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(listener):
        while True:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True):
                    pass
            except ssl.SSLError:
                continue
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        config = f'[server]\nurl = "{url}"\n'
        _, wrong = doctor(enrolled, config=config)
        assert "self-signed certificate" in wrong["TLS"]["said"]
        assert "server.ca_file" in wrong["TLS"]["todo"]
        found, _ = doctor(enrolled, config=config + f'ca_file = "{certificate}"\n')
        assert found["TLS"]["said"].startswith("TLSv1.")
        assert not found["TLS"]["todo"]


def test_a_printer_that_is_silent(agent, responder, silent_port):
    hosts = f"127.0.0.1:{responder}", f"127.0.0.1:{silent_port}"
    config = FAST + 'communities = ["office"]\n'
    found, wrong = doctor(agent, *hosts, config=config)
    assert found["printers"]["said"] == "1 of 2 answer"
    assert wrong["printer"]["said"].startswith(
        f"No answer from 127.0.0.1:{silent_port}"
    )


SECRETS = (
    '[[snmp.credentials]]\nuser = "u"\nauth = "sha"\nauth_password = "12345678"\n',
    '[snmp]\ncommunities = ["private7"]\n',
    '[server]\nproxy = "http://user:password7@proxy.example:3128"\n',
)


@pytest.mark.parametrize("config", SECRETS)
def test_passwords_that_everybody_can_read(agent, config):
    agent("status", config=config)
    path = agent.directory / "agent.toml"
    path.chmod(0o644)
    _, wrong = doctor(agent, config=config)
    assert "everybody can read it" in wrong["file"]["said"]
    assert f"chmod 640 {path}" in wrong["file"]["todo"]
    path.chmod(0o640)
    assert "file" not in doctor(agent, config=config)[1]


def test_public_is_no_secret(agent):
    config = '[snmp]\ncommunities = ["public"]\n[[snmp.credentials]]\nuser = "u"\n'
    agent("status", config=config)
    (agent.directory / "agent.toml").chmod(0o644)
    assert "file" not in doctor(agent, config=config)[1]
