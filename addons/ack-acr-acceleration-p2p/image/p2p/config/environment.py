"""The environment of agent and setup, as the chart sets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from p2p.config.errors import ConfigError
from p2p.config.units import parse_duration, parse_rate, parse_size


@dataclass(frozen=True)
class Environment:
    """What the variables in the comments say."""

    node_address: str  # NODE_ADDRESS: status.hostIP
    port: int  # P2P_PORT: both doors for the runtime and the one for peers
    metrics_port: int  # P2P_METRICS_PORT
    ratelimit: int | None  # P2P_RATELIMIT: bytes/s of download and upload together, "512M"; "" or "0" = no limit
    cache_ttl: float  # P2P_CACHE_TTL: seconds that an unused blob is kept, "24h"
    cache_capacity: int  # P2P_CACHE_CAPACITY: bytes of the store, "20Gi"
    hosts_dir: Path  # P2P_HOSTS_DIR: the runtime's directory of hosts files, as mounted; setup may have to make it
    origins: Path  # P2P_ORIGINS: the mounted origins.json
    run_dir: Path  # P2P_RUN_DIR: shared by agent and setup
    store_dir: Path  # P2P_STORE_DIR
    token_file: Path  # P2P_TOKEN_FILE: the projected ServiceAccount token, audience p2p
    ca_file: Path | None  # P2P_CA_FILE: more certificate authorities for origins, PEM; "" or missing = none

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        """Raises ConfigError naming the variable that is missing or malformed."""
        return cls(**{field.name: _value(field.name, variables) for field in fields(cls)})


_OPTIONAL = {"ratelimit", "ca_file"}


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise ValueError("a port is a number from 1 to 65535")
    return int(text)


_READ = {
    "node_address": lambda text: str(ip_address(text)),
    "port": _port,
    "metrics_port": _port,
    "ratelimit": parse_rate,
    "cache_ttl": parse_duration,
    "cache_capacity": parse_size,
    "hosts_dir": Path,
    "origins": Path,
    "run_dir": Path,
    "store_dir": Path,
    "token_file": Path,
    "ca_file": _path,
}


def _value(field: str, variables: Mapping[str, str]) -> Any:
    name = "NODE_ADDRESS" if field == "node_address" else f"P2P_{field.upper()}"
    text = variables.get(name, "")
    if not text and field not in _OPTIONAL:
        raise ConfigError(f"environment variable {name} is not set; the chart sets it")
    try:
        return _READ[field](text)
    except ValueError as error:
        raise ConfigError(f"environment variable {name} is {text!r}: {error}") from None
