from __future__ import annotations

import tomllib

from p2p.config.origins import Name
from p2p.setup.hosts import Door, hosts_files

NAME = Name("test-registry.distributed.cn-hangzhou.cr.aliyuncs.com:65001", "https://test-registry.cn-hangzhou.cr.aliyuncs.com")


def test_the_agents_door_comes_first_and_the_origin_last() -> None:
    files = hosts_files(NAME, Door(65001, b"CA"), None)
    assert tomllib.loads(files["hosts.toml"].decode()) == {
        "server": NAME.origin,
        "host": {
            "https://127.0.0.1:65001": {"capabilities": ["pull", "resolve"], "ca": ["ca.crt"], "dial_timeout": "1s"},
        },
    }
    assert list(files) == ["ca.crt", "hosts.toml"]
    assert files["ca.crt"] == b"CA"


def test_without_a_door_only_the_origin_is_left() -> None:
    files = hosts_files(NAME, None, None)
    assert tomllib.loads(files["hosts.toml"].decode()) == {"server": NAME.origin}
    assert list(files) == ["hosts.toml"]


def test_an_origin_of_a_private_authority_is_trusted_by_it() -> None:
    files = hosts_files(NAME, Door(65001, b"CA"), b"PRIVATE")
    hosts = tomllib.loads(files["hosts.toml"].decode())
    assert hosts["ca"] == "origin-ca.crt"
    assert hosts["host"]["https://127.0.0.1:65001"]["ca"] == ["ca.crt", "origin-ca.crt"]
    assert files["origin-ca.crt"] == b"PRIVATE"
