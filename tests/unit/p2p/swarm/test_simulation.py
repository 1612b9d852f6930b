"""A whole swarm on a virtual clock: the real leases, and nodes that fetch, push and report as agents do."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from p2p.swarm.leases import Leases, Tell
from p2p.swarm.messages import Adopt, Gone, Lease, Peer, Push
from p2p.swarm.pieces import each, span

PIECE = 1 << 16
DELAY = 0.005  # seconds that a piece or a message is under way


class Simulation:
    def __init__(self, pieces: int) -> None:
        self.now = 0.0
        self.leases = Leases("sha256:" + "0" * 64, pieces * PIECE, PIECE)
        self.nodes: dict[str, Node] = {}
        self.from_origin: Counter[int] = Counter()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = 0
        self.at(0.0, self._tick)

    def at(self, delay: float, action: Callable[[], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._events, (self.now + delay, self._numbers, action))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = end

    def tell(self, tells: list[Tell]) -> None:
        for tell in tells:
            self.at(DELAY, partial(self._carry, tell))

    def _carry(self, tell: Tell) -> None:
        if tell.node in self.nodes:
            self.nodes[tell.node].heard(tell)

    def add(self, name: str, rate: float) -> Node:
        node = self.nodes[name] = Node(self, name, rate)
        self.tell(self.leases.joined(name, name, 0, self.now))
        node.want()
        self.at(0.1, node.report)
        return node

    def kill(self, name: str) -> None:
        del self.nodes[name]
        self.at(DELAY, lambda: self.tell(self.leases.left(name, self.now)))

    def _tick(self) -> None:
        self.tell(self.leases.tick(self.now))
        self.at(0.1, self._tick)


class Node:
    """`rate` is in pieces/s."""

    def __init__(self, simulation: Simulation, name: str, rate: float) -> None:
        self.simulation, self.name, self.rate = simulation, name, rate
        self.have = self.news = self.spreads = 0
        self.peers: set[str] = set()
        self.last = 0.0

    def want(self) -> None:
        rate = int(self.rate * PIECE)
        self.simulation.tell(self.simulation.leases.wants(self.name, rate if self.have else 0, self.simulation.now))

    def heard(self, tell: Tell) -> None:
        match tell.message:
            case Peer(node=node, have=have):
                self.peers.add(node)
                self.push(self.spreads & self.have & ~have, [node])
            case Gone(node=node):
                self.peers.discard(node)
            case Lease(start=start, count=count):
                self.spreads |= span(start, count)
                self.fetch(start, count)
            case Push(pieces=pieces, to=node):
                self.push(pieces, [node])
            case Adopt(pieces=pieces, to=nodes):
                self.spreads |= pieces
                self.push(pieces, list(nodes))

    def fetch(self, piece: int, left: int) -> None:
        if not left:
            self.want()
            return
        self.simulation.at(1 / self.rate, lambda: self.fetched(piece, left))

    def fetched(self, piece: int, left: int) -> None:
        if self.simulation.nodes.get(self.name) is not self:
            return
        self.simulation.from_origin[piece] += 1
        self.arrived(piece)
        self.push(1 << piece, sorted(self.peers))
        self.fetch(piece + 1, left - 1)

    def push(self, pieces: int, to: list[str]) -> None:
        for node in to:
            for piece in each(pieces & self.have):
                self.simulation.at(DELAY, partial(self.deliver, node, piece))

    def deliver(self, node: str, piece: int) -> None:
        if node in self.simulation.nodes:
            self.simulation.nodes[node].arrived(piece)

    def arrived(self, piece: int) -> None:
        self.news |= 1 << piece & ~self.have
        self.have |= 1 << piece
        self.last = self.simulation.now

    def report(self) -> None:
        simulation = self.simulation
        if simulation.nodes.get(self.name) is not self:
            return
        if self.news:
            simulation.tell(simulation.leases.got(self.name, self.news, 0, simulation.now))
            self.news = 0
        missing = span(0, simulation.leases.pieces) & ~self.have
        if missing and simulation.now - self.last > 1:
            self.last = simulation.now
            simulation.tell(simulation.leases.missing(self.name, missing))
        simulation.at(0.1, self.report)


def complete(simulation: Simulation) -> bool:
    return all(node.have == span(0, simulation.leases.pieces) for node in simulation.nodes.values())


@pytest.mark.parametrize("nodes", [1, 3, 24])
def test_each_piece_leaves_the_origin_exactly_once(nodes: int) -> None:
    simulation = Simulation(pieces=500)
    for number in range(nodes):
        simulation.add(f"n{number}", rate=20 + 10 * (number % 4))
    simulation.run(40)
    assert complete(simulation)
    assert simulation.from_origin == Counter(range(500))


def test_a_late_node_takes_nothing_from_the_origin() -> None:
    simulation = Simulation(pieces=200)
    for name in ("a", "b", "c"):
        simulation.add(name, rate=50)
    simulation.run(10)
    simulation.add("late", rate=50)
    simulation.run(5)
    assert complete(simulation)
    assert simulation.from_origin == Counter(range(200))


@pytest.mark.parametrize("seed", range(20))
def test_every_survivor_ends_complete_when_nodes_die_and_join(seed: int) -> None:
    chance = random.Random(seed)
    simulation = Simulation(pieces=400)
    names = [f"n{number}" for number in range(8)]
    for name in names:
        simulation.add(name, rate=chance.uniform(5, 60))
    for victim in chance.sample(names, 3):
        simulation.run(chance.uniform(0.05, 1.0))
        simulation.kill(victim)
    simulation.add("late", rate=20)
    simulation.run(60)
    assert complete(simulation)
    # Only what was on lease to the dead, at most two runs each, may have left the origin again.
    assert sum(simulation.from_origin.values()) <= 400 + 3 * 64
