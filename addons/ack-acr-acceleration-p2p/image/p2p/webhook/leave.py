"""`python -m p2p webhook leave`, before the release goes: nothing is rewritten any more, nodes and Secrets are cleaned up.

What Pods still need stays: the hosts files of the names that they carry, leading to the origin alone, and their pull Secrets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from p2p.config.names import hosts_directory
from p2p.config.origins import Origins
from p2p.swarm.errors import SwarmError
from p2p.swarm.frames import HEADER_SIZE, Kind, unpack
from p2p.swarm.orders import Order, order_frame
from p2p.swarm.signing import private_key
from p2p.webhook.admission import KINDS
from p2p.webhook.copies import Copies
from p2p.webhook.images import domain_of
from p2p.webhook.kubernetes import Kubernetes
from p2p.webhook.nodes import agent_of
from p2p.webhook.settings import CONFIGURATION, Settings

ORDER_SECONDS = 20.0  # for an agent to answer
AT_A_TIME = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leaving:
    kubernetes: Kubernetes
    settings: Settings
    copies: Copies

    async def run(self, files: Mapping[str, bytes], origins: Origins) -> dict[str, Any]:
        """Do it all; returns the report. What can't be reached is named in it. Raises KubernetesError."""
        await self.kubernetes.delete("MutatingWebhookConfiguration", CONFIGURATION)
        used = await self._names_in_use({name.name for name in origins.names})
        answers = await self._order(sorted(used), files["order.key"]) if "order.key" in files else {}
        kept = [*_hosts_files(answers, self.settings.hosts_dir), *_secrets(await self.copies.remove_unused())]
        return {"version": 1, "kept": kept, "unreachable": sorted(node for node, text in answers.items() if text is None)}

    async def _names_in_use(self, known: set[str]) -> set[str]:
        """The P2P names that the Pods of this cluster carry."""
        used = set()
        async for pod in self.kubernetes.list("Pod"):
            for kind in KINDS:
                used |= {domain_of(container.get("image", "")) for container in pod["spec"].get(kind) or ()}
        return used & known

    async def _order(self, keep: list[str], key: bytes) -> dict[str, str | None]:
        """Node → what its setup says afterwards; None when it could not be reached."""
        order = Order(str(uuid.uuid4()), "leave", tuple(keep), int(time.time() + ORDER_SECONDS))
        frame = order_frame(order, private_key(key))
        labels = {"app.kubernetes.io/instance": self.settings.release, "app.kubernetes.io/component": "agent"}
        pods = [pod async for pod in self.kubernetes.list("Pod", self.settings.namespace, labels)]
        agents = [agent for agent in map(agent_of, pods) if agent]
        limit = asyncio.Semaphore(AT_A_TIME)

        async def one(address: str) -> str | None:
            async with limit:
                return await send_order(address, self.settings.port, frame)

        texts = await asyncio.gather(*(one(agent.address) for agent in agents))
        return {agent.node: text for agent, text in zip(agents, texts, strict=True)}


async def send_order(address: str, port: int, frame: bytes) -> str | None:
    """Give an agent an order and wait until it is carried out. None when that does not happen."""
    try:
        async with asyncio.timeout(ORDER_SECONDS):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                writer.write(frame)
                await writer.drain()
                header = unpack(await reader.readexactly(HEADER_SIZE))
                body = await reader.readexactly(header.length)
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError, SwarmError) as error:
        _log.warning("the agent at %s did not carry out the order: %s", address, error or type(error).__name__)
        return None
    return body.decode() if header.kind is Kind.DONE else None


def _hosts_files(answers: Mapping[str, str | None], folder: PurePosixPath) -> list[dict[str, str]]:
    """What setup left on the nodes."""
    found = []
    for node, text in sorted(answers.items()):
        said = json.loads(text) if text else {}
        for name in said.get("names", ()):
            path = folder / hosts_directory(name) / "hosts.toml"
            found.append({"kind": "HostsFile", "node": node, "path": str(path), "name": name})
    return found


def _secrets(kept: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"kind": "Secret", "namespace": namespace, "name": name} for namespace, name in kept]
