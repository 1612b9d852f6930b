"""The certificate of the agent's door, for 127.0.0.1, and the authority that the runtime knows it by."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from p2p.config.files import replace_file

AGENT_GROUP = 65001
LIFE = datetime.timedelta(days=90)
CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """PEM. The authority's key is not kept: a new certificate comes from a new authority."""

    ca: bytes
    certificate: bytes
    key: bytes


def make_certificate(now: datetime.datetime) -> Certificate:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("ack-acr-acceleration-p2p node authority")
    authority = (
        _builder(ca_name, ca_name, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name("ack-acr-acceleration-p2p agent"), ca_name, key.public_key(), now)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificate(authority.public_bytes(encoding), leaf.public_bytes(encoding), private)


def is_due(certificate: bytes, now: datetime.datetime) -> bool:
    """Whether it is malformed, or two thirds of its life are over."""
    try:
        known = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        return True
    start, end = known.not_valid_before_utc, known.not_valid_after_utc
    return now >= start + (end - start) * 2 / 3


class CertificateFiles:
    """door.crt, door.key and ca.crt in a directory, readable for the agent."""

    def __init__(self, directory: Path, group: int = AGENT_GROUP) -> None:
        self._directory, self._group = directory, group

    def renew_if_due(self, now: datetime.datetime) -> None:
        """Raises OSError."""
        paths = [self._directory / name for name in ("ca.crt", "door.key", "door.crt")]
        if all(path.exists() for path in paths) and not is_due(paths[-1].read_bytes(), now):
            return
        made = make_certificate(now)
        for path, content in zip(paths, (made.ca + self._previous(), made.key, made.certificate), strict=True):
            replace_file(path, content, 0o640, self._group)

    def ca(self) -> bytes:
        """The authorities that the door's certificate may come from: also the one before, until the agent has the new one."""
        return (self._directory / "ca.crt").read_bytes()

    def _previous(self) -> bytes:
        path = self._directory / "ca.crt"
        known = x509.load_pem_x509_certificates(path.read_bytes())[:1] if path.exists() else []
        return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in known)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFE)
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
