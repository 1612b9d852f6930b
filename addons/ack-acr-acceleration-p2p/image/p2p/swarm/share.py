"""What this node does for one blob: whom it pushes what, and what it tells the scheduler."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from p2p.swarm.messages import (
    Adopt,
    FromAgent,
    FromScheduler,
    Gone,
    Got,
    Join,
    Lease,
    Leave,
    Missing,
    Peer,
    Push,
    Release,
    Want,
)
from p2p.swarm.pieces import each, from_runs, lowest, span
from p2p.swarm.ports import Blob
from p2p.swarm.tickets import LIFE, Ticket

BEHIND = 4  # queued pieces from which on a peer gets a piece through another one
SHORT = 1  # queued pieces up to which a peer may be asked to relay
MOST_MISSING = 256  # pieces asked for at a time


class Outs(Protocol):
    """The outgoing connections, by the peer's address."""

    def queued(self, peer: str) -> int: ...
    def push(self, peer: str, share: Share, piece: int, *, relay_to: str = "", late: bool = False) -> None: ...
    def drop(self, peer: str, digest: str) -> None: ...


@dataclass(frozen=True)
class Way:
    """How a piece gets to `node`: pushed, or relayed by `through`."""

    node: str
    through: str = ""


def ways(queues: dict[str, int]) -> list[Way]:
    """Pushes first: a relay works because its relayer was pushed the piece before on the same connection."""
    behind = [node for node, queued in queues.items() if queued >= BEHIND]
    relayers = deque(sorted((node for node, queued in queues.items() if queued <= SHORT), key=queues.__getitem__))
    found = [Way(node) for node in queues if node not in behind]
    for node in behind:
        found.append(Way(node, relayers[0] if relayers else ""))
        relayers.rotate(-1)
    return found


class Share:
    """A blob that this node is a member for; lives on the loop."""

    def __init__(
        self,
        blob: Blob,
        ticket_text: str,
        ticket: Ticket,
        outs: Outs,
        say: Callable[[FromAgent], None],
    ) -> None:
        self.blob, self.ticket_text, self.ticket = blob, ticket_text, ticket
        self.leases: deque[tuple[int, int]] = deque()  # runs to fetch from the origin
        self.joined = False
        self.wants = False  # asked for a lease, and not answered
        self.on_lease: Callable[[], None] = lambda: None
        self._outs, self._say = outs, say
        self._peers: dict[str, str] = {}  # node: address
        self._spreads = 0
        self._news = 0  # pieces not reported yet
        self._forget = blob.on_piece(self._arrived)

    def renew(self, text: str, ticket: Ticket) -> None:
        self.ticket_text, self.ticket = text, ticket

    def is_due(self, now: float) -> bool:
        """Whether the ticket is in the last third of its life."""
        return now >= self.ticket.expires - LIFE / 3

    def join(self) -> None:
        """Tell the scheduler what is here; what it said on an earlier connection no longer counts."""
        self.leases.clear()
        self._spreads = self._news = 0
        self.wants = False
        self.joined = True
        blob = self.blob
        self._say(Join(blob.digest, blob.size, blob.piece_size, self.ticket_text, from_runs(blob.have())))

    def leave(self) -> None:
        self._say(Leave(self.blob.digest))
        self._forget()
        for address in self._peers.values():
            self._outs.drop(address, self.blob.digest)

    def want(self, rate: float) -> None:
        self.wants = True
        self._say(Want(self.blob.digest, int(rate)))

    def report(self) -> None:
        if self._news:
            self._say(Got(self.blob.digest, self._news, self.backlog()))
            self._news = 0

    def report_missing(self) -> None:
        """Nothing arrives: ask for the first pieces that are not here."""
        missing = span(0, self.blob.pieces) & ~from_runs(self.blob.have())
        self._say(Missing(self.blob.digest, lowest(missing, MOST_MISSING)))

    def release(self, start: int, count: int) -> None:
        """Give leased pieces back that the origin did not give."""
        self._spreads &= ~span(start, count)
        self._say(Release(self.blob.digest, span(start, count)))

    def backlog(self) -> int:
        """The median of the outgoing queues, in pieces."""
        queues = sorted(map(self._outs.queued, self._peers.values()))
        return queues[len(queues) // 2] if queues else 0

    def spread(self, piece: int) -> None:
        """Get a piece that came from the origin under a lease to every peer."""
        if not self._spreads >> piece & 1:
            return
        for way in ways({node: self._outs.queued(address) for node, address in self._ring()}):
            if way.through:
                self._outs.push(self._peers[way.through], self, piece, relay_to=way.node)
            else:
                self._outs.push(self._peers[way.node], self, piece)

    def relay(self, piece: int, node: str) -> None:
        """A peer asks to pass a piece on. It came before the request, on the same connection."""
        if node in self._peers and piece < self.blob.pieces and self.blob.has(piece):
            self._outs.push(self._peers[node], self, piece)

    def heard(self, message: FromScheduler) -> None:
        match message:
            case Peer(node=node, address=address, have=have):
                self._peers[node] = address
                self._push(self._spreads & ~have, node, late=True)
            case Lease(start=start, count=count):
                self._leased(start, count)
            case Push(pieces=pieces, to=node):
                self._push(pieces, node)
            case Adopt(pieces=pieces, to=nodes):
                self._spreads |= pieces
                for node in nodes:
                    self._push(pieces, node)
            case Gone(node=node):
                self._gone(node)

    def _leased(self, start: int, count: int) -> None:
        self._spreads |= span(start, count)
        self.leases.append((start, count))
        self.wants = False
        self.on_lease()

    def _push(self, pieces: int, node: str, *, late: bool = False) -> None:
        address = self._peers.get(node)
        if address is None:
            return
        for piece in each(pieces & from_runs(self.blob.have())):
            self._outs.push(address, self, piece, late=late)

    def _gone(self, node: str) -> None:
        address = self._peers.pop(node, None)
        if address is not None:
            self._outs.drop(address, self.blob.digest)

    def _arrived(self, piece: int) -> None:
        self._news |= 1 << piece

    def _ring(self) -> list[tuple[str, str]]:
        """The peers, beginning after this node, so that not everybody pushes to the same one first."""
        return sorted(self._peers.items(), key=lambda peer: (peer[0] < self.ticket.node, peer[0]))
