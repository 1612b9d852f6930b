"""The agent: its parts, who serves what, and for how long."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from p2p.agent import metrics
from p2p.agent.door import Door
from p2p.agent.downloads import Downloads
from p2p.agent.handout import Handout
from p2p.agent.membership import Membership
from p2p.agent.orders import Orders
from p2p.agent.permissions import Permissions
from p2p.agent.ratelimit import Limiter
from p2p.agent.settings import Settings
from p2p.agent.sockets import HANDOUT_ADDRESS, Sockets
from p2p.agent.watchdog import Watchdog
from p2p.config.environment import Environment
from p2p.config.names import join_address
from p2p.store.store import Store
from p2p.swarm.counters import Counters
from p2p.swarm.fetch import Swarm
from p2p.swarm.peer_in import Door as PeerDoor
from p2p.swarm.peer_out import Surroundings
from p2p.swarm.scheduler_client import Place, SchedulerClient
from p2p.swarm.signing import public_keys

POLL_EVERY = 1.0  # seconds
SWEEP_EVERY = 60.0
DRAIN_SECONDS = 5.0  # that open transfers get after SIGTERM
LONGEST_HEADER = 64 << 10  # bytes; tokens that name many repositories are long
QUESTIONS = 16  # requests at origins for the door at a time
FETCHES = 4  # runs of pieces that are fetched at a time: more threads only wait for one another, and for Python's lock


class Agent:
    def __init__(self, environment: Environment, sockets: Sockets) -> None:
        self._env, self._sockets = environment, sockets
        self._questions = ThreadPoolExecutor(QUESTIONS, "door")
        self._fetches = ThreadPoolExecutor(FETCHES, "fetch")
        self._settings = Settings(environment.origins, environment.run_dir, environment.ca_file)
        registry = metrics.make_registry()
        counters = Counters(registry)
        around = Surroundings(
            address=environment.node_address,
            port=environment.port,
            keys=lambda: public_keys(self._settings.origins.ticket_keys),
            clock=time.time,
            counters=counters,
            limiter=Limiter(environment.ratelimit, time.monotonic),
        )
        scheduler = SchedulerClient(self._place, lambda: environment.token_file.read_text().strip(), random.random)
        self._swarm = Swarm(around, scheduler, self._fetches)
        self._store = Store(
            environment.store_dir,
            environment.cache_capacity,
            environment.cache_ttl,
            time.monotonic,
            self._swarm.drop,
        )
        self._downloads = Downloads(self._store, self._swarm.fetch)
        self._handout = Handout(
            time.monotonic, lambda: secrets.token_urlsafe(32), lambda count: counters.sent("runtime", count)
        )
        self._door = Door(
            settings=self._settings,
            permissions=Permissions(secrets.token_bytes(32), time.time),
            membership=Membership(),
            downloads=self._downloads,
            handout=self._handout,
            handout_url=f"http://{join_address(HANDOUT_ADDRESS, environment.port)}",
            threads=self._questions,
        )
        self._peers = PeerDoor(
            around=around,
            find=self._swarm.find,
            order_keys=lambda: public_keys(self._settings.origins.order_keys),
            carry_out=Orders(environment.run_dir, time.time).carry_out,
        )
        self._metrics = metrics.application(registry, self._settings, self._store, scheduler.up.is_set)

    async def run(self) -> None:
        """Serve until SIGTERM; then let open transfers end. The node is left as it is: a restart is no uninstall."""
        _cancel_on_signal()
        try:
            with suppress(asyncio.CancelledError):
                async with asyncio.TaskGroup() as group:
                    for work in (Watchdog().run(), self._swarm.run(), self._keep_up()):
                        group.create_task(work)
                    await self._serve()
        finally:
            self._sockets.close()
            self._settings.close()
            self._questions.shutdown(wait=False, cancel_futures=True)
            self._fetches.shutdown(wait=False, cancel_futures=True)

    async def _serve(self) -> None:
        """Until cancelled. The runtime is served when setup has made the certificate: before, it is refused at once."""
        sockets = self._sockets
        async with self._served_to_peers(), _served(self._metrics, sockets.metrics):
            while not self._settings.has_certificate():
                await asyncio.sleep(POLL_EVERY)
            async with (
                _served(self._handout.application(), sockets.handout),
                _served(self._door.application(), sockets.runtime, self._settings.tls),
            ):
                await asyncio.Future()

    @asynccontextmanager
    async def _served_to_peers(self) -> AsyncIterator[None]:
        server = await self._peers.serve(self._sockets.peers)
        try:
            yield
        finally:
            await self._downloads.close()
            server.close()
            for connection in list(self._peers.connections):
                connection.close()

    async def _keep_up(self) -> None:
        swept = time.monotonic()
        while True:
            self._settings.poll()
            if time.monotonic() - swept >= SWEEP_EVERY:
                self._store.sweep()
                swept = time.monotonic()
            await asyncio.sleep(POLL_EVERY)

    def _place(self) -> Place | None:
        known = self._settings.origins.scheduler
        return Place(known.address, known.server_name, known.ca) if known else None


@asynccontextmanager
async def _served(app: web.Application, sock: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=DRAIN_SECONDS, max_field_size=LONGEST_HEADER, max_line_size=LONGEST_HEADER
    )
    await runner.setup()
    try:
        await web.SockSite(runner, sock, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


def _cancel_on_signal() -> None:
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
