"""The agent's side of the swarm: blobs that are fetched, blobs that are held for others, and the tickets for both."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from functools import partial

from p2p.swarm.download import TICK, Download
from p2p.swarm.errors import SchedulerAway, SwarmError
from p2p.swarm.messages import AskTicket, FromScheduler, Granted, Refused, Renew
from p2p.swarm.peer_out import PeersOut, Surroundings
from p2p.swarm.ports import Blob, Source
from p2p.swarm.scheduler_client import SchedulerClient
from p2p.swarm.share import Share
from p2p.swarm.tickets import Ticket, verify

ANSWER_SECONDS = 10.0  # for a ticket: the scheduler asks the origin first
RENEW_EVERY = 10.0
PATIENCE = 1.0  # seconds that a scheduler has to let a blob's download into the swarm
_log = logging.getLogger(__name__)


class Swarm:
    """run() has to be running while blobs are fetched or held. All on one loop."""

    def __init__(self, around: Surroundings, scheduler: SchedulerClient, threads: Executor) -> None:
        self._around, self._scheduler, self._threads = around, scheduler, threads
        self._outs = PeersOut(around)
        self._shares: dict[str, Share] = {}
        self._asking: dict[tuple[str, str, str], asyncio.Task[tuple[str, Ticket]]] = {}
        scheduler.listener = self

    def find(self, digest: str) -> Share | None:
        return self._shares.get(digest)

    async def fetch(self, blob: Blob, source: Source) -> None:
        """Complete a blob from peers and origin; then it stays announced until drop(), or for a day.

        Raises what made the blob fail, Refused or Unavailable; it never fails because of the scheduler.
        """
        download = Download(
            blob,
            source,
            join=partial(self._join, blob, source),
            is_joined=self._scheduler.up.is_set,
            patience=PATIENCE if self._scheduler.is_known() else 0.0,
            threads=self._threads,
            counters=self._around.counters,
            limiter=self._around.limiter,
        )
        try:
            await download.run()
        except BaseException:
            self.drop(blob.digest)
            raise

    def drop(self, digest: str) -> None:
        """Hold a blob no longer; to be called before its file is closed."""
        share = self._shares.pop(digest, None)
        if share:
            share.leave()

    async def run(self) -> None:
        """Talk to the scheduler, report what arrived, renew tickets; until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._scheduler.run())
                group.create_task(self._report())
                group.create_task(self._renew())
        finally:
            for task in self._asking.values():
                task.cancel()
            await self._outs.close()

    def connected(self) -> None:
        now = self._around.clock()
        for share in self._shares.values():
            share.joined = False
            if now < share.ticket.expires:
                share.join()

    def heard(self, message: FromScheduler) -> None:
        if isinstance(message, Granted | Refused):
            return
        share = self._shares.get(message.digest)
        if share:
            share.heard(message)

    async def _join(self, blob: Blob, source: Source) -> Share:
        text, ticket = await self._ticket(source)
        ticket.check(address=self._around.address, digest=blob.digest, now=self._around.clock())
        share = self._shares[blob.digest] = Share(blob, text, ticket, self._outs, self._scheduler.say)
        share.join()
        return share

    async def _ticket(self, source: Source) -> tuple[str, Ticket]:
        """The ticket for a manifest's digests: asked for once, though its layers are fetched side by side."""
        key = (source.url, source.repository, source.manifest)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(source))
            task.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(task)

    async def _ask(self, source: Source) -> tuple[str, Ticket]:
        question = partial(_question, source)
        while True:
            await self._scheduler.up.wait()
            try:
                text = await self._scheduler.ask(question, ANSWER_SECONDS)
            except SchedulerAway as error:
                _log.info("no ticket yet for %s: %s", source.manifest, error)
                await asyncio.sleep(TICK)
            else:
                return text, verify(text, self._around.keys())

    async def _report(self) -> None:
        while True:
            for share in self._shares.values():
                share.report()
            await asyncio.sleep(TICK)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            now = self._around.clock()
            for old in {share.ticket_text for share in self._shares.values() if share.is_due(now)}:
                await self._renew_one(old)
            for digest in [digest for digest, share in self._shares.items() if now >= share.ticket.renewable]:
                self.drop(digest)

    async def _renew_one(self, old: str) -> None:
        try:
            text = await self._scheduler.ask(lambda number: Renew(number, old), ANSWER_SECONDS)
            ticket = verify(text, self._around.keys())
        except SwarmError as error:
            _log.warning("a ticket was not renewed: %s", error)
            return
        for share in self._shares.values():
            if share.ticket_text == old:
                share.renew(text, ticket)
                if not share.joined:
                    share.join()
        self._outs.wake()


def _question(source: Source, number: int) -> AskTicket:
    return AskTicket(number, source.url, source.repository, source.manifest, source.authorization, source.digests)
