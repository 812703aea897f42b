"""The key pair that a client certificate is bound to."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_request(hostname: str) -> tuple[str, str]:
    """A new private key, and the request to have it certified (RFC 2986), both PEM.

    The key never leaves this machine.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64] or "collector")
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([name]))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), request.public_bytes(serialization.Encoding.PEM).decode()
