"""The scheduler's decisions for one blob."""

from __future__ import annotations

import pytest
from p2p.swarm.leases import MOST_LEASE, SETTLE, STUCK, Leases, Tell
from p2p.swarm.messages import Adopt, Gone, Lease, Peer, Push
from p2p.swarm.pieces import each, span

DIGEST = "sha256:" + "0" * 64
PIECE = 1 << 16


def swarm(pieces: int, *nodes: str) -> Leases:
    leases = Leases(DIGEST, pieces * PIECE, PIECE)
    for node in nodes:
        leases.joined(node, f"10.0.0.{node}", 0, 0.0)
    return leases


def leased(tells: list[Tell]) -> dict[str, tuple[int, int]]:
    return {tell.node: (tell.message.start, tell.message.count) for tell in tells if isinstance(tell.message, Lease)}


def tell(node: str, message: Lease | Push | Adopt | Peer | Gone) -> Tell:
    return Tell(node, message)


def test_members_hear_of_one_another_and_of_what_the_other_has() -> None:
    leases = swarm(10, "1")
    assert leases.joined("2", "10.0.0.2", span(0, 4), 0.0) == [
        tell("1", Peer(DIGEST, "2", "10.0.0.2", span(0, 4))),
        tell("2", Peer(DIGEST, "1", "10.0.0.1", 0)),
    ]
    assert leases.left("2", 1.0) == [tell("1", Gone(DIGEST, "2"))]


def test_leases_follow_reading_order_and_never_overlap() -> None:
    leases = swarm(100, "1", "2")
    assert leased(leases.wants("1", 0, 0.0)) == {"1": (0, 2)}
    assert leased(leases.wants("2", 0, 0.0)) == {"2": (2, 2)}
    assert leased(leases.wants("1", 10 * PIECE, 0.1)) == {"1": (4, 5)}  # half a second of what it moves


@pytest.mark.parametrize(
    ("pieces", "rate", "count"),
    [
        (1000, 1000 * PIECE, MOST_LEASE),
        (40, 1000 * PIECE, 10),  # half of an even share of two
        (1, 1000 * PIECE, 1),
        (1000, 1, 1),
    ],
)
def test_size_of_a_lease(pieces: int, rate: int, count: int) -> None:
    assert leased(swarm(pieces, "1", "2").wants("1", rate, 0.0)) == {"1": (0, count)}


def test_a_want_is_answered_when_something_becomes_free() -> None:
    leases = swarm(1, "1", "2")
    leases.wants("1", 0, 0.0)
    assert leases.wants("2", 0, 0.0) == []
    assert leases.released("1", span(0, 1), 0.1) == [tell("2", Lease(DIGEST, 0, 1))]


def test_what_members_hold_is_never_leased() -> None:
    leases = swarm(4)
    leases.joined("1", "10.0.0.1", span(0, 4), 0.0)
    leases.joined("2", "10.0.0.2", 0, 0.0)
    assert leases.wants("2", 0, 0.0) == []
    assert leased(leases.tick(60.0)) == {}


def test_pieces_of_a_dead_node_are_adopted_by_one_that_has_them_for_those_that_lack_them() -> None:
    leases = swarm(4, "1", "2", "3")
    leases.wants("1", 4 * PIECE, 0.0)
    leases.got("1", span(0, 1), 0, 0.1)
    leases.got("2", span(0, 1), 0, 0.1)
    leases.left("1", 1.0)
    assert leases.tick(1.0) == []  # reports may be under way
    assert leases.tick(1.0 + SETTLE) == [tell("2", Adopt(DIGEST, span(0, 1), ("3",)))]
    assert leases.tick(2.0) == []


def test_pieces_that_died_with_a_node_are_leased_again_but_not_at_once() -> None:
    leases = swarm(2, "1", "2")
    leases.wants("1", 1000 * PIECE, 0.0)
    leases.wants("1", 1000 * PIECE, 0.0)
    leases.left("1", 1.0)
    assert leases.wants("2", 0, 1.0) == []
    assert leased(leases.tick(1.0 + SETTLE)) == {"2": (0, 1)}


def test_a_lease_that_brings_nothing_is_given_to_another() -> None:
    leases = swarm(1, "1", "2")
    leases.wants("1", 0, 0.0)
    leases.wants("2", 0, 0.0)
    assert leases.tick(STUCK - 0.1) == []
    assert leased(leases.tick(STUCK)) == {"2": (0, 1)}


def test_a_lease_that_moves_is_kept() -> None:
    leases = swarm(100, "1")
    leases.wants("1", 0, 0.0)
    leases.got("1", span(0, 1), 0, STUCK - 0.1)
    leases.wants("1", 0, STUCK)
    assert leases.tick(STUCK + 0.1) == []
    assert leases.members["1"].leased == span(1, 3)


def test_a_missing_piece_is_pushed_by_the_holder_that_has_least_to_do() -> None:
    leases = swarm(2, "1", "2", "3")
    leases.got("1", span(0, 2), 9, 0.0)
    leases.got("2", span(0, 2), 0, 0.0)
    assert leases.missing("3", span(0, 2)) == [tell("2", Push(DIGEST, span(0, 2), "3"))]
    assert leases.missing("2", span(0, 2)) == []


def test_missing_pieces_are_shared_out_among_equal_holders() -> None:
    leases = swarm(4, "1", "2", "3")
    leases.got("1", span(0, 4), 0, 0.0)
    leases.got("2", span(0, 4), 0, 0.0)
    pushes = [tell.message for tell in leases.missing("3", span(0, 4)) if isinstance(tell.message, Push)]
    assert sorted(push.pieces.bit_count() for push in pushes) == [2, 2]


def test_after_a_restart_of_the_scheduler_what_members_hold_is_spread_once() -> None:
    leases = swarm(4)
    leases.joined("1", "10.0.0.1", span(0, 3), 0.0)
    leases.joined("2", "10.0.0.2", span(2, 2), 0.0)
    leases.tick(0.0)
    adopted = [tell for tell in leases.tick(SETTLE) if isinstance(tell.message, Adopt)]
    pieces = [piece for tell in adopted if isinstance(tell.message, Adopt) for piece in each(tell.message.pieces)]
    assert sorted(pieces) == [0, 1, 2, 3]
    assert tell("1", Adopt(DIGEST, span(0, 2), ("2",))) in adopted
    assert not any(isinstance(tell.message, Adopt) for tell in leases.tick(1.0))


def test_a_node_that_joins_again_loses_what_it_had_on_lease() -> None:
    leases = swarm(1, "1", "2")
    leases.wants("1", 0, 0.0)
    assert Tell("2", Gone(DIGEST, "1")) in leases.joined("1", "10.0.0.1", 0, 1.0)
    leases.wants("2", 0, 1.0)
    assert leased(leases.tick(1.0 + SETTLE)) == {"2": (0, 1)}
