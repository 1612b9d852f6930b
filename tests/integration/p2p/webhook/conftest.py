"""The whole webhook in this process, over TLS, with an API server in memory and agents that are played."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from p2p.swarm.frames import HEADER_SIZE, Kind, pack, unpack
from p2p.webhook.cloud import Key
from p2p.webhook.naming import Endpoints
from p2p.webhook.service import Service
from p2p.webhook.settings import CONFIGURATION, Settings

from tests.lab.stand_in import free_port
from tests.unit.p2p.webhook.memory import MemoryKubernetes, apply
from tests.unit.p2p.webhook.samples import INTERNET, SETTINGS, VPC, admission_review, pull_secret

HOST = "r-webhook.addons.svc"


def _object(kind: str, name: str, namespace: str = "addons", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, **more}


def cluster() -> MemoryKubernetes:
    """As the chart has left it."""
    key = {name: base64.b64encode(b"x").decode() for name in ("access-key-id", "access-key-secret")}
    hooks = {"kind": "MutatingWebhookConfiguration", "metadata": {"name": CONFIGURATION},
             "webhooks": [{"clientConfig": {}}, {"clientConfig": {}}]}  # fmt: skip
    return MemoryKubernetes(
        _object("Secret", "alibaba-addon-secret", "kube-system", data=key),
        _object("Deployment", "r-webhook"),
        _object("Service", "r-scheduler", spec={"clusterIP": "10.96.0.17", "ports": [{"port": 8444}]}),
        hooks,
        pull_secret({VPC: "abc"}),
    )


class Instances:
    """A cloud with one instance."""

    def endpoints(self, instance: str) -> Endpoints:
        return Endpoints(instance, (INTERNET,), (VPC,))


@dataclass
class PlayedAgent:
    """What the webhook sees of an agent: its Pod, the origins that it says it has, the orders that it was given."""

    cluster: MemoryKubernetes
    metrics_port: int
    port: int
    orders: list[dict[str, Any]] = field(default_factory=list)

    def pod(self, ready: bool) -> dict[str, Any]:
        labels = {"app.kubernetes.io/instance": "r", "app.kubernetes.io/component": "agent"}
        conditions = [{"type": "Ready", "status": str(ready)}]
        return {"kind": "Pod", "metadata": {"name": "r-agent-1", "namespace": "addons", "labels": labels},
                "spec": {"nodeName": "node-1"}, "status": {"hostIP": "127.0.0.1", "conditions": conditions}}  # fmt: skip

    @asynccontextmanager
    async def served(self, in_place: Callable[[], str]) -> AsyncIterator[None]:
        """in_place: the SHA-256 of the origins that it has."""

        async def origins(_: web.Request) -> web.Response:
            return web.Response(text=in_place())

        app = web.Application()
        app.router.add_get("/origins", origins)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.metrics_port).start()
        peers = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        try:
            yield
        finally:
            peers.close()
            await runner.cleanup()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = unpack(await reader.readexactly(HEADER_SIZE))
        order = json.loads(await reader.readexactly(header.length))
        self.orders.append(order)
        state = "origin-only" if order["keep"] else "removed"
        body = json.dumps({"version": 1, "state": state, "names": order["keep"], "order": order["id"], "error": ""}).encode()
        writer.write(pack(Kind.DONE, len(body)) + body)
        await writer.drain()
        writer.close()


@dataclass
class Webhook:
    cluster: MemoryKubernetes
    settings: Settings
    port: int
    health_port: int
    agent: PlayedAgent

    def ca(self) -> str:
        """The authority that the configuration tells the API server to trust; "" as long as there is none."""
        hooks = self.cluster.objects["MutatingWebhookConfiguration", "", CONFIGURATION]["webhooks"]
        return base64.b64decode(hooks[0]["clientConfig"].get("caBundle", "")).decode()

    async def admit(self, subject: dict[str, Any], ca: str = "", **request: Any) -> dict[str, Any]:
        """As the API server does it: by the Service's name, with the configuration's authority. The Pod as it is then."""
        context = ssl.create_default_context(cadata=ca or self.ca())
        url = f"https://127.0.0.1:{self.port}/mutate"
        review = admission_review(subject, **request)
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=review, ssl=context, server_hostname=HOST) as answer,
        ):
            response = (await answer.json())["response"]
        assert (response["uid"], response["allowed"]) == ("u-1", True)
        return apply(subject, json.loads(base64.b64decode(response.get("patch", "W10="))))

    async def is_ready(self) -> bool:
        url = f"http://127.0.0.1:{self.health_port}/readyz"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200


async def until(what: str, condition: Callable[[], Any]) -> None:
    """Wait for a condition, which may be a coroutine's; at most ten seconds."""
    try:
        async with asyncio.timeout(10):
            while not (await result if asyncio.iscoroutine(result := condition()) else result):
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"in vain: {what}")


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    """It runs, and has made its keys; no agent is there."""
    ports = [free_port() for _ in range(4)]
    settings = replace(SETTINGS, port=ports[0], metrics_port=ports[1])
    objects, ended = cluster(), asyncio.Event()
    running = Webhook(objects, settings, ports[2], ports[3], PlayedAgent(objects, ports[1], ports[0]))

    def cloud(_: Key) -> Instances:
        return Instances()

    task = asyncio.create_task(Service(objects, settings, cloud).run(ended, running.port, running.health_port))
    await until("the configuration has its authority", running.ca)
    yield running
    ended.set()
    await task
