"""The second address for the runtime: plain HTTP, blobs under one-time addresses, sent by the kernel while they arrive.

The client was redirected here by the door, so it left its credential behind; whoever has the address may have the blob.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from p2p.agent.ranges import Unsatisfiable, parse_range
from p2p.registry.errors import RegistryError
from p2p.store.blob import Blob
from p2p.store.errors import StoreError

LIFE = 30.0  # seconds that an address waits for its request
WORTH_SENDING = 4 << 20  # bytes; for less, after the first of them, a moment's wait makes one system call of many
MOMENT = 0.1  # seconds
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Promise:
    blob: Blob
    until: float


class Handout:
    """`clock` is steady; `secret` makes the random part of an address; `sent` hears of each byte that left."""

    def __init__(self, clock: Callable[[], float], secret: Callable[[], str], sent: Callable[[int], None]) -> None:
        self._clock, self._secret, self._sent = clock, secret, sent
        self._promises: dict[str, Promise] = {}

    def promise(self, blob: Blob) -> str:
        """The path under which the blob can be had, once."""
        now = self._clock()
        self._promises = {key: kept for key, kept in self._promises.items() if kept.until > now}
        key = self._secret()
        self._promises[key] = Promise(blob, now + LIFE)
        return f"/b/{key}"

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/b/{key}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        promise = self._promises.pop(request.match_info["key"], None)
        if promise is None or promise.until <= self._clock():
            return web.Response(status=404)
        with promise.blob.use():
            return await self._answer(request, promise.blob)

    async def _answer(self, request: web.Request, blob: Blob) -> web.StreamResponse:
        etag = f'"{blob.digest}"'
        wanted = request.headers.get("Range") if request.headers.get("If-Range", etag) == etag else None
        headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", "ETag": etag}
        try:
            part = parse_range(wanted, blob.size)
        except Unsatisfiable:
            return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{blob.size}"})
        start, end = part or (0, blob.size)
        if part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
        response = web.StreamResponse(status=206 if part else 200, headers=headers)
        response.content_length = end - start
        await response.prepare(request)
        if request.method == "GET":
            # A runtime that hangs up has its reasons; some read a blob in parts and close the rest.
            with suppress(ConnectionError):
                await self._send(request, blob, start, end)
        return response

    async def _send(self, request: web.Request, blob: Blob, start: int, end: int) -> None:
        """Send what may be read as soon as it may. When there will be no more, end the connection after what was sent.

        close() sends FIN behind the last byte; after a reset the runtime would give up the whole pull.
        """
        loop, transport, first = asyncio.get_running_loop(), request.transport, start
        with os.fdopen(os.dup(blob.fileno()), "rb", buffering=0) as file:
            while start < end:
                try:
                    ready = min(await blob.readable(start), end)
                    if first < start and ready - start < WORTH_SENDING and ready < end:
                        await asyncio.sleep(MOMENT)
                        ready = min(await blob.readable(start), end)
                except (StoreError, RegistryError) as error:
                    _log.warning("%s is cut at %d of %d: %s", blob.digest, start, end, error)
                    ready = start
                if transport is None or transport.is_closing():
                    return
                sent = await loop.sendfile(transport, file, start, ready - start) if ready > start else 0
                if not sent:  # also when the blob failed meanwhile, and its file was emptied
                    transport.close()
                    return
                self._sent(sent)
                start += sent
