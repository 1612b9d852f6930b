"""The scheduler role as it is started: from mounted files, on its two ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from p2p.config.errors import ConfigError
from p2p.config.origins import Name, Origins
from p2p.scheduler.keys import Mounted
from p2p.scheduler.main import serve
from p2p.swarm.errors import TicketRefused
from p2p.swarm.messages import AskTicket
from p2p.swarm.scheduler_client import Place, SchedulerClient
from p2p.swarm.tickets import verify

from tests.integration.p2p.swarm.cluster import SERVER_NAME, Tokens, certificate, free_port, private_pem, until
from tests.integration.p2p.swarm.origin import AUTHORIZATION, Registry, digest_of, registry

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def origin() -> Iterator[Registry]:
    with registry([b"{}", b"layer"]) as server:
        yield server


@pytest.fixture
def files(origin: Registry, tmp_path: Path) -> Path:
    ca, pair = certificate()
    (tmp_path / "ca").write_text(ca)
    (tmp_path / "scheduler.crt").write_text(ca)
    (tmp_path / "scheduler.key").write_bytes(pair)
    (tmp_path / "ticket.key").write_bytes(private_pem(KEY))
    (tmp_path / "origins.json").write_text(Origins(65001, (Name("a.example:65001", origin.url),)).to_json())
    return tmp_path


def mounted(files: Path) -> Mounted:
    return Mounted(files / "origins.json", files, None)


@asynccontextmanager
async def connected(files: Path, port: int, token: str) -> AsyncIterator[SchedulerClient]:
    place = Place(f"127.0.0.1:{port}", SERVER_NAME, (files / "ca").read_text())
    client = SchedulerClient(lambda: place, lambda: token, lambda: 0.0)
    task = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_gives_tickets_and_tells_how_it_is(origin: Registry, files: Path) -> None:
    port, health_port = free_port(), free_port()
    manifest = digest_of(origin.manifest)
    task = asyncio.create_task(serve(mounted(files), Tokens(), port, health_port))
    try:
        async with connected(files, port, "token-of-10.0.0.1") as client, aiohttp.ClientSession() as session:
            await until("connected", client.up.is_set)
            good = AskTicket(1, origin.url, "team/app", manifest, AUTHORIZATION, origin.digests)
            bad = replace(good, authorization="Bearer bad")
            ticket = verify(await client.ask(lambda number: replace(good, id=number), 5), [KEY.public_key()])
            assert (ticket.node, ticket.address, ticket.digests) == ("node-10.0.0.1", "10.0.0.1", origin.digests)
            with pytest.raises(TicketRefused):
                await client.ask(lambda number: replace(bad, id=number), 5)
            async with session.get(f"http://127.0.0.1:{health_port}/readyz") as answer:
                assert answer.status == 200
            async with session.get(f"http://127.0.0.1:{health_port}/metrics") as answer:
                assert "p2p_scheduler_agents 1.0" in await answer.text()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_keys_and_origins_are_read_again(files: Path, origin: Registry) -> None:
    reader = mounted(files)
    assert reader.registry("https://new.example") is None
    (files / "ticket.key").write_bytes(private_pem(Ed25519PrivateKey.generate()))
    (files / "origins.json").write_text(Origins(65001, (Name("b.example:65001", "https://new.example"),)).to_json())
    reader.read()
    assert reader.signing_key().public_key() != KEY.public_key()
    assert reader.registry("https://new.example") is not None
    assert reader.registry(origin.url) is None


@pytest.mark.parametrize("name", ["ticket.key", "scheduler.crt", "origins.json"])
def test_a_broken_file_is_named(files: Path, name: str) -> None:
    (files / name).write_text("nonsense")
    with pytest.raises(ConfigError, match=r"origins\.json" if name == "origins.json" else str(files)):
        mounted(files)
