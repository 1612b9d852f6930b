"""CPU of the swarm part of an agent, on loopback: `python -m tests.bench.swarm_loopback [MIB [AGENTS]]`.

All agents and the scheduler share this process, the origin has its own; so each figure is the mean of the agents.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tests.integration.p2p.swarm.cluster import Agent, Scheduler, free_port, source, until
from tests.integration.p2p.swarm.origin import AUTHORIZATION, digest_of, registry


def main(mib: int, agents: int) -> None:
    with tempfile.TemporaryDirectory() as directory, origin(mib << 20) as (url, manifest, digest):
        seconds, cpu = asyncio.run(run(Path(directory), url, manifest, digest, mib << 20, agents))
    gib = mib * agents / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{agents} agents, {mib} MiB: {seconds:.2f} s, {cpu / gib:.2f} CPU s/GiB and agent, {peak:.0f} MiB in all")


async def run(directory: Path, url: str, manifest: str, digest: str, size: int, count: int) -> tuple[float, float]:
    """Wall and CPU seconds until every agent has the blob."""
    scheduler = Scheduler(url)
    await scheduler.start()
    port = free_port()
    async with AsyncExitStack() as stack:
        agents = [Agent(f"127.0.0.{31 + number}", port, scheduler, directory) for number in range(count)]
        for agent in agents:
            await stack.enter_async_context(agent.running())
            await until("connected", agent.client.up.is_set)
        begun, cpu = time.monotonic(), time.process_time()
        place = source(url, manifest, frozenset({digest}), AUTHORIZATION)
        await asyncio.gather(*(agent.swarm.fetch(agent.blob(digest, size), place) for agent in agents))
        spent = time.monotonic() - begun, time.process_time() - cpu
        for agent in agents:
            print({source: agent.counted("p2p_bytes_total", source=source) / size for source in ("origin", "peer")})
    await scheduler.stop()
    scheduler.close()
    return spent


@contextmanager
def origin(size: int) -> Iterator[tuple[str, str, str]]:
    """A registry in its own process: its URL, and the digests of manifest and layer."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, size))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join()


def _serve(pipe: Connection, size: int) -> None:
    layer = os.urandom(size)
    with registry([b"{}", layer], chunk=256 << 10) as server:
        pipe.send((server.url, digest_of(server.manifest), digest_of(layer)))
        pipe.recv()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:] or ["256", "3"]))
