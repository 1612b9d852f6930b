"""The bytes that a node moves, for Prometheus."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter


class Counters:
    def __init__(self, registry: CollectorRegistry) -> None:
        got = Counter("p2p_bytes", "Bytes of blobs that arrived, by source", ["source"], registry=registry)
        sent = Counter("p2p_sent_bytes", "Bytes of blobs that left, by receiver", ["to"], registry=registry)
        # labels() costs more than inc(), and these are called for each piece.
        self._got = {source: got.labels(source) for source in ("origin", "peer")}
        self._sent = {to: sent.labels(to) for to in ("peer", "runtime")}

    def got(self, source: Literal["origin", "peer"], count: int) -> None:
        self._got[source].inc(count)

    def sent(self, to: Literal["peer", "runtime"], count: int) -> None:
        self._sent[to].inc(count)
