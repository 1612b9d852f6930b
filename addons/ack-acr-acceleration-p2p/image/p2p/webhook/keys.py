"""Certificates and keys: what is made, and when it is made anew. Pure; clock and Secrets are handed in."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from p2p.swarm.signing import private_key

CA_LIFE, LIFE = timedelta(days=3650), timedelta(days=90)
SCHEDULER_HOST = "scheduler.p2p.internal"  # no DNS name: agents reach it by address and expect this name
Files = Mapping[str, bytes]


def complete(found: Files, hosts: Mapping[str, str], signing: str, now: datetime) -> dict[str, bytes]:
    """A Secret's files with everything that is missing or past two thirds of its life made anew; the rest as it was.

    hosts: name of a certificate → the host it is for. signing: the name of the Ed25519 key. An authority's successor stands
    first in ca.crt and the old one after it, so that what the old one signed is trusted until its own renewal.
    """
    files = dict(found)
    if is_due(files.get("ca.crt"), now):
        before = files.get("ca.crt", b"")
        files |= _authority(now)
        files["ca.crt"] += before
    for name, host in hosts.items():
        if is_due(files.get(f"{name}.crt"), now):
            files |= _issue(files, name, host, now)
    files.setdefault(f"{signing}.key", _pem(Ed25519PrivateKey.generate()))
    return files


def is_due(certificate: bytes | None, now: datetime) -> bool:
    """Whether a certificate is missing, or past two thirds of its life."""
    if certificate is None:
        return True
    found = x509.load_pem_x509_certificate(certificate)
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    return now >= begin + (end - begin) * 2 / 3


def public_key(pem: bytes) -> str:
    """The base64 of the raw public half of an Ed25519 key, as the origins list has it."""
    return b64encode(private_key(pem).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _authority(now: datetime) -> dict[str, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("ack-acr-acceleration-p2p")
    usage = x509.KeyUsage(digital_signature=False, content_commitment=False, key_encipherment=False,
                          data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                          encipher_only=False, decipher_only=False)  # fmt: skip
    builder = _builder(subject, subject, key, now, CA_LIFE)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return {"ca.crt": certificate.public_bytes(Encoding.PEM), "ca.key": _pem(key)}


def _issue(files: Files, name: str, host: str, now: datetime) -> dict[str, bytes]:
    issuer = x509.load_pem_x509_certificate(files["ca.crt"])
    signer = load_pem_private_key(files["ca.key"], None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has 64 characters at the most (RFC 5280, ub-common-name); the host stands in the alternative names.
    builder = _builder(_subject(name), issuer.subject, key, now, LIFE)
    certificate = (
        builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return {f"{name}.crt": certificate.public_bytes(Encoding.PEM), f"{name}.key": _pem(key)}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
