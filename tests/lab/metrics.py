"""What an agent says of itself at its metrics port."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Bytes:
    """Bytes that an agent moved, by where they came from and where they went."""

    origin: int
    peers: int
    sent_to_peers: int
    sent_to_runtime: int

    def __sub__(self, other: Bytes) -> Bytes:
        return Bytes(
            self.origin - other.origin,
            self.peers - other.peers,
            self.sent_to_peers - other.sent_to_peers,
            self.sent_to_runtime - other.sent_to_runtime,
        )


def samples(address: str, port: int = 65003) -> dict[tuple[str, str], float]:
    """Each sample under its name and its labels' values, joined by commas."""
    with urllib.request.urlopen(f"http://{address}:{port}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {(s.name, ",".join(s.labels.values())): s.value for family in families for s in family.samples}


def agent_bytes(address: str) -> Bytes:
    found = samples(address)
    return Bytes(
        *(int(found.get((name, label), 0)) for name, label in (
            ("p2p_bytes_total", "origin"),
            ("p2p_bytes_total", "peer"),
            ("p2p_sent_bytes_total", "peer"),
            ("p2p_sent_bytes_total", "runtime"),
        ))
    )  # fmt: skip
