from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from p2p.agent.settings import Settings
from p2p.config.origins import Name, Origins
from p2p.setup.certificate import CertificateFiles

ONE, TWO = (Name(f"{letter}.example.com:65001", "https://x.example.com") for letter in "ab")
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "origins.json", tmp_path, None)


def write(directory: Path, *names: Name, in_place: tuple[Name, ...], state: str = "serving") -> None:
    (directory / "origins.json").write_text(Origins(65001, names).to_json())
    (directory / "setup.json").write_text(json.dumps({"state": state, "names": [name.name for name in in_place]}))


def test_ready_is_who_has_a_certificate_and_all_names_in_place(settings: Settings, tmp_path: Path) -> None:
    settings.poll()
    assert not settings.is_ready()
    CertificateFiles(tmp_path, os.getgid()).renew_if_due(NOW)
    for names, in_place, state, ready in (
        ((ONE,), (ONE,), "serving", True),
        ((ONE, TWO), (ONE,), "serving", False),
        ((ONE, TWO), (TWO, ONE), "serving", True),
        ((ONE,), (ONE,), "origin-only", False),
    ):
        write(tmp_path, *names, in_place=in_place, state=state)
        settings.poll()
        assert settings.is_ready() is ready


def test_origins_that_can_not_be_read_leave_the_last_ones_and_are_complained_of_once(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, ONE, in_place=())
    settings.poll()
    (tmp_path / "origins.json").write_text("{")
    for _ in range(3):
        settings.poll()
    assert settings.origins.names == (ONE,)
    assert len(caplog.records) == 1


def test_a_name_has_one_client_and_a_stranger_none(settings: Settings, tmp_path: Path) -> None:
    write(tmp_path, ONE, TWO, in_place=())
    settings.poll()
    origin = settings.origin(ONE.name)
    assert origin is not None
    assert origin is settings.origin(TWO.name)
    assert settings.origin("c.example.com:65001") is None
    settings.close()


def test_half_a_pair_of_certificate_and_key_is_not_taken(settings: Settings, tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path, os.getgid())
    files.renew_if_due(NOW)
    key = (tmp_path / "door.key").read_bytes()
    files.renew_if_due(NOW + datetime.timedelta(days=80))
    (tmp_path / "door.key").write_bytes(key)
    settings.poll()
    assert not settings.has_certificate()
