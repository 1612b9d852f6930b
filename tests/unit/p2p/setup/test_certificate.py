from __future__ import annotations

import datetime
import os
import ssl
from pathlib import Path

from cryptography import x509
from p2p.setup.certificate import CertificateFiles, is_due, make_certificate

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def handshake(directory: Path, ca: bytes, name: str = "127.0.0.1") -> None:
    """What a runtime that trusts `ca` makes of the files in the directory."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cadata=ca.decode())
    server.load_cert_chain(directory / "door.crt", directory / "door.key")
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, there, server_hostname=name), server.wrap_bio(there, back, server_side=True)]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass


def test_a_runtime_that_trusts_the_authority_trusts_the_door(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, os.getgid())
    files.renew_if_due(NOW)
    handshake(tmp_path, files.ca())
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        "ca.crt": "0o640",
        "door.crt": "0o640",
        "door.key": "0o640",
    }


def test_it_is_kept_for_two_thirds_of_its_life_and_then_overlaps_with_the_next(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, os.getgid())
    files.renew_if_due(NOW - 70 * DAY)
    first, first_ca = (tmp_path / "door.crt").read_bytes(), files.ca()
    files.renew_if_due(NOW - 11 * DAY)
    assert (tmp_path / "door.crt").read_bytes() == first
    old_door = tmp_path / "old"
    old_door.mkdir()
    for name in ("door.crt", "door.key"):
        (old_door / name).write_bytes((tmp_path / name).read_bytes())
    files.renew_if_due(NOW)
    assert (tmp_path / "door.crt").read_bytes() != first
    handshake(tmp_path, files.ca())
    handshake(old_door, files.ca())
    files.renew_if_due(NOW + 80 * DAY)
    assert first_ca not in files.ca()
    assert len(x509.load_pem_x509_certificates(files.ca())) == 2


def test_what_is_no_certificate_is_due() -> None:
    assert is_due(b"", NOW)
    assert not is_due(make_certificate(NOW).certificate, NOW)
