"""All blobs and agents together."""

from __future__ import annotations

import pytest
from p2p.scheduler.hub import Hub
from p2p.swarm.errors import ProtocolError
from p2p.swarm.messages import FromScheduler, Gone, Got, Join, Lease, Leave, Peer, Release, Want

DIGEST, OTHER = (f"sha256:{number:064x}" for number in (1, 2))
PIECE = 1 << 16


class Agent:
    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name
        self.heard: list[FromScheduler] = []
        self.send = self.heard.append
        hub.connected(name, self.send)

    def join(self, digest: str = DIGEST, size: int = 10 * PIECE) -> None:
        self.hub.join(self.name, f"10.0.0.{self.name}", Join(digest, size, PIECE, "", 0))


@pytest.fixture
def hub() -> Hub:
    return Hub(lambda: 0.0)


def test_messages_reach_those_they_are_for(hub: Hub) -> None:
    one, two = Agent(hub, "1"), Agent(hub, "2")
    one.join()
    two.join()
    hub.heard("1", Want(DIGEST, 0))
    assert one.heard == [Peer(DIGEST, "2", "10.0.0.2", 0), Lease(DIGEST, 0, 2)]
    assert two.heard == [Peer(DIGEST, "1", "10.0.0.1", 0)]
    assert (hub.agents, hub.blobs, hub.leased) == (2, 1, 2)


def test_a_blob_is_forgotten_with_its_last_member(hub: Hub) -> None:
    one = Agent(hub, "1")
    one.join()
    one.join(OTHER)
    hub.heard("1", Leave(DIGEST))
    assert hub.blobs == 1
    hub.disconnected("1", one.send)
    assert (hub.agents, hub.blobs) == (0, 0)


def test_an_agent_that_disconnects_is_gone_for_the_others(hub: Hub) -> None:
    one, two = Agent(hub, "1"), Agent(hub, "2")
    one.join()
    two.join()
    hub.disconnected("2", two.send)
    assert one.heard[-1] == Gone(DIGEST, "2")


def test_the_end_of_an_older_connection_does_not_end_the_newer_one(hub: Hub) -> None:
    old = Agent(hub, "1")
    old.join()
    new = Agent(hub, "1")
    assert hub.blobs == 0
    new.join()
    hub.disconnected("1", old.send)
    assert (hub.agents, hub.blobs) == (1, 1)


@pytest.mark.parametrize("message", [Want(DIGEST, 0), Got(DIGEST, 1, 0), Release(DIGEST, 1), Leave(DIGEST)])
def test_who_is_no_member_is_not_heard(hub: Hub, message: Want | Got | Release | Leave) -> None:
    member, stranger = Agent(hub, "1"), Agent(hub, "2")
    member.join()
    hub.heard("2", message)
    assert (member.heard, stranger.heard) == ([], [])


def test_pieces_have_to_fit(hub: Hub) -> None:
    Agent(hub, "1").join(size=5)
    with pytest.raises(ProtocolError):
        Agent(hub, "2").join(size=6)
    for size, piece in ((10, 0), (10, 1 << 21), (1 << 40, 1 << 20)):
        with pytest.raises(ProtocolError):
            hub.join("1", "10.0.0.1", Join(OTHER, size, piece, "", 0))
