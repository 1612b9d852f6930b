"""The peer door: connections over which other nodes push pieces to this one, and the webhook gives orders."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from p2p.store.errors import WrongBytes
from p2p.swarm.codec import decode, load
from p2p.swarm.errors import ProtocolError, SwarmError
from p2p.swarm.frames import HEADER_SIZE, MOST_BODY, Accept, Header, Kind, Open, Refuse, Relay, pack, pack_message, unpack
from p2p.swarm.orders import Order, verify_order
from p2p.swarm.peer_out import Surroundings
from p2p.swarm.share import Share
from p2p.swarm.signing import PublicKeys
from p2p.swarm.sockets import bound_socket, expect_life
from p2p.swarm.tickets import verify

HELLO_SECONDS = 5.0  # until the first frame is there
MOST_CONNECTIONS = 1024
MOST_HELLO = 128 << 10  # bytes of a body from somebody whose ticket is not known yet
RECEIVE_BUFFERS = 512 << 10  # bytes of all connections together: more senders than that can fill overrun the link
LARGEST_BUFFER, SMALLEST_BUFFER = 256 << 10, 16 << 10
_log = logging.getLogger(__name__)


def receive_buffer(connections: int) -> int:
    """Bytes that each of so many connections may have on its way to this node."""
    return max(SMALLEST_BUFFER, min(LARGEST_BUFFER, RECEIVE_BUFFERS // max(1, connections)))


def peer_socket(address: str, port: int) -> socket.socket:
    """The bound socket of a peer door."""
    sock = bound_socket(address, port)
    # Before it listens, or the connections' windows are scaled for more.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGEST_BUFFER)
    return sock


@dataclass(frozen=True)
class Door:
    """What stands behind the peer door."""

    around: Surroundings
    find: Callable[[str], Share | None]  # by digest: what this node fetches or holds
    order_keys: Callable[[], PublicKeys]
    carry_out: Callable[[Order], Awaitable[str]]
    connections: set[PeerIn] = field(default_factory=set)

    async def serve(self, sock: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: PeerIn(self), sock=sock, backlog=512)

    def share_buffers(self) -> None:
        """Divide what may be on its way to this node among the connections."""
        buffer = receive_buffer(len(self.connections))
        for connection in self.connections:
            connection.limit(buffer)

    def admit(self, request: Open, address: str) -> Share | Refuse:
        """Whether a peer may push. Raises BadTicket: it is to hear nothing, not even that."""
        ticket = verify(request.ticket, self.around.keys())
        ticket.check(address=address, digest=request.digest, now=self.around.clock())
        share = self.find(request.digest)
        if share is None or share.blob.failed:
            return Refuse("that blob is not fetched here")
        if (request.size, request.piece_size) != (share.blob.size, share.blob.piece_size):
            return Refuse("that blob has another size here")
        return share


class PeerIn(asyncio.BufferedProtocol):
    """One incoming connection: received into one reused buffer that holds a frame; any breach ends it in silence."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lanes: dict[int, Share] = {}
        self._view = memoryview(bytearray(HEADER_SIZE))
        self._filled = 0
        self._frame_end = HEADER_SIZE  # of the frame that the buffer begins with
        self._low_water = 1
        self._wake_at = LARGEST_BUFFER // 2
        self._order: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        expect_life(self._socket)
        self._address = transport.get_extra_info("peername")[0]
        self._hello = asyncio.get_running_loop().call_later(HELLO_SECONDS, transport.abort)
        self._door.connections.add(self)
        if len(self._door.connections) > MOST_CONNECTIONS:
            transport.abort()
        self._door.share_buffers()

    def connection_lost(self, _error: Exception | None) -> None:
        self._hello.cancel()
        self._door.connections.discard(self)
        self._door.share_buffers()

    def limit(self, buffer: int) -> None:
        """Let no more than `buffer` bytes be on their way here; half of it is worth waking up for."""
        self._wake_at = buffer // 2
        if not self._transport.is_closing():
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)

    def close(self) -> None:
        self._transport.abort()

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._view[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        try:
            while self._take_frame():
                pass
        except (SwarmError, WrongBytes, OSError) as error:
            _log.info("the connection from %s is closed: %s", self._address, error)
            self._transport.abort()
        else:
            self._set_low_water()

    def _set_low_water(self) -> None:
        """Wake for a header at once, but for what is missing of a body only in larger parts (SO_RCVLOWAT, socket(7))."""
        missing = (HEADER_SIZE if self._filled < HEADER_SIZE else self._frame_end) - self._filled
        low_water = min(missing, self._wake_at)
        if low_water != self._low_water and not self._transport.is_closing():
            self._low_water = low_water
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, low_water)

    def _take_frame(self) -> bool:
        """Handle the frame at the start of the buffer, if it is whole, and move up what follows it."""
        if self._filled < HEADER_SIZE or self._transport.is_closing():
            return False
        header = unpack(self._view[:HEADER_SIZE])
        if not self._lanes and header.length > MOST_HELLO:
            raise ProtocolError("a first frame that is too long")
        end = self._frame_end = HEADER_SIZE + header.length
        if self._filled < end:
            self._make_room(end)
            return False
        self._handle(header, self._view[HEADER_SIZE:end])
        rest = self._filled - end
        self._view[:rest] = self._view[end : self._filled]
        self._filled = rest
        return True

    def _make_room(self, size: int) -> None:
        if size > len(self._view):
            larger = memoryview(bytearray(size))
            larger[: self._filled] = self._view[: self._filled]
            self._view = larger

    def _handle(self, header: Header, body: memoryview) -> None:
        self._hello.cancel()
        match header.kind:
            case Kind.OPEN:
                self._open(header.blob, decode(Open, load(body, MOST_BODY)))
            case Kind.PIECE:
                self._piece(header, body)
            case Kind.RELAY:
                self._lane(header).relay(header.piece, decode(Relay, load(body, MOST_BODY)).to)
            case Kind.CLOSE:
                self._lanes.pop(header.blob, None)
            case Kind.ORDER if not self._lanes:
                order = verify_order(body, self._door.order_keys(), self._door.around.clock())
                self._order = asyncio.create_task(self._carry_out(order))
            case _:
                raise ProtocolError(f"a {header.kind.name} out of place")

    def _open(self, number: int, request: Open) -> None:
        answer = self._door.admit(request, self._address)
        if isinstance(answer, Refuse):
            self._transport.write(pack_message(Kind.REFUSE, answer, blob=number))
            return
        self._lanes[number] = answer
        self._transport.write(pack_message(Kind.ACCEPT, Accept(answer.ticket_text), blob=number))

    def _lane(self, header: Header) -> Share:
        share = self._lanes.get(header.blob)
        if share is None or header.piece >= share.blob.pieces:
            raise ProtocolError("a piece of a blob that was not accepted")
        return share

    def _piece(self, header: Header, body: memoryview) -> None:
        share = self._lane(header)
        blob = share.blob
        if self._door.find(blob.digest) is not share or blob.failed:
            return  # let go here a moment ago; the pusher will hear of it
        if len(body) != blob.piece_range(header.piece)[1]:
            raise ProtocolError("a piece of the wrong length")
        self._door.around.counters.got("peer", len(body))
        blob.put(header.piece, body, header.sha256, f"peer {self._address}")
        delay = self._door.around.limiter.spend(len(body))
        if delay > 0:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(delay, self._transport.resume_reading)

    async def _carry_out(self, order: Order) -> None:
        answer = (await self._door.carry_out(order)).encode()
        self._transport.write(pack(Kind.DONE, len(answer)) + answer)
        self._transport.close()
