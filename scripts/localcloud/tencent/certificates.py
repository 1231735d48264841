"""The certificate for the hosts, signed by an authority of its own whose key is thrown away at once.

So nobody, not even who reads the data of the local cloud, can make another certificate that clients told to
trust this authority would believe.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS = 365
_RENEW_DAYS = 30
_AUTHORITY = "Authority of one local cloud"


class Certificates(NamedTuple):
    """Files of one folder: what clients are to trust, and what the server shows and signs with."""

    authority: Path
    server: Path
    key: Path


def certificates(folder: Path, names: Sequence[str]) -> Certificates:
    """Return the certificates kept in *folder*; they are made anew unless good for *names* for a while."""
    files = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if not all(file.exists() for file in files) or not _is_good(files.server, names):
        folder.mkdir(parents=True, exist_ok=True)
        _make(files, names)
    return files


def _is_good(server: Path, names: Sequence[str]) -> bool:
    found = x509.load_pem_x509_certificate(server.read_bytes())
    said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = found.not_valid_after_utc - datetime.now(timezone.utc)
    return said.get_values_for_type(x509.DNSName) == list(names) and left > timedelta(days=_RENEW_DAYS)


def _make(files: Certificates, names: Sequence[str]) -> None:
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _builder(_AUTHORITY, authority.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False
    )
    leaf = _builder(names[0], server.public_key())
    for extension in (
        x509.SubjectAlternativeName([x509.DNSName(name) for name in names]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
    ):
        leaf = leaf.add_extension(extension, critical=False)
    files.key.touch(mode=0o600)
    key = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files.key.write_bytes(key)
    for file, certificate in ((files.authority, root), (files.server, leaf)):
        file.write_bytes(certificate.sign(authority, hashes.SHA256()).public_bytes(Encoding.PEM))


def _builder(subject: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(_AUTHORITY))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
