"""The real nginx, as docs/nginx.conf has it."""

import os
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from launcher import system
from launcher.paths import LOGS, ROOT
from launcher.processes import Service, wait_until
from tests.e2e.parts import Site, free_port

#: A browser finds all names under localhost, others find that one alone.
HOST, PANEL_DOMAIN = "localhost", "panel.localhost"


def certificate(folder, name, *others):
    """A certificate that signs itself; gives its file and its key's."""
    names = [name, *others]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextmanager
def running_nginx(site: Site, folder: Path, secret: str, host: str = HOST):
    """Run it before a site; gives its URL at localhost and its certificate's file.

    :param secret: the proxy's, which the site knows
    :param host: the name that the site goes by
    """
    if not (program := system.NGINX.find()):
        pytest.skip(f"nginx is missing: {system.NGINX.cost}")
    server, key = certificate(folder, HOST, host, f"*.{PANEL_DOMAIN}")
    (folder / "authority.pem").write_text(site.made["authority"])
    (folder / "secret.conf").write_text(f'set $focalist_proxy_secret "{secret}";\n')
    port = free_port()
    text = (ROOT / "docs" / "nginx.conf").read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "*.panel.example.com": f"*.{PANEL_DOMAIN}",
        "focalist.example.com": host,
        "/etc/nginx/tls/server.pem": str(server),
        "/etc/nginx/tls/server.key": str(key),
        "/etc/nginx/tls/panel.pem": str(server),
        "/etc/nginx/tls/panel.key": str(key),
        "/etc/nginx/focalist": str(folder),
        "127.0.0.1:8069": f"127.0.0.1:{site.port}",
        "127.0.0.1:8072": f"127.0.0.1:{site.live_port}",
    }.items():
        assert old in text
        text = text.replace(old, new)
    paths = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Root's nginx has workers of another user, who could not write to the folder what
    # a slow browser has not read yet: its scripts would be cut.
    user = f"{getpwuid(os.getuid()).pw_name} {getgrgid(os.getgid()).gr_name}"
    main = folder / "main.conf"
    main.write_text(
        f"user {user}; daemon off; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\n"
        f"http {{ access_log off;\n{paths}\n{text}}}\n"
    )
    service = Service(
        "nginx", [program, "-p", folder, "-c", main], log=LOGS / "e2e-nginx.log"
    )
    url = f"https://{HOST}:{port}"

    def answers():
        try:
            return requests.get(f"{url}/web/login", verify=server, timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers, seconds=30, what="nginx", watch=[service])
        yield url, server
    finally:
        service.stop()
