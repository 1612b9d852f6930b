"""Real peers, a real scheduler and a real origin: what leaves the origin, what peers give one another, what strangers get."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from p2p.registry.errors import Refused
from p2p.store.blob import Blob

from tests.integration.p2p.swarm.cluster import Agent, Scheduler, free_port, source, until
from tests.integration.p2p.swarm.origin import AUTHORIZATION, Registry, digest_of, registry

SIZE = 8 << 20
LAYER = random.Random(1).randbytes(SIZE)
CONFIG = b"{}"
DIGEST = digest_of(LAYER)


@pytest.fixture
def origin() -> Iterator[Registry]:
    with registry([CONFIG, LAYER], rate=4e6) as server:
        yield server


@pytest.fixture
async def scheduler(origin: Registry) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(origin.url)
    await scheduler.start()
    yield scheduler
    await scheduler.stop()
    scheduler.close()


class Herd:
    """Agents that end with the test."""

    def __init__(self, origin: Registry, scheduler: Scheduler, directory: Path, stack: AsyncExitStack) -> None:
        self._origin, self._scheduler, self._directory, self._stack = origin, scheduler, directory, stack
        self._port = free_port()
        self.agents: list[Agent] = []
        self.blobs: list[Blob] = []

    async def add(self, address: str) -> Agent:
        agent = Agent(address, self._port, self._scheduler, self._directory)
        self.agents.append(await self._stack.enter_async_context(agent.running()))
        return agent

    async def fetch(self, agent: Agent, authorization: str = AUTHORIZATION) -> None:
        blob = agent.blob(DIGEST, SIZE)
        self.blobs.append(blob)
        manifest = digest_of(self._origin.manifest)
        place = source(self._origin.url, manifest, self._origin.digests, authorization)
        try:
            await agent.swarm.fetch(blob, place)
        finally:
            place.origin.close()  # type: ignore[attr-defined]

    def check_complete(self) -> None:
        for blob in self.blobs:
            assert blob.complete
            assert os.pread(blob.fileno(), SIZE, 0) == LAYER


@pytest.fixture
async def herd(origin: Registry, scheduler: Scheduler, tmp_path: Path) -> AsyncIterator[Herd]:
    async with AsyncExitStack() as stack:
        herd = Herd(origin, scheduler, tmp_path, stack)
        for number in (11, 12, 13):
            agent = await herd.add(f"127.0.0.{number}")
            await until("connected", agent.client.up.is_set)
        yield herd


async def test_one_copy_leaves_the_origin_and_every_node_gives(origin: Registry, herd: Herd) -> None:
    await asyncio.gather(*map(herd.fetch, herd.agents))
    herd.check_complete()
    assert origin.sent == SIZE
    for agent in herd.agents:
        assert agent.counted("p2p_sent_bytes_total", to="peer") > SIZE / 5
    assert sum(agent.counted("p2p_bytes_total", source="origin") for agent in herd.agents) == SIZE


async def test_a_late_node_takes_all_from_its_peers(origin: Registry, herd: Herd) -> None:
    await asyncio.gather(*map(herd.fetch, herd.agents))
    late = await herd.add("127.0.0.14")
    await until("connected", late.client.up.is_set)
    await herd.fetch(late)
    herd.check_complete()
    assert origin.sent == SIZE
    assert late.counted("p2p_bytes_total", source="origin") == 0


async def test_all_complete_when_the_scheduler_dies_in_the_middle(origin: Registry, scheduler: Scheduler, herd: Herd) -> None:
    fetches = asyncio.gather(*map(herd.fetch, herd.agents))
    await until("a quarter is there", lambda: origin.sent > SIZE / 4)
    await scheduler.stop()
    await fetches
    herd.check_complete()


async def test_the_swarm_goes_on_when_the_scheduler_is_back(origin: Registry, scheduler: Scheduler, herd: Herd) -> None:
    fetches = asyncio.gather(*map(herd.fetch, herd.agents))
    await until("a quarter is there", lambda: origin.sent > SIZE / 4)
    await scheduler.stop()
    await scheduler.start()
    await fetches
    herd.check_complete()
    assert origin.sent < 2 * SIZE
    late = await herd.add("127.0.0.14")
    await until("connected", lambda: all(agent.client.up.is_set() for agent in herd.agents))
    sent = origin.sent
    await herd.fetch(late)
    assert origin.sent == sent


async def test_without_a_scheduler_all_comes_from_the_origin(origin: Registry, scheduler: Scheduler, herd: Herd) -> None:
    await scheduler.stop()
    await herd.fetch(herd.agents[0])
    herd.check_complete()
    assert origin.sent == SIZE


async def test_who_dies_is_not_missed(origin: Registry, herd: Herd) -> None:
    fetches = [asyncio.create_task(herd.fetch(agent)) for agent in herd.agents]
    await until("a quarter is there", lambda: origin.sent > SIZE / 4)
    fetches[0].cancel()
    await asyncio.gather(fetches[0], return_exceptions=True)
    herd.blobs.pop(0)
    await asyncio.gather(*fetches[1:])
    herd.check_complete()


async def test_a_caller_whom_the_origin_refuses_gets_nothing_though_peers_have_it(origin: Registry, herd: Herd) -> None:
    first, second, _ = herd.agents
    await herd.fetch(first)
    with pytest.raises(Refused):
        await herd.fetch(second, authorization="Bearer bad")
    assert second.counted("p2p_bytes_total", source="peer") == 0
