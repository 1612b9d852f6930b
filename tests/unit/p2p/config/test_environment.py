from __future__ import annotations

from pathlib import Path

import pytest
from p2p.config.environment import Environment
from p2p.config.errors import ConfigError

GOOD = {
    "NODE_ADDRESS": "fd00::1",
    "P2P_PORT": "65001",
    "P2P_METRICS_PORT": "65003",
    "P2P_RATELIMIT": "512M",
    "P2P_CACHE_TTL": "24h",
    "P2P_CACHE_CAPACITY": "20Gi",
    "P2P_HOSTS_DIR": "/host/etc/containerd/certs.d",
    "P2P_ORIGINS": "/etc/p2p/origins/origins.json",
    "P2P_RUN_DIR": "/run/p2p",
    "P2P_STORE_DIR": "/var/lib/p2p",
    "P2P_TOKEN_FILE": "/var/run/secrets/p2p/token",
}


def test_what_the_chart_sets_is_read() -> None:
    read = Environment.read(GOOD)
    assert (read.node_address, read.port, read.ratelimit, read.cache_ttl) == ("fd00::1", 65001, 512_000_000, 86400)
    assert (read.hosts_dir, read.ca_file) == (Path("/host/etc/containerd/certs.d"), None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("P2P_PORT", "", "P2P_PORT is not set"),
        ("P2P_PORT", "99999", "P2P_PORT is '99999': a port is a number from 1 to 65535"),
        ("P2P_RATELIMIT", "fast", "P2P_RATELIMIT is 'fast': a rate is a number and K, M or G, such as 512M"),
        ("NODE_ADDRESS", "node-1", "NODE_ADDRESS is 'node-1'"),
        ("NODE_ADDRESS", "", "NODE_ADDRESS is not set"),
    ],
)
def test_an_error_names_the_variable_and_what_is_right(name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Environment.read(GOOD | {name: text})
