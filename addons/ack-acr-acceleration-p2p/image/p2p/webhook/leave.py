"""`python -m p2p webhook leave`, before the release goes: nothing is rewritten any more, nodes and Secrets are cleaned up.

What Pods still need stays: the hosts files of the names that they carry, leading to the origin alone, and their pull Secrets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2p.swarm.errors import ProtocolError
from p2p.swarm.frames import HEADER_SIZE, Kind, unpack
from p2p.swarm.orders import Order, order_frame
from p2p.swarm.signing import private_key
from p2p.webhook.admission import KINDS
from p2p.webhook.controller import read_origins
from p2p.webhook.copies import Copies
from p2p.webhook.images import domain_of
from p2p.webhook.kubernetes import Kubernetes
from p2p.webhook.nodes import agent_of
from p2p.webhook.pull_secrets import PullSecrets
from p2p.webhook.report import Report, report
from p2p.webhook.secrets import KeyStore
from p2p.webhook.settings import CONFIGURATION, Settings
from p2p.webhook.skips import Pod
from p2p.webhook.state import Agent, State

ORDER_SECONDS = 20.0  # for an agent to answer
LISTENS_YET = 0.5  # seconds between two looks
AT_A_TIME = 64
_log = logging.getLogger(__name__)


class Leaving:
    def __init__(self, kubernetes: Kubernetes, settings: Settings) -> None:
        self._kubernetes, self._settings = kubernetes, settings

    async def run(self) -> Report:
        """Do it all. What can't be reached is named in the report. Raises KubernetesError."""
        await self._kubernetes.delete("MutatingWebhookConfiguration", CONFIGURATION)
        where = self._settings.namespace
        origins = read_origins(await self._kubernetes.get("ConfigMap", self._settings.origins_name, where))
        files = await KeyStore(self._kubernetes, self._settings, lambda: datetime.now(UTC)).load()
        keep = names_in_use([pod async for pod in self._kubernetes.list("Pod")], {name.name for name in origins.names})
        answers = await self._order(sorted(keep), private_key(files["order.key"])) if "order.key" in files else {}
        copies = Copies(self._kubernetes, PullSecrets(self._kubernetes), State(), time.monotonic)
        return report(answers, await copies.remove_unused(), self._settings.hosts_dir)

    async def _order(self, keep: list[str], key: Ed25519PrivateKey) -> dict[str, tuple[str, ...] | None]:
        """Node → the names whose hosts files are left there; None when it could not be reached."""
        frame = order_frame(Order(str(uuid.uuid4()), "leave", tuple(keep), int(time.time() + ORDER_SECONDS)), key)
        limit = asyncio.Semaphore(AT_A_TIME)

        async def one(agent: Agent, patient: bool) -> tuple[str, ...] | None:
            async with limit:
                return await send_order(agent.address, self._settings.port, frame, patient)

        agents = [(agent, _setup_runs(pod)) async for pod in self._agents() if (agent := agent_of(pod))]
        texts = await asyncio.gather(*(one(agent, patient) for agent, patient in agents))
        return {agent.node: text for (agent, _), text in zip(agents, texts, strict=True)}

    def _agents(self) -> AsyncIterator[dict[str, Any]]:
        labels = {"app.kubernetes.io/instance": self._settings.release, "app.kubernetes.io/component": "agent"}
        return self._kubernetes.list("Pod", self._settings.namespace, labels)


def names_in_use(pods: Collection[Pod], known: set[str]) -> set[str]:
    """The P2P names that Pods carry, save those that have ended and will pull nothing any more."""
    alive = [pod for pod in pods if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
    containers = [container for pod in alive for kind in KINDS for container in pod["spec"].get(kind) or ()]
    return {domain_of(container.get("image", "")) for container in containers} & known


def _setup_runs(pod: Pod) -> bool:
    """Whether hosts files may be written there: then the agent is worth waiting for, though it may have just been started."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return any(status["name"] == "setup" and "running" in (status.get("state") or {}) for status in statuses)


async def send_order(address: str, port: int, frame: bytes, patient: bool) -> tuple[str, ...] | None:
    """Give an agent an order and wait until it is carried out: the names whose hosts files are left. None if it is not.

    patient: wait for an agent that does not listen yet.
    """
    try:
        async with asyncio.timeout(ORDER_SECONDS):
            reader, writer = await _connect(address, port, patient)
            try:
                writer.write(frame)
                await writer.drain()
                header = unpack(await reader.readexactly(HEADER_SIZE))
                body = await reader.readexactly(header.length)
            finally:
                writer.close()
        return _left(header.kind, json.loads(body))
    except (OSError, EOFError, TimeoutError, ProtocolError, ValueError) as error:
        _log.warning("the agent at %s did not carry out the order: %s", address, str(error) or type(error).__name__)
        return None


async def _connect(address: str, port: int, patient: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection(address, port)
        except ConnectionRefusedError:
            if not patient:
                raise
            await asyncio.sleep(LISTENS_YET)


def _left(kind: Kind, setup: Any) -> tuple[str, ...]:
    """What setup.json says that it has in place. Raises ProtocolError when the order was not done."""
    if kind is not Kind.DONE or not isinstance(setup, dict) or setup.get("state") not in ("origin-only", "removed"):
        said = setup.get("error") if isinstance(setup, dict) else ""
        raise ProtocolError(f"setup did not do it: {said or 'it says nothing of it'}")
    return tuple(map(str, setup.get("names", ())))
