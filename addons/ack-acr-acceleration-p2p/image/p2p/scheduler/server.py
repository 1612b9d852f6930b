"""The scheduler's two HTTP servers: the agents' WebSocket, and health and metrics in plain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from p2p.scheduler.admission import Admission
from p2p.scheduler.callers import REMEMBERED, Caller, Callers, Denied, Unsure
from p2p.scheduler.hub import Hub
from p2p.scheduler.session import Session
from p2p.swarm.messages import MOST_MESSAGE
from p2p.swarm.scheduler_client import HEARTBEAT

TICK = 0.1  # seconds
_log = logging.getLogger(__name__)


def agents_app(hub: Hub, admission: Admission, callers: Callers) -> web.Application:
    """`GET /v1/agent`: only for agents, of which each proves its node by its token."""

    async def agent(request: web.Request) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        try:
            caller = await callers.identify(token)
        except Denied as error:
            _log.warning("%s was denied: %s", request.remote, error)
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}) from None
        except Unsure as error:
            _log.warning("%s", error)
            raise web.HTTPServiceUnavailable from None
        return await _converse(request, caller, token)

    async def _converse(request: web.Request, caller: Caller, token: str) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MOST_MESSAGE)
        await socket.prepare(request)
        check = asyncio.create_task(_check_again(socket, callers, token))
        try:
            await Session(caller, hub, admission, socket).run()
        finally:
            check.cancel()
        return socket

    async def ticking(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_tick(hub))
        yield
        task.cancel()

    app = web.Application()
    app.router.add_get("/v1/agent", agent)
    app.cleanup_ctx.append(ticking)
    return app


def health_app(hub: Hub) -> web.Application:
    """The scheduler is ready as soon as it runs: it does not start without origins and keys."""
    registry = CollectorRegistry()
    Gauge("p2p_scheduler_agents", "Agents connected", registry=registry).set_function(lambda: hub.agents)
    Gauge("p2p_scheduler_blobs", "Blobs that an agent fetches or holds", registry=registry).set_function(lambda: hub.blobs)
    Gauge("p2p_scheduler_leased_pieces", "Pieces leased since the start", registry=registry).set_function(lambda: hub.leased)

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", healthz)
    app.router.add_get("/metrics", metrics)
    return app


async def _tick(hub: Hub) -> None:
    while True:
        hub.tick()
        await asyncio.sleep(TICK)


async def _check_again(socket: web.WebSocketResponse, callers: Callers, token: str) -> None:
    """A node that was removed, or a token that has ended, is out after a while; an API server that is away harms nobody."""
    while True:
        await asyncio.sleep(REMEMBERED)
        try:
            await callers.identify(token)
        except Denied as error:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error)[:120].encode())
            return
        except Unsure as error:
            _log.warning("%s", error)
