"""What a node does for one blob: whom it pushes what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from p2p.swarm.messages import Adopt, FromAgent, Gone, Got, Join, Lease, Peer, Push
from p2p.swarm.pieces import from_runs, span, to_runs
from p2p.swarm.share import Share, Way, ways
from p2p.swarm.tickets import Ticket

DIGEST = "sha256:" + "ab" * 32
TICKET = Ticket("b", "10.0.0.2", "https://o.example", "team/app", frozenset({DIGEST}), 100, 1000)


@pytest.mark.parametrize(
    ("queues", "found"),
    [
        ({}, []),
        ({"a": 0, "c": 3}, [Way("a"), Way("c")]),
        ({"a": 4, "c": 1}, [Way("c"), Way("a", "c")]),
        ({"a": 4, "c": 2}, [Way("c"), Way("a")]),  # nobody's queue is short
        ({"a": 9, "b": 9, "c": 1, "d": 0}, [Way("c"), Way("d"), Way("a", "d"), Way("b", "c")]),
    ],
)
def test_a_piece_goes_around_who_is_behind(queues: dict[str, int], found: list[Way]) -> None:
    assert ways(queues) == found


class Memory:
    """A blob that only knows which pieces are there."""

    digest, size, piece_size, pieces = DIGEST, 10 << 16, 1 << 16, 10
    complete, failed = False, None

    def __init__(self) -> None:
        self.bits = 0
        self.listener: Callable[[int], None] = lambda _piece: None

    def add(self, piece: int) -> None:
        self.bits |= 1 << piece
        self.listener(piece)

    def has(self, piece: int) -> bool:
        return bool(self.bits >> piece & 1)

    def have(self) -> list[tuple[int, int]]:
        return list(to_runs(self.bits))

    def on_piece(self, listener: Callable[[int], None]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None


class Outs:
    def __init__(self) -> None:
        self.pushed: list[tuple[str, int, str, bool]] = []
        self.dropped: list[str] = []

    def queued(self, peer: str) -> int:
        return 0

    def push(self, peer: str, share: Share, piece: int, *, relay_to: str = "", late: bool = False) -> None:
        self.pushed.append((peer, piece, relay_to, late))

    def drop(self, peer: str, digest: str) -> None:
        self.dropped.append(peer)


@pytest.fixture
def blob() -> Memory:
    return Memory()


@pytest.fixture
def outs() -> Outs:
    return Outs()


@pytest.fixture
def said() -> list[FromAgent]:
    return []


@pytest.fixture
def share(blob: Memory, outs: Outs, said: list[FromAgent]) -> Share:
    share = Share(blob, "text", TICKET, outs, said.append)  # type: ignore[arg-type]
    for node, address in (("a", "10.0.0.1"), ("c", "10.0.0.3")):
        share.heard(Peer(DIGEST, node, address, 0))
    return share


def test_what_came_under_a_lease_goes_to_every_peer_the_next_one_first(share: Share, blob: Memory, outs: Outs) -> None:
    share.heard(Lease(DIGEST, 3, 2))
    assert list(share.leases) == [(3, 2)]
    blob.add(3)
    share.spread(3)
    assert outs.pushed == [("10.0.0.3", 3, "", False), ("10.0.0.1", 3, "", False)]


def test_what_came_without_a_lease_is_kept_to_itself(share: Share, blob: Memory, outs: Outs) -> None:
    blob.add(3)
    share.spread(3)
    assert outs.pushed == []


def test_a_late_peer_gets_what_this_node_spreads_and_the_peer_lacks(share: Share, blob: Memory, outs: Outs) -> None:
    share.heard(Lease(DIGEST, 0, 3))
    for piece in (0, 1, 7):
        blob.add(piece)
    share.heard(Peer(DIGEST, "d", "10.0.0.4", span(0, 1)))
    assert outs.pushed == [("10.0.0.4", 1, "", True)]


def test_adopted_pieces_are_pushed_to_those_named_and_to_whoever_comes(share: Share, blob: Memory, outs: Outs) -> None:
    blob.add(5)
    share.heard(Adopt(DIGEST, span(5, 1), ("c",)))
    share.heard(Peer(DIGEST, "d", "10.0.0.4", 0))
    assert outs.pushed == [("10.0.0.3", 5, "", False), ("10.0.0.4", 5, "", True)]


def test_only_pieces_that_are_here_are_pushed_and_only_to_peers(share: Share, blob: Memory, outs: Outs) -> None:
    blob.add(5)
    share.heard(Push(DIGEST, span(4, 3), "a"))
    share.heard(Push(DIGEST, span(4, 3), "nobody"))
    share.relay(5, "c")
    share.relay(6, "c")
    share.relay(1 << 20, "c")
    assert outs.pushed == [("10.0.0.1", 5, "", False), ("10.0.0.3", 5, "", False)]


def test_who_is_gone_is_pushed_nothing(share: Share, blob: Memory, outs: Outs) -> None:
    share.heard(Gone(DIGEST, "a"))
    share.heard(Lease(DIGEST, 0, 1))
    blob.add(0)
    share.spread(0)
    assert outs.dropped == ["10.0.0.1"]
    assert outs.pushed == [("10.0.0.3", 0, "", False)]


def test_news_are_told_once(share: Share, blob: Memory, said: list[FromAgent]) -> None:
    blob.add(1)
    blob.add(2)
    share.report()
    share.report()
    assert said == [Got(DIGEST, span(1, 2), 0)]


def test_joining_again_forgets_what_an_earlier_scheduler_said(
    share: Share, blob: Memory, outs: Outs, said: list[FromAgent]
) -> None:
    share.heard(Lease(DIGEST, 0, 2))
    blob.add(0)
    share.join()
    assert said == [Join(DIGEST, blob.size, blob.piece_size, "text", from_runs([(0, 1)]))]
    assert not share.leases
    share.spread(0)
    assert outs.pushed == []
