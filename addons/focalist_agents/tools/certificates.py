"""X.509 certificates of collectors (RFC 5280), signed by the server's own authority."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CURVE = ec.SECP256R1
MAX_PEM = 8192


class RequestError(ValueError):
    """This is no certificate signing request that can be signed."""


def new_authority(name, start, end):
    """A certificate authority that signs collectors' certificates and nothing else.

    :return: (certificate, private key in PKCS #8), both PEM, as text and bytes
    """
    key = ec.generate_private_key(CURVE())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        _builder(subject, subject, key.public_key(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return _pem(certificate), private


def sign(request, authority, key, name, start, end):
    """Sign what a collector asks for; of its request only the key counts.

    :param str request: a certificate signing request in PEM (RFC 2986), on P-256
    :param str authority: the authority's certificate in PEM
    :param bytes key: the authority's private key in PEM
    :param str name: whose certificate it is
    :return: the certificate in PEM
    :raise RequestError: where the request cannot be signed
    """
    issuer = x509.load_pem_x509_certificate(authority.encode())
    public = _public_key(request)
    builder = (
        _builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            issuer.subject,
            public,
            start,
            end,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
            critical=False,
        )
    )
    private = serialization.load_pem_private_key(key, password=None)
    return _pem(builder.sign(private, hashes.SHA256()))


def fingerprint(pem):
    """SHA-256 of a certificate, in hexadecimal; empty where it is none."""
    if len(pem) > MAX_PEM:
        return ""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return ""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _public_key(request):
    if not isinstance(request, str) or len(request) > MAX_PEM:
        raise RequestError()
    try:
        parsed = x509.load_pem_x509_csr(request.encode())
        public = parsed.public_key()
        proven = parsed.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise RequestError() from error
    if (
        not proven
        or not isinstance(public, ec.EllipticCurvePublicKey)
        or not isinstance(public.curve, CURVE)
    ):
        raise RequestError()
    return public


def _builder(subject, issuer, public, start, end):
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    )


def _usage(**used):
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
