"""The figures of a demo, and how they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.lab.metrics import Bytes

MIB = 1 << 20


@dataclass(frozen=True)
class Herd:
    """One image started on all nodes at once."""

    seconds: float
    failed: int
    origin_bytes: int
    nodes: Mapping[str, Bytes] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    rss_mib: float = 0.0


@dataclass(frozen=True)
class Figures:
    """What `--json` writes. Copies are payload bytes at the redirect's host over the image's bytes."""

    failed_pods: int
    origin_copies_direct: float
    origin_copies_p2p: float
    seconds_direct: float
    seconds_p2p: float
    late_node_origin_bytes: int
    least_share_sent: float
    agent_cpu_seconds_per_gib: float
    agent_rss_max_mib: float
    left_behind: list[str]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def conclude(image_bytes: int, direct: Herd, p2p: Herd, late: Herd, left_behind: list[str]) -> Figures:
    """Put together what was measured. CPU is that of the busiest agent."""
    return Figures(
        failed_pods=direct.failed + p2p.failed + late.failed,
        origin_copies_direct=round(direct.origin_bytes / image_bytes, 3),
        origin_copies_p2p=round(p2p.origin_bytes / image_bytes, 3),
        seconds_direct=round(direct.seconds, 2),
        seconds_p2p=round(p2p.seconds, 2),
        late_node_origin_bytes=late.origin_bytes,
        least_share_sent=round(min(b.sent_to_peers for b in p2p.nodes.values()) / image_bytes, 3),
        agent_cpu_seconds_per_gib=round(p2p.cpu_seconds / (image_bytes / (1 << 30)), 2),
        agent_rss_max_mib=round(max(p2p.rss_mib, late.rss_mib), 1),
        left_behind=left_behind,
    )


def rows(image_bytes: int, direct: Herd, p2p: Herd, late: Herd) -> Sequence[Sequence[str]]:
    """The closing table: one line a herd, then one line a node."""
    lines = [("", "last Pod runs after", "copies from registry", "from registry", "from peers", "to peers")]
    for name, herd in (("without P2P, all nodes", direct), ("with P2P, all nodes", p2p), ("with P2P, late node", late)):
        copies = f"{herd.origin_bytes / image_bytes:.3f}"
        lines.append((name, f"{herd.seconds:.1f} s", copies, _mib(herd.origin_bytes), "", ""))
        for node, moved in herd.nodes.items():
            lines.append((f"  {node}", "", "", _mib(moved.origin), _mib(moved.peers), _mib(moved.sent_to_peers)))
    return lines


def _mib(count: int) -> str:
    return f"{count / MIB:.1f} MiB"
