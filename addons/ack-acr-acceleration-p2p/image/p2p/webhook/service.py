"""The webhook as a whole: its parts wired together, its rounds, its two doors."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry

from p2p.webhook.cloud import Cloud, Key
from p2p.webhook.controller import Controller
from p2p.webhook.copies import Copies
from p2p.webhook.credentials import DATA_KEY
from p2p.webhook.kubernetes import Kubernetes, KubernetesError
from p2p.webhook.nodes import Watcher
from p2p.webhook.pull_secrets import PullSecrets
from p2p.webhook.review import Reviewer
from p2p.webhook.server import admission_app, health_app, load_certificate
from p2p.webhook.settings import CONFIGURATION, Settings
from p2p.webhook.state import State

ROUND, ASK, SWEEP = 5.0, 1.0, 60.0  # seconds between rounds of the controller, questions to agents, sweeps of copies
LONGEST = 600.0  # seconds of a round: a watch whose connection has died in silence is begun anew
_log = logging.getLogger(__name__)


class Service:
    """Everything in it runs until `run` is cancelled or its event is set."""

    def __init__(self, kubernetes: Kubernetes, settings: Settings, cloud: Callable[[Key], Cloud]) -> None:
        self._kubernetes, self._state, self._registry = kubernetes, State(), CollectorRegistry()
        self._secrets = PullSecrets(kubernetes)
        self._copies = Copies(kubernetes, self._secrets, self._state, time.monotonic)
        self._watcher = Watcher(kubernetes, settings, self._state)
        self._controller = Controller(kubernetes, settings, self._state, cloud, time.monotonic, lambda: datetime.now(UTC))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async def run(self, ended: asyncio.Event, admission_port: int, health_port: int) -> None:
        """Serve until `ended`. Raises KubernetesError when not even the keys can be had."""
        load_certificate(self._tls, (await self._controller.ensure_keys()).webhook)
        rounds = [asyncio.create_task(_again(seconds, action)) for seconds, action in self._rounds()]
        reviewer = Reviewer(self._secrets, self._copies, self._state)
        admission = web.AppRunner(admission_app(reviewer, self._registry), shutdown_timeout=3)
        health = web.AppRunner(health_app(lambda: bool(self._state.origins.names), self._registry))
        try:
            await _open(admission, admission_port, self._tls)
            await _open(health, health_port)
            await ended.wait()
        finally:
            for task in rounds:
                task.cancel()
            await admission.cleanup()
            await health.cleanup()

    def _rounds(self) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        return [
            (ROUND, self._reconcile),
            (ASK, self._watcher.ask),
            (ASK, self._watcher.watch),
            (ASK, self._watch_configuration),
            (SWEEP, self._copies.sweep),
            *((ASK, partial(self._follow, kind)) for kind in DATA_KEY),
        ]

    async def _reconcile(self) -> None:
        load_certificate(self._tls, (await self._controller.reconcile()).webhook)

    async def _follow(self, kind: str) -> None:
        async for secret in self._secrets.follow(kind):
            await self._copies.follow(secret)

    async def _watch_configuration(self) -> None:
        """Once it is gone the addon leaves: from then on no Pod is changed, whoever still sends one."""
        async for event, _ in self._kubernetes.watch(
            "MutatingWebhookConfiguration", None, fields={"metadata.name": CONFIGURATION}
        ):
            self._state.leaving = event == "DELETED"


async def _again(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """For ever; what the API server would not do now it may do at the next round."""
    while True:
        try:
            async with asyncio.timeout(LONGEST):
                await action()
        except KubernetesError as error:
            _log.warning("%s", error)
        except TimeoutError:
            _log.debug("a round is begun anew")
        await asyncio.sleep(seconds)


async def _open(runner: web.AppRunner, port: int, tls: ssl.SSLContext | None = None) -> None:
    await runner.setup()
    await web.TCPSite(runner, port=port, ssl_context=tls).start()
