"""All blobs' leases, and the agents that are connected: carries messages from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from p2p.swarm.codec import MOST_PIECES
from p2p.swarm.errors import ProtocolError
from p2p.swarm.frames import MOST_BODY
from p2p.swarm.leases import Leases, Tell
from p2p.swarm.messages import FromScheduler, Got, Join, Lease, Leave, Missing, Release, Want

Send = Callable[[FromScheduler], None]


class Hub:
    """Soft state: agents announce all of it again to a new scheduler. `clock` is steady."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._agents: dict[str, Send] = {}
        self._blobs: dict[str, Leases] = {}
        self.leased = 0  # pieces, since the start

    @property
    def agents(self) -> int:
        return len(self._agents)

    @property
    def blobs(self) -> int:
        return len(self._blobs)

    def connected(self, node: str, send: Send) -> None:
        """An agent is there; an older connection of its node counts no longer."""
        self._leave_all(node)
        self._agents[node] = send

    def disconnected(self, node: str, send: Send) -> None:
        if self._agents.get(node) is send:
            del self._agents[node]
            self._leave_all(node)

    def join(self, node: str, address: str, message: Join) -> None:
        """The caller has checked the ticket. Raises ProtocolError when others know the blob with another size."""
        if not 0 < message.piece_size <= MOST_BODY or message.size > message.piece_size * MOST_PIECES:
            raise ProtocolError(f"pieces of {message.piece_size} bytes for a blob of {message.size}")
        blob = self._blobs.setdefault(message.digest, Leases(message.digest, message.size, message.piece_size))
        if (blob.size, blob.piece_size) != (message.size, message.piece_size):
            raise ProtocolError(f"{message.digest} has {blob.size} bytes in pieces of {blob.piece_size}")
        self._tell(blob.joined(node, address, message.have, self._clock()))

    def heard(self, node: str, message: Want | Got | Missing | Release | Leave) -> None:
        """What is said about a blob that the node is no member of is late, and counts no longer."""
        blob = self._blobs.get(message.digest)
        if blob is None or node not in blob.members:
            return
        now = self._clock()
        match message:
            case Want(rate=rate):
                self._tell(blob.wants(node, rate, now))
            case Got(pieces=pieces, backlog=backlog):
                blob.got(node, pieces, backlog, now)
            case Missing(pieces=pieces):
                self._tell(blob.missing(node, pieces))
            case Release(pieces=pieces):
                self._tell(blob.released(node, pieces, now))
            case Leave():
                self._leave(node, blob)

    def tick(self) -> None:
        now = self._clock()
        for blob in self._blobs.values():
            self._tell(blob.tick(now))

    def _leave_all(self, node: str) -> None:
        for blob in [blob for blob in self._blobs.values() if node in blob.members]:
            self._leave(node, blob)

    def _leave(self, node: str, blob: Leases) -> None:
        self._tell(blob.left(node, self._clock()))
        if not blob.members:
            del self._blobs[blob.digest]

    def _tell(self, tells: Iterable[Tell]) -> None:
        for tell in tells:
            if isinstance(tell.message, Lease):
                self.leased += tell.message.count
            send = self._agents.get(tell.node)
            if send:
                send(tell.message)
