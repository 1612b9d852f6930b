"""The connections over which this node pushes pieces: one to each peer, for all blobs."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from p2p.swarm.codec import decode, load
from p2p.swarm.counters import Counters
from p2p.swarm.errors import SwarmError
from p2p.swarm.frames import HEADER_SIZE, Accept, Kind, Open, Relay, pack, pack_message, unpack
from p2p.swarm.ports import Blob, Limiter
from p2p.swarm.signing import PublicKeys
from p2p.swarm.sockets import connect, receive, send_bytes, send_file
from p2p.swarm.tickets import MOST_TICKET, Ticket, verify

RETRY = 1.0  # seconds after a failed connection in which nothing new is tried
BURST = 8  # pieces in a row after which a link that never blocks lets the others have their turn
_log = logging.getLogger(__name__)


class Pushed(Protocol):
    """A blob that is pushed, and this node's right to it."""

    @property
    def blob(self) -> Blob: ...
    @property
    def ticket_text(self) -> str: ...
    @property
    def ticket(self) -> Ticket: ...


@dataclass(frozen=True)
class Surroundings:
    """What every connection of a node shares."""

    address: str
    port: int
    keys: Callable[[], PublicKeys]
    clock: Callable[[], float]  # seconds since the epoch
    counters: Counters
    limiter: Limiter


@dataclass
class Lane:
    """One blob on a connection."""

    number: int
    share: Pushed
    open_until: float = 0.0  # the end of the two tickets that opened it
    asked_with: str = ""  # the ticket that an OPEN was sent with
    refused: bool = False
    fresh: deque[tuple[int, str]] = field(default_factory=deque)  # piece, and the node to relay it to ("": itself a push)
    later: deque[tuple[int, str]] = field(default_factory=deque)  # what a late peer lacks; waits for the fresh ones

    def next(self) -> tuple[int, str]:
        return (self.fresh or self.later).popleft()


