"""The bytes that a node moves, for Prometheus."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter


class Counters:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._got = Counter("p2p_bytes", "Bytes of blobs that arrived, by source", ["source"], registry=registry)
        self._sent = Counter("p2p_sent_bytes", "Bytes of blobs that left, by receiver", ["to"], registry=registry)

    def got(self, source: Literal["origin", "peer"], count: int) -> None:
        self._got.labels(source).inc(count)

    def sent(self, to: Literal["peer", "runtime"], count: int) -> None:
        self._sent.labels(to).inc(count)
