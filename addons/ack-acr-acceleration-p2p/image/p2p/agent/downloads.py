"""Blobs on their way into the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from p2p.registry.errors import RegistryError
from p2p.store.blob import Blob
from p2p.store.errors import StoreError
from p2p.store.store import Store
from p2p.swarm.ports import Source

_log = logging.getLogger(__name__)


class Downloads:
    """`fetch` completes a blob from a source; it raises StoreError or RegistryError when that can't be done."""

    def __init__(self, store: Store, fetch: Callable[[Blob, Source], Awaitable[None]]) -> None:
        self._store, self._fetch = store, fetch
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def ensure(self, digest: str, size: int, source: Source) -> Blob:
        """The blob, on its way if it is not complete yet. Raises StoreError when it can't be had now."""
        blob = self._store.open(digest, size)
        if not blob.complete and digest not in self._tasks:
            task = self._tasks[digest] = asyncio.create_task(self._run(blob, source))
            task.add_done_callback(lambda _: self._tasks.pop(digest))
        return blob

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, blob: Blob, source: Source) -> None:
        with blob.use():
            try:
                await self._fetch(blob, source)
            except (StoreError, RegistryError) as error:
                _log.warning("%s can't be had: %s", blob.digest, error)
                self._store.reject(blob, error)