class PeerOut:
    """Pushes in the order given, blobs in turn; ends with the first error, and what was queued is lost then."""

    def __init__(self, peer: str, around: Surroundings) -> None:
        self._peer, self._around = peer, around
        self._lanes: dict[str, Lane] = {}
        self._numbers = 0
        self._burst = 0  # pieces since the loop had its turn for certain
        self._work = asyncio.Event()

    @property
    def queued(self) -> int:
        """Fresh pieces that wait: many mean that this peer's link, or ours to it, is behind."""
        return sum(len(lane.fresh) for lane in self._lanes.values())

    def push(self, share: Pushed, piece: int, *, relay_to: str = "", late: bool = False) -> None:
        lane = self._lanes.get(share.blob.digest) or self._add(share)
        if not lane.refused:
            (lane.later if late else lane.fresh).append((piece, relay_to))
            self._work.set()

    def drop(self, digest: str) -> None:
        """Push nothing more of that blob."""
        self._lanes.pop(digest, None)

    def wake(self) -> None:
        """A ticket was renewed: what waited for it can be opened."""
        self._work.set()

    @property
    def idle(self) -> bool:
        return not self._lanes

    def _add(self, share: Pushed) -> Lane:
        self._numbers += 1
        lane = self._lanes[share.blob.digest] = Lane(self._numbers, share)
        return lane

    async def run(self) -> None:
        """Raises OSError, or a group of OSError, EOFError and SwarmError, whichever ends the connection."""
        sock = await connect(self._around.address, self._peer, self._around.port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(sock))
                group.create_task(self._write(sock))
        finally:
            sock.close()

    async def _read(self, sock: socket.socket) -> None:
        while True:
            header = unpack(await receive(sock, HEADER_SIZE))
            body = await receive(sock, header.length)
            lane = next((lane for lane in self._lanes.values() if lane.number == header.blob), None)
            if lane and header.kind is Kind.ACCEPT:
                self._accepted(lane, decode(Accept, load(body, MOST_TICKET)).ticket)
            elif lane and header.kind is Kind.REFUSE:
                lane.refused = True
                lane.fresh.clear()
                lane.later.clear()

    def _accepted(self, lane: Lane, text: str) -> None:
        ticket = verify(text, self._around.keys())
        ticket.check(address=self._peer, digest=lane.share.blob.digest, now=self._around.clock())
        lane.open_until = min(ticket.expires, lane.share.ticket.expires)
        self._work.set()

    async def _write(self, sock: socket.socket) -> None:
        while True:
            self._work.clear()
            for lane in self._to_open():
                lane.asked_with = lane.share.ticket_text
                await send_bytes(sock, _open_frame(lane))
            if lane_in_turn := self._in_turn():
                await self._send(sock, lane_in_turn, *lane_in_turn.next())
            else:
                await self._work.wait()

    def _to_open(self) -> list[Lane]:
        """Lanes never opened, or whose tickets have ended since; a ticket that was not enough is not shown twice."""
        now = self._around.clock()
        return [
            lane
            for lane in self._lanes.values()
            if now >= lane.open_until and not lane.refused and lane.asked_with != lane.share.ticket_text
        ]

    def _in_turn(self) -> Lane | None:
        now = self._around.clock()
        for digest, lane in self._lanes.items():
            if now < lane.open_until and (lane.fresh or lane.later):
                self._lanes[digest] = self._lanes.pop(digest)  # to the end, so that blobs take turns
                return lane
        return None

    async def _send(self, sock: socket.socket, lane: Lane, piece: int, relay_to: str) -> None:
        if relay_to:
            await send_bytes(sock, pack_message(Kind.RELAY, Relay(relay_to), blob=lane.number, piece=piece))
            return
        blob = lane.share.blob
        if not blob.has(piece):
            return  # the blob failed meanwhile
        offset, length = blob.piece_range(piece)
        header = pack(Kind.PIECE, length, blob=lane.number, piece=piece, sha256=blob.sha256(piece))
        await send_bytes(sock, header, socket.MSG_MORE)
        await send_file(sock, blob.fileno(), offset, length)
        self._around.counters.sent("peer", length)
        delay = self._around.limiter.spend(length)
        self._burst += 1
        if delay or self._burst >= BURST:
            self._burst = 0
            await asyncio.sleep(delay)


def _open_frame(lane: Lane) -> bytes:
    blob = lane.share.blob
    message = Open(blob.digest, blob.size, blob.piece_size, lane.share.ticket_text)
    return pack_message(Kind.OPEN, message, blob=lane.number)


class PeersOut:
    """All of a node's outgoing connections, by the peer's address; each is made when there is something to push."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._outs: dict[str, PeerOut] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._not_before: dict[str, float] = {}

    def queued(self, peer: str) -> int:
        out = self._outs.get(peer)
        return out.queued if out else 0

    def push(self, peer: str, share: Pushed, piece: int, *, relay_to: str = "", late: bool = False) -> None:
        out = self._outs.get(peer) or self._open(peer)
        if out:
            out.push(share, piece, relay_to=relay_to, late=late)

    def drop(self, peer: str, digest: str) -> None:
        out = self._outs.get(peer)
        if out:
            out.drop(digest)
            if out.idle:
                self._tasks[peer].cancel()

    def wake(self) -> None:
        for out in self._outs.values():
            out.wake()

    async def close(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _open(self, peer: str) -> PeerOut | None:
        if asyncio.get_running_loop().time() < self._not_before.get(peer, 0):
            return None
        out = self._outs[peer] = PeerOut(peer, self._around)
        self._tasks[peer] = asyncio.create_task(self._run(peer, out))
        return out

    async def _run(self, peer: str, out: PeerOut) -> None:
        try:
            await out.run()
        except* (OSError, EOFError, SwarmError) as ended:
            _log.info("the connection to %s ended: %s", peer, ended.exceptions[0])
            self._not_before[peer] = asyncio.get_running_loop().time() + RETRY
        finally:
            if self._outs.get(peer) is out:
                del self._outs[peer], self._tasks[peer]
