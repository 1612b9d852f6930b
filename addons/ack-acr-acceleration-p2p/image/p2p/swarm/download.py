"""One blob's way to this node: leases and peers while a scheduler is there, else all from the origin in reading order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor

from p2p.registry.errors import Refused, Unavailable
from p2p.swarm.counters import Counters
from p2p.swarm.errors import SwarmError
from p2p.swarm.leases import FIRST_LEASE, LEASE_SECONDS, MOST_LEASE
from p2p.swarm.origin_fetch import fetch_run
from p2p.swarm.pieces import first_run, from_runs, span
from p2p.swarm.ports import Blob, Limiter, Source
from p2p.swarm.share import Share

IN_FLIGHT = 2  # requests at the origin: one more than one keeps its link busy between two leases
STALL = 2.0  # seconds in which the swarm brought nothing, with the same result
MISSING = 1.0  # seconds without a piece until the scheduler hears what is missing
TICK = 0.1
AHEAD = 0.15  # seconds of work left at which the next lease is asked for
MOST_BACKLOG = 8  # pieces in the median queue above which none is asked for
_log = logging.getLogger(__name__)


class Rate:
    """Bytes per second, smoothed over a few tenths of a second."""

    def __init__(self, now: float) -> None:
        self.value = 0.0
        self._bytes, self._since = 0, now

    def add(self, count: int, now: float) -> None:
        self._bytes += count
        if now - self._since < TICK:
            return
        latest = self._bytes / (now - self._since)
        self.value = 0.7 * self.value + 0.3 * latest if self.value else latest
        self._bytes, self._since = 0, now


class Download:
    """Completes a blob. `join` gets this node into the blob's swarm, and may take as long as it likes.

    `patience`: seconds without membership until the origin is asked for everything.
    """

    def __init__(
        self,
        blob: Blob,
        source: Source,
        join: Callable[[], Awaitable[Share]],
        is_joined: Callable[[], bool],
        patience: float,
        threads: Executor,
        counters: Counters,
        limiter: Limiter,
    ) -> None:
        self._blob, self._source, self._join, self._is_joined = blob, source, join, is_joined
        self._threads, self._counters, self._limiter = threads, counters, limiter
        self._now = asyncio.get_running_loop().time
        self._news = self._asked_missing = self._now()
        self._patience_ends = self._news + patience
        self._rate = Rate(self._news)
        self._share: Share | None = None
        self._flying = 0  # pieces that are being fetched from the origin
        self._own = 0  # of these and of earlier ones, those that no lease covers
        self._pause_until = 0.0  # after an origin's error
        self._error: Exception | None = None
        self._work = asyncio.Event()

    async def run(self) -> None:
        """Return when the blob is complete. Raises what made it fail, or the origin's error when nobody else delivers."""
        forget = self._blob.on_piece(self._arrived)
        tasks = [asyncio.create_task(self._become_member())]
        tasks += [asyncio.create_task(self._fetch_runs()) for _ in range(IN_FLIGHT)]
        try:
            while not self._blob.complete:
                self._step(self._now())
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(TICK)
        finally:
            forget()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _become_member(self) -> None:
        try:
            share = await self._join()
        except SwarmError as error:
            _log.warning("no swarm for %s: %s", self._blob.digest, error)
            self._patience_ends = self._now()
            self._work.set()
            return
        self._share = share
        share.on_lease = self._work.set
        self._news = self._now()
        self._want()

    def _arrived(self, piece: int) -> None:
        if not self._own >> piece & 1:
            self._news = self._now()
        self._error = None

    def _step(self, now: float) -> None:
        if self._blob.failed:
            raise self._blob.failed
        quiet = now - self._news
        if self._error and (self._share is None or quiet >= STALL):
            raise self._error
        if self._share and quiet >= MISSING and now - self._asked_missing >= MISSING:
            self._asked_missing = now
            self._share.report_missing()
        self._want()
        self._work.set()

    def _is_alone(self, now: float) -> bool:
        """Whether to fetch without a lease."""
        if self._share and self._is_joined():
            return now - self._news >= STALL
        return now >= self._patience_ends

    def _want(self) -> None:
        share = self._share
        if share is None or share.wants or self._now() < self._pause_until:
            return
        left = self._flying.bit_count() + sum(count for _, count in share.leases)
        enough = max(1, self._rate.value * AHEAD / self._blob.piece_size)
        if left <= enough and share.backlog() <= MOST_BACKLOG and self._missing():
            share.want(self._rate.value)

    def _missing(self) -> int:
        return span(0, self._blob.pieces) & ~from_runs(self._blob.have()) & ~self._flying

    async def _fetch_runs(self) -> None:
        while True:
            run = self._next_run()
            if run is None:
                self._work.clear()
                await self._work.wait()
            else:
                await self._fetch(*run)

    def _next_run(self) -> tuple[int, int] | None:
        if self._now() < self._pause_until:
            return None
        if self._share and self._share.leases:
            return self._share.leases.popleft()
        missing = self._missing()
        if not missing or not self._is_alone(self._now()):
            return None
        most = int(self._rate.value * LEASE_SECONDS / self._blob.piece_size) or FIRST_LEASE
        start, count = first_run(missing, min(most, MOST_LEASE))
        self._own |= span(start, count)
        return start, count

    async def _fetch(self, start: int, count: int) -> None:
        run = span(start, count)
        self._flying |= run
        try:
            await fetch_run(self._blob, self._source, start, count, self._threads, self._keep)
        except (Refused, Unavailable) as error:
            self._error = error
            self._pause_until = self._now() + STALL
            if self._share and not run & self._own:
                self._share.release(start, count)
        finally:
            self._flying &= ~run

    def _keep(self, piece: int, data: memoryview, sha256: bytes) -> float:
        self._counters.got("origin", len(data))
        self._rate.add(len(data), self._now())
        self._flying &= ~(1 << piece)
        self._blob.put(piece, data, sha256, "origin", hashed=True)
        if self._share and self._blob.has(piece):
            self._share.spread(piece)
            self._want()
        return self._limiter.spend(len(data))
