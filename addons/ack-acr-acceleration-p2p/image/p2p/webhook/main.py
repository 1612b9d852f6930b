"""`python -m p2p webhook`, and `python -m p2p webhook leave`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web
from lightkube import AsyncClient, KubeConfig
from prometheus_client import CollectorRegistry

from p2p.config.errors import ConfigError
from p2p.config.files import last_words
from p2p.webhook.controller import Controller
from p2p.webhook.copies import Copies
from p2p.webhook.credentials import JSON_TYPE, LEGACY_TYPE
from p2p.webhook.kubernetes import Kubernetes, KubernetesError
from p2p.webhook.leave import Leaving
from p2p.webhook.nodes import Watcher
from p2p.webhook.review import Reviewer
from p2p.webhook.secrets import KeyStore
from p2p.webhook.server import ADMISSION_PORT, HEALTH_PORT, admission_app, health_app, load_certificate
from p2p.webhook.settings import Settings
from p2p.webhook.state import State

ROUND, ASK, SWEEP = 5.0, 1.0, 60.0  # seconds between rounds of the controller, questions to agents, sweeps of copies
_log = logging.getLogger(__name__)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each request
    try:
        settings = Settings.read(os.environ)
    except ConfigError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    if sys.argv[2:] == ["leave"]:
        return asyncio.run(leave(settings))
    return asyncio.run(serve(settings))


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM."""
    kubernetes, state, registry = (
        Kubernetes(AsyncClient(KubeConfig.from_service_account(), trust_env=False)),
        State(),
        CollectorRegistry(),
    )
    copies = Copies(kubernetes, state, time.monotonic)
    controller = Controller(kubernetes, settings, state, time.monotonic, lambda: datetime.now(UTC))
    watcher = Watcher(kubernetes, settings, state)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async def reconcile() -> None:
        load_certificate(tls, (await controller.reconcile()).webhook)

    async def follow(kind: str) -> None:
        async for event, secret in kubernetes.watch("Secret", fields={"type": kind}):
            if event != "DELETED":
                await copies.follow(secret)

    load_certificate(tls, (await controller.ensure_keys()).webhook)
    rounds: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (ROUND, reconcile), (ASK, watcher.ask), (ASK, watcher.watch), (SWEEP, copies.sweep),
        (ASK, lambda: follow(JSON_TYPE)), (ASK, lambda: follow(LEGACY_TYPE)),
    ]  # fmt: skip
    tasks = [asyncio.create_task(_again(seconds, action)) for seconds, action in rounds]
    admission = web.AppRunner(admission_app(Reviewer(kubernetes, copies, state), registry), shutdown_timeout=3)
    health = web.AppRunner(health_app(lambda: bool(state.origins.names), registry))
    await admission.setup()
    await health.setup()
    await web.TCPSite(admission, port=ADMISSION_PORT, ssl_context=tls).start()
    await web.TCPSite(health, port=HEALTH_PORT).start()
    await _until_signal()
    for task in tasks:
        task.cancel()
    await admission.cleanup()
    await health.cleanup()
    return 0


async def leave(settings: Settings) -> int:
    """The report is the container's termination message."""
    kubernetes, state = Kubernetes(AsyncClient(KubeConfig.from_service_account(), trust_env=False)), State()
    controller = Controller(kubernetes, settings, state, time.monotonic, lambda: datetime.now(UTC))
    store = KeyStore(kubernetes, settings, lambda: datetime.now(UTC))
    try:
        origins = await controller.known_origins()
        leaving = Leaving(kubernetes, settings, Copies(kubernetes, state, time.monotonic))
        report = json.dumps(await leaving.run(await store.load(), origins))
    except KubernetesError as error:
        last_words(f"Error: {error}")
        print(f"Error: {error}", file=sys.stderr)
        return 1
    last_words(report)
    print(report)
    return 0


async def _again(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """For ever; what the API server would not do now it may do at the next round."""
    while True:
        try:
            await action()
        except KubernetesError as error:
            _log.warning("%s", error)
        await asyncio.sleep(seconds)


async def _until_signal() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
