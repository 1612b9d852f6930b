"""A scheduler and agents' swarm parts in one process, each agent at a loopback address of its own."""

from __future__ import annotations

import asyncio
import datetime
import os
import socket
import ssl
import tempfile
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from p2p.registry.origin import Origin
from p2p.scheduler.admission import Admission
from p2p.scheduler.callers import Caller, Callers, Denied
from p2p.scheduler.hub import Hub
from p2p.scheduler.server import agents_app
from p2p.store.blob import Blob
from p2p.swarm.counters import Counters
from p2p.swarm.fetch import Swarm
from p2p.swarm.orders import Order
from p2p.swarm.peer_in import Door, peer_socket
from p2p.swarm.peer_out import Surroundings
from p2p.swarm.ports import Source
from p2p.swarm.scheduler_client import Place, SchedulerClient
from p2p.swarm.signing import public_keys
from prometheus_client import CollectorRegistry

SERVER_NAME = "scheduler.p2p.internal"


async def until(what: str, condition: Callable[[], bool], seconds: float = 20) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {seconds} s: {what}") from None


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Unlimited:
    def spend(self, count: int) -> float:
        return 0.0


class Tokens:
    """In place of TokenReview: the token `token-of-ADDRESS` is the agent's at that address."""

    async def review(self, token: str) -> Caller:
        prefix, _, address = token.partition("-of-")
        if prefix != "token":
            raise Denied("no such token")
        return Caller(f"node-{address}", address)


class Scheduler:
    def __init__(self, url: str, address: str = "127.0.0.1") -> None:
        self.address = address
        self.key = Ed25519PrivateKey.generate()
        self.port = free_port()
        self.hub = Hub(time.monotonic)
        self.ca, private = certificate()
        self._tls = _context(private)
        self._url, self._origin = url, Origin(url)
        self._threads = ThreadPoolExecutor(4)
        self._runner: web.AppRunner | None = None

    @property
    def public(self) -> str:
        return b64encode(self.key.public_key().public_bytes_raw()).decode()

    async def start(self) -> None:
        self.hub = Hub(time.monotonic)
        admission = Admission(
            lambda url: self._origin if url == self._url else None,
            lambda: self.key,
            lambda: [self.key.public_key()],
            self._threads,
            time.time,
        )
        callers = Callers(Tokens(), b"key", time.monotonic)
        self._runner = web.AppRunner(agents_app(self.hub, admission, callers), shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.address, self.port, ssl_context=self._tls, reuse_address=True).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def close(self) -> None:
        self._origin.close()
        self._threads.shutdown()


class Agent:
    def __init__(self, address: str, port: int, scheduler: Scheduler, directory: Path) -> None:
        self.address, self.port = address, port
        self.registry = CollectorRegistry()
        self.directory = directory
        self.threads = ThreadPoolExecutor(8)
        keys = public_keys([scheduler.public])
        around = Surroundings(address, port, lambda: keys, time.time, Counters(self.registry), Unlimited())
        place = Place(f"{scheduler.address}:{scheduler.port}", SERVER_NAME, scheduler.ca)
        self.client = SchedulerClient(lambda: place, lambda: f"token-of-{address}", lambda: 0.5)
        self.swarm = Swarm(around, self.client, self.threads)
        self.orders: list[Order] = []
        self.door = Door(around, self.swarm.find, lambda: keys, self._carry_out)

    async def _carry_out(self, order: Order) -> str:
        self.orders.append(order)
        return "done"

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def blob(self, digest: str, size: int) -> Blob:
        path = self.directory / f"{self.address}-{digest[-8:]}"
        return Blob(digest, size, os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Agent]:
        server = await self.door.serve(peer_socket(self.address, self.port))
        task = asyncio.create_task(self.swarm.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.close()
            for connection in list(self.door.connections):
                connection.close()
            await server.wait_closed()
            self.threads.shutdown()


def source(url: str, manifest: str, digests: frozenset[str], authorization: str) -> Source:
    return Source(Origin(url), url, "team/app", manifest, digests, authorization)


def certificate() -> tuple[str, bytes]:
    """A certificate that is its own authority, and it with its key; both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    return pem.decode(), private_pem(key) + pem


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _context(private: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(private)
        file.flush()
        context.load_cert_chain(file.name)
    return context
