"""The scheduler's decisions for one blob, pure: what members say comes in with the time, what to tell them goes out.

Each piece leaves the origin under one lease, and whoever held the lease spreads the piece to all the others. What is neither
held by a member nor on lease is free; everything else is derived from what members have, hold on lease, and spread.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from p2p.swarm.messages import Adopt, FromScheduler, Gone, Lease, Peer, Push
from p2p.swarm.pieces import each, first_run, span, union

FIRST_LEASE = 2  # pieces, while nothing is known of a node's rate
MOST_LEASE = 32  # pieces
LEASE_SECONDS = 0.5  # a lease is what the node moves in this time
STUCK = 3.0  # seconds without a piece after which a lease is void
SETTLE = 0.25  # seconds in which reports under way arrive, before a dead node's pieces are given to others


@dataclass
class Member:
    """What is known of one node; the sets are of pieces."""

    node: str
    address: str
    have: int
    leased: int = 0  # to be fetched by it, and not reported yet
    spreads: int = 0  # its own to push to everybody
    wants: bool = False
    rate: int = 0  # bytes/s from the origin
    backlog: int = 0  # pieces in its usual outgoing queue
    progress: float = 0.0  # when its lease last brought something


@dataclass(frozen=True)
class Tell:
    node: str
    message: FromScheduler


class Leases:
    """Raises KeyError for a node that has not joined; times are seconds of any steady clock."""

    def __init__(self, digest: str, size: int, piece_size: int) -> None:
        self.digest, self.size, self.piece_size = digest, size, piece_size
        self.pieces = -(-size // piece_size)
        self.members: dict[str, Member] = {}
        self._all = span(0, self.pieces)
        self._limbo = 0  # leased by one that is gone; reports of it may be under way
        self._limbo_until = 0.0
        self._orphans_since: float | None = None
        self._calm = False  # nothing to do until somebody says something

    def joined(self, node: str, address: str, have: int, now: float) -> list[Tell]:
        """A node joins, or joins again after it lost the connection: what it held on lease then is void."""
        self._calm = False
        tells = self.left(node, now) if node in self.members else []
        others = list(self.members.values())
        new = self.members[node] = Member(node, address, have & self._all)
        tells += [Tell(other.node, self._peer(new)) for other in others]
        tells += [Tell(node, self._peer(other)) for other in others]
        return tells

    def wants(self, node: str, rate: int, now: float) -> list[Tell]:
        self._calm = False
        member = self.members[node]
        member.wants, member.rate = True, rate
        return self._grant([member], now)

    def got(self, node: str, pieces: int, backlog: int, now: float) -> list[Tell]:
        self._calm = False
        member = self.members[node]
        if pieces & member.leased:
            member.progress = now
        member.have |= pieces & self._all
        member.leased &= ~pieces
        member.backlog = backlog
        return []

    def missing(self, node: str, pieces: int) -> list[Tell]:
        """Pieces that do not come though somebody may hold them: the least busy holders push them."""
        holders = [member for member in self.members.values() if member.node != node]
        tasks: dict[str, int] = {}
        for piece, holder in self._assign(pieces & ~self.members[node].have & self._all, holders):
            tasks[holder.node] = tasks.get(holder.node, 0) | 1 << piece
        return [Tell(holder, Push(self.digest, wanted, node)) for holder, wanted in tasks.items()]

    def released(self, node: str, pieces: int, now: float) -> list[Tell]:
        """The node could not fetch these: they are free at once, as nobody else can have them."""
        self._void(self.members[node], pieces)
        return self._grant(self._waiting(), now)

    def left(self, node: str, now: float) -> list[Tell]:
        self._calm = False
        member = self.members.pop(node)
        self._limbo |= member.leased
        self._limbo_until = now + SETTLE
        return [Tell(other, Gone(self.digest, node)) for other in self.members]

    def tick(self, now: float) -> list[Tell]:
        """To be called a few times a second: frees what is stuck, has what nobody spreads adopted, and leases."""
        if self._calm:
            return []
        for member in self.members.values():
            if member.leased and now - member.progress >= STUCK:
                self._void(member, member.leased)
        if now >= self._limbo_until:
            self._limbo = 0
        tells = self._adopt(now) + self._grant(self._waiting(), now)
        leased = any(member.leased for member in self.members.values())
        self._calm = not (leased or self._limbo or self._waiting() or self._orphans_since is not None)
        return tells

    def _peer(self, member: Member) -> Peer:
        return Peer(self.digest, member.node, member.address, member.have)

    def _void(self, member: Member, pieces: int) -> None:
        member.spreads &= ~(pieces & member.leased)
        member.leased &= ~pieces

    def _held(self) -> int:
        return union(member.have for member in self.members.values())

    def _free(self) -> int:
        leased = union(member.leased for member in self.members.values())
        return self._all & ~(self._held() | leased | self._limbo)

    def _waiting(self) -> list[Member]:
        return [member for member in self.members.values() if member.wants and member.have != self._all]

    def _grant(self, members: list[Member], now: float) -> list[Tell]:
        free = self._free() if members else 0
        tells = []
        for member in members:
            if not free:
                break
            start, count = first_run(free, self._lease_size(member, free.bit_count()))
            pieces = span(start, count)
            free &= ~pieces
            if not member.leased:
                member.progress = now
            member.leased |= pieces
            member.spreads |= pieces
            member.wants = False
            tells.append(Tell(member.node, Lease(self.digest, start, count)))
        return tells

    def _lease_size(self, member: Member, free: int) -> int:
        """What it moves in half a second, but at most half of an even share, so that all end together."""
        active = sum(other.have != self._all for other in self.members.values())
        size = int(member.rate * LEASE_SECONDS / self.piece_size) if member.rate else FIRST_LEASE
        return max(1, min(size, MOST_LEASE, free // (2 * max(1, active))))

    def _adopt(self, now: float) -> list[Tell]:
        """Pieces that are held but that nobody spreads: their spreader is gone, or the scheduler is new."""
        orphans = self._held() & ~union(member.spreads for member in self.members.values())
        if not orphans:
            self._orphans_since = None
            return []
        if self._orphans_since is None:
            self._orphans_since = now
        if now - self._orphans_since < SETTLE:
            return []
        self._orphans_since = None
        return self._hand_out(orphans)

    def _hand_out(self, orphans: int) -> list[Tell]:
        tasks: dict[tuple[str, tuple[str, ...]], int] = {}
        for piece, holder in self._assign(orphans, self.members.values()):
            holder.spreads |= 1 << piece
            lacking = tuple(member.node for member in self.members.values() if not member.have >> piece & 1)
            tasks[holder.node, lacking] = tasks.get((holder.node, lacking), 0) | 1 << piece
        return [Tell(holder, Adopt(self.digest, pieces, to)) for (holder, to), pieces in tasks.items()]

    def _assign(self, pieces: int, candidates: Iterable[Member]) -> Iterable[tuple[int, Member]]:
        """Each piece that a candidate has, with the holder that has the least to do."""
        load = {member.node: member.backlog for member in candidates}
        for piece in each(pieces):
            holders = [self.members[node] for node in load if self.members[node].have >> piece & 1]
            if holders:
                holder = min(holders, key=lambda member: load[member.node])
                load[holder.node] += 1
                yield piece, holder
