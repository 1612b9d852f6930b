"""What the agent tells at its metrics port."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from p2p.agent.settings import Settings
from p2p.store.store import Store


def make_registry() -> CollectorRegistry:
    """With the process's own CPU seconds and memory."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def application(
    registry: CollectorRegistry, settings: Settings, store: Store, is_joined: Callable[[], bool]
) -> web.Application:
    complete = Gauge("p2p_layers_complete", "Blobs of more than one piece that the store holds whole", registry=registry)
    joined = Gauge("p2p_scheduler_connected", "1 while the scheduler is there to introduce peers", registry=registry)
    joined.set_function(is_joined)
    complete.set_function(store.whole)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def origins(_request: web.Request) -> web.Response:
        """Which origins.json this node works by; empty until its hosts files are in place."""
        return web.Response(text=settings.origins.sha256 if settings.is_ready() else "")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/origins", origins)
    return app
