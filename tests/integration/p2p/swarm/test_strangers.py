"""What the peer door gives to those who have no right to it: nothing, not even an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from p2p.registry.errors import Refused
from p2p.store.pieces import SMALLEST
from p2p.swarm import peer_in
from p2p.swarm.codec import decode, load
from p2p.swarm.frames import HEADER_SIZE, MOST_BODY, Accept, Kind, Open, pack, pack_message, unpack
from p2p.swarm.orders import Order, order_frame
from p2p.swarm.tickets import LIFE, Ticket, sign, verify

from tests.integration.p2p.swarm.cluster import Agent, Scheduler, free_port, source, until
from tests.integration.p2p.swarm.origin import AUTHORIZATION, Registry, digest_of, registry

LAYER = bytes(range(256)) * 1024
DIGEST = digest_of(LAYER)
STRANGER = "127.0.0.99"


@pytest.fixture
def origin() -> Iterator[Registry]:
    with registry([b"{}", LAYER]) as server:
        yield server


@pytest.fixture
async def scheduler(origin: Registry) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(origin.url)
    await scheduler.start()
    yield scheduler
    await scheduler.stop()
    scheduler.close()


@pytest.fixture
async def agent(origin: Registry, scheduler: Scheduler, tmp_path: Path) -> AsyncIterator[Agent]:
    """An agent that holds the blob."""
    async with Agent("127.0.0.21", free_port(), scheduler, tmp_path).running() as agent:
        await until("connected", agent.client.up.is_set)
        place = source(origin.url, digest_of(origin.manifest), origin.digests, AUTHORIZATION)
        blob = agent.blob(DIGEST, len(LAYER))
        await agent.swarm.fetch(blob, place)
        yield agent


@pytest.fixture
def ticket(origin: Registry) -> Ticket:
    now = int(time.time())
    return Ticket("stranger", STRANGER, origin.url, "team/app", origin.digests, now + LIFE, now + LIFE)


async def answer(agent: Agent, frame: bytes, *, local: str = STRANGER) -> bytes:
    """All that the door says to a frame before it closes."""
    reader, writer = await asyncio.open_connection(agent.address, agent.port, local_addr=(local, 0))
    try:
        writer.write(frame)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def opening(text: str) -> bytes:
    return pack_message(Kind.OPEN, Open(DIGEST, len(LAYER), SMALLEST, text), blob=1)


async def test_a_forged_ticket(agent: Agent, ticket: Ticket) -> None:
    assert await answer(agent, opening(sign(ticket, Ed25519PrivateKey.generate()))) == b""


async def test_a_ticket_that_has_expired(agent: Agent, scheduler: Scheduler, ticket: Ticket) -> None:
    assert await answer(agent, opening(sign(replace(ticket, expires=int(time.time())), scheduler.key))) == b""


async def test_another_nodes_ticket(agent: Agent, scheduler: Scheduler, ticket: Ticket) -> None:
    assert await answer(agent, opening(sign(ticket, scheduler.key)), local="127.0.0.98") == b""


async def test_a_ticket_for_other_blobs(agent: Agent, scheduler: Scheduler, ticket: Ticket) -> None:
    other = frozenset({digest_of(b"other")})
    assert await answer(agent, opening(sign(replace(ticket, digests=other), scheduler.key))) == b""


@pytest.mark.parametrize(
    "frame",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a-browser\r\n\r\n",
        pack(Kind.PIECE, 4, blob=1) + b"data",
        pack(Kind.OPEN, MOST_BODY),
        pack(Kind.OPEN, 2) + b"{}",
        pack(Kind.DONE, 0),
    ],
)
async def test_nonsense(agent: Agent, frame: bytes) -> None:
    assert await answer(agent, frame) == b""


async def test_silence_is_not_waited_for(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_in, "HELLO_SECONDS", 0.05)
    assert await answer(agent, pack(Kind.OPEN, 100)) == b""


async def test_wrong_bytes_end_the_connection(agent: Agent, scheduler: Scheduler, ticket: Ticket) -> None:
    agent.swarm.find(DIGEST).blob._has[0] = 0  # type: ignore[union-attr]
    wrong = pack(Kind.PIECE, SMALLEST, blob=1, piece=0, sha256=bytes(32)) + bytes(SMALLEST)
    said = await answer(agent, opening(sign(ticket, scheduler.key)) + wrong)
    assert unpack(said[:HEADER_SIZE]).kind is Kind.ACCEPT


async def test_a_peer_with_a_ticket_is_accepted_and_shown_ours(agent: Agent, scheduler: Scheduler, ticket: Ticket) -> None:
    reader, writer = await asyncio.open_connection(agent.address, agent.port, local_addr=(STRANGER, 0))
    writer.write(opening(sign(ticket, scheduler.key)))
    header = unpack(await reader.readexactly(HEADER_SIZE))
    shown = decode(Accept, load(await reader.readexactly(header.length), MOST_BODY)).ticket
    writer.close()
    verify(shown, [scheduler.key.public_key()]).check(address=agent.address, digest=DIGEST, now=time.time())


async def test_nothing_is_pushed_to_a_receiver_without_a_ticket(agent: Agent, scheduler: Scheduler) -> None:
    """Somebody sits at a peer's address and accepts with a ticket that is not his own."""
    said: list[bytes] = []

    async def receiver(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = unpack(await reader.readexactly(HEADER_SIZE))
        opened = decode(Open, load(await reader.readexactly(header.length), MOST_BODY))
        writer.write(pack_message(Kind.ACCEPT, Accept(opened.ticket), blob=header.blob))
        said.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(receiver, STRANGER, agent.port)
    async with server:
        scheduler.hub._agents["stranger"] = lambda _message: None
        scheduler.hub._tell(scheduler.hub._blobs[DIGEST].joined("stranger", STRANGER, 0, time.monotonic()))
        await until("the pusher gave up", lambda: bool(said))
    assert said == [b""]
    assert agent.counted("p2p_sent_bytes_total", to="peer") == 0


async def test_an_order_of_the_webhook(agent: Agent, scheduler: Scheduler) -> None:
    order = Order("1", "leave", ("a.example:65001",), int(time.time()) + 60)
    said = await answer(agent, order_frame(order, scheduler.key))
    assert (unpack(said[:HEADER_SIZE]).kind, said[HEADER_SIZE:]) == (Kind.DONE, b"done")
    assert agent.orders == [order]


async def test_an_order_that_somebody_else_signed(agent: Agent) -> None:
    order = Order("1", "leave", (), int(time.time()) + 60)
    assert await answer(agent, order_frame(order, Ed25519PrivateKey.generate())) == b""
    assert agent.orders == []


async def test_who_has_no_token_reaches_no_scheduler(origin: Registry, scheduler: Scheduler, tmp_path: Path) -> None:
    stranger = Agent(STRANGER, free_port(), scheduler, tmp_path)
    stranger.client._token = lambda: "stolen"
    async with stranger.running():
        blob = stranger.blob(DIGEST, len(LAYER))
        place = source(origin.url, digest_of(origin.manifest), origin.digests, "Bearer bad")
        with pytest.raises(Refused):
            await stranger.swarm.fetch(blob, place)
    assert scheduler.hub.agents == 0
