from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from p2p.config.errors import ConfigError
from p2p.config.origins import Name, Origins, Scheduler

NAME = Name("a.distributed.example.com:65001", "https://a.example.com", ("a.example.com", "a-vpc.example.com"))
ORIGINS = Origins(
    port=65001,
    names=(NAME,),
    scheduler=Scheduler("[fd00::1]:8444", "scheduler.p2p.internal", "PEM"),
    ticket_keys=("dGlja2V0",),
    order_keys=("b3JkZXI=",),
)


def test_what_is_written_is_read_again_with_the_hash_of_the_text(tmp_path: Path) -> None:
    text = ORIGINS.to_json()
    (tmp_path / "origins.json").write_text(text)
    read = Origins.load(tmp_path / "origins.json")
    assert read.to_json() == text
    assert (read.names, read.scheduler, read.ticket_keys) == (ORIGINS.names, ORIGINS.scheduler, ORIGINS.ticket_keys)
    assert read.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (read.find(NAME.name), read.find("a.example.com")) == (NAME, None)


def test_keys_that_are_not_known_are_ignored() -> None:
    wire = json.loads(ORIGINS.to_json()) | {"new": 1}
    wire["names"][0]["new"] = 2
    assert Origins.parse(json.dumps(wire)).names == (NAME,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ORIGINS.to_json().replace('"version": 1', '"version": 2'), "is of version 2, this program reads 1"),
        ("{", "malformed"),
        ("[]", "malformed"),
        ('{"version": 1}', "malformed: KeyError 'port'"),
        ('{"version": 1, "port": 1, "names": [{"name": "a"}]}', "malformed: KeyError 'origin'"),
    ],
)
def test_what_can_not_be_read_is_one_clear_error(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Origins.parse(text)


def test_a_missing_file_is_told_with_who_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the webhook writes it"):
        Origins.load(tmp_path / "none.json")
