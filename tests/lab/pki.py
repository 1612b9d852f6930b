"""The lab's certificate authority: made once and kept, since images carry its certificate."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CA_LIFE, LIFE = timedelta(days=3650), timedelta(days=365)
# Python 3.13 and later accept no CA without it, nor a certificate without its issuer's key identifier (RFC 5280, 4.2.1).
SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Files in PEM form."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority(Pair):
    def issue(self, folder: Path, names: Iterable[str], addresses: Iterable[str] = ()) -> Pair:
        """A server's certificate for names and IP addresses, written into the folder as tls.crt and tls.key."""
        issuer = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        signer = serialization.load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        subjects = [*(x509.DNSName(name) for name in names), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
        builder = (
            _builder("server", issuer.subject, key, LIFE)
            .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        folder.mkdir(parents=True, exist_ok=True)
        return Pair(*_write(folder, "tls", builder.sign(signer, hashes.SHA256()), key))


def authority(folder: Path) -> Authority:
    """The authority of this folder; made when it is not there."""
    if not (folder / "ca.crt").exists():
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder("onectl lab CA", None, key, CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(SIGNS_CERTIFICATES, critical=True)
        )
        _write(folder, "ca", builder.sign(key, hashes.SHA256()), key)
    return Authority(folder / "ca.crt", folder / "ca.key")


def _builder(name: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey, life: timedelta) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer or subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret, public = folder / f"{name}.key", folder / f"{name}.crt"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public.write_bytes(certificate.public_bytes(pem))
    return public, secret
