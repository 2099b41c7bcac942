"""A certificate authority of one's own, so that a phone on the shop's network gets a secure origin.

Service worker, camera and push work only there. The authority is made once per home; its certificate is put
on the phone by hand. The key never leaves the home.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.engine.home import Home, write_private

AUTHORITY_DAYS = 3650
LEAF_DAYS = 390
"""Phones refuse certificates of more than 398 days."""
RENEW_DAYS = 30


@dataclass(frozen=True)
class Certificate:
    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the authority, to compare with what the phone shows."""


def certificate_for(home: Home, host: str) -> Certificate:
    """A certificate for `host`, localhost and loopback; made anew when it is about to expire."""
    folder = home.folder("tls")
    authority, authority_key = _authority(folder)
    certificate, key = folder / f"{_file_name(host)}.crt", folder / f"{_file_name(host)}.key"
    if not _is_good(certificate, key, authority):
        _issue(host, certificate, key, authority, authority_key)
    fingerprint = authority.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(folder / "ca.crt", certificate, key, fingerprint)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_path, key_path = folder / "ca.crt", folder / "ca.key"
    if certificate_path.exists() and key_path.exists():
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and _days_left(certificate) > LEAF_DAYS:
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Torqueline local authority")])
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _store(certificate, certificate_path, key, key_path)
    return certificate, key


def _issue(
    host: str,
    certificate_path: Path,
    key_path: Path,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    names = [_general_name(one) for one in dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))]
    certificate = (
        _builder(name, authority.subject, key.public_key(), LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    _store(certificate, certificate_path, key, key_path)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _store(
    certificate: x509.Certificate, path: Path, key: ec.EllipticCurvePrivateKey, key_path: Path
) -> None:
    """The key as PKCS#8, which is what granian reads."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(key_path, private.decode())
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM).decode())


def _is_good(certificate_path: Path, key_path: Path, authority: x509.Certificate) -> bool:
    if not (certificate_path.exists() and key_path.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # signed by an authority that is no more
        return False
    return _days_left(certificate) > RENEW_DAYS


def _days_left(certificate: x509.Certificate) -> int:
    return (certificate.not_valid_after_utc - datetime.now(UTC)).days


def _file_name(host: str) -> str:
    return "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in host)
