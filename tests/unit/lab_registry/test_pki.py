"""Certificates that a strict client accepts."""

from __future__ import annotations

import stat
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from tests.lab import pki


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_certificate_is_good_for_its_names_and_addresses_only(tmp_path: Path) -> None:
    authority = pki.authority(tmp_path / "ca")
    issued = load(authority.issue(tmp_path / "tls", ["a.example"], ["10.0.0.1"]).certificate)
    trusting = PolicyBuilder().store(Store([load(authority.certificate)]))
    for subject in (x509.DNSName("a.example"), x509.IPAddress(ip_address("10.0.0.1"))):
        trusting.build_server_verifier(subject).verify(issued, [])
    with pytest.raises(VerificationError):
        trusting.build_server_verifier(x509.DNSName("b.example")).verify(issued, [])
    other = PolicyBuilder().store(Store([load(pki.authority(tmp_path / "other").certificate)]))
    with pytest.raises(VerificationError):
        other.build_server_verifier(x509.DNSName("a.example")).verify(issued, [])


def test_the_authority_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = pki.authority(tmp_path).certificate.read_bytes()
    again = pki.authority(tmp_path)
    assert again.certificate.read_bytes() == first
    assert stat.S_IMODE(again.key.stat().st_mode) == 0o600
