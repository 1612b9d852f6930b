"""What agent and scheduler say to one another: JSON text messages of a WebSocket (docs/architecture.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias, get_args

from p2p.swarm.codec import Address, Digest, Digests, Names, Number, Pieces, Secret, Text, decode, encode, load
from p2p.swarm.errors import ProtocolError

MOST_MESSAGE = 1 << 20


@dataclass(frozen=True)
class AskTicket:
    """A ticket for `digests`, which the manifest lists; `authorization` is the caller's own, to be tried at the origin."""

    id: Number
    origin: Text
    repository: Text
    manifest: Digest
    authorization: Secret = field(repr=False)
    digests: Digests


@dataclass(frozen=True)
class Renew:
    """The same ticket again with a later end; the old one may have expired."""

    id: Number
    ticket: Secret = field(repr=False)


@dataclass(frozen=True)
class Join:
    digest: Digest
    size: Number
    piece_size: Number
    ticket: Secret = field(repr=False)
    have: Pieces


@dataclass(frozen=True)
class Want:
    """Something to fetch from the origin, please; `rate` is what this node gets from there in bytes/s, 0 = not known."""

    digest: Digest
    rate: Number


@dataclass(frozen=True)
class Got:
    """Pieces that arrived since the last report; `backlog` is the number of pieces that wait in a usual outgoing queue."""

    digest: Digest
    pieces: Pieces
    backlog: Number


@dataclass(frozen=True)
class Missing:
    digest: Digest
    pieces: Pieces


@dataclass(frozen=True)
class Release:
    """Leased pieces that this node could not get from the origin."""

    digest: Digest
    pieces: Pieces


@dataclass(frozen=True)
class Leave:
    digest: Digest


@dataclass(frozen=True)
class Granted:
    id: Number
    ticket: Secret = field(repr=False)


@dataclass(frozen=True)
class Refused:
    id: Number
    reason: Text


@dataclass(frozen=True)
class Peer:
    """Another member of this blob's swarm. Who hears it pushes what it spreads, save what that peer has."""

    digest: Digest
    node: Text
    address: Address
    have: Pieces


@dataclass(frozen=True)
class Lease:
    """Pieces to fetch from the origin and to push to every peer: whoever holds the lease spreads them."""

    digest: Digest
    start: Number
    count: Number


@dataclass(frozen=True)
class Push:
    digest: Digest
    pieces: Pieces
    to: Text


@dataclass(frozen=True)
class Adopt:
    """Pieces that nobody spreads any more: push them to the nodes named, and to every peer that joins."""

    digest: Digest
    pieces: Pieces
    to: Names


@dataclass(frozen=True)
class Gone:
    digest: Digest
    node: Text


FromAgent: TypeAlias = AskTicket | Renew | Join | Want | Got | Missing | Release | Leave
FromScheduler: TypeAlias = Granted | Refused | Peer | Lease | Push | Adopt | Gone
_OPS: dict[str, type[Any]] = {
    "ticket": AskTicket,
    "renew": Renew,
    "join": Join,
    "want": Want,
    "got": Got,
    "missing": Missing,
    "release": Release,
    "leave": Leave,
}
_ANSWERS: dict[str, type[Any]] = {
    "ticket": Granted,
    "refused": Refused,
    "peer": Peer,
    "lease": Lease,
    "push": Push,
    "adopt": Adopt,
    "gone": Gone,
}
_NAMES = {kind: op for op, kind in [*_OPS.items(), *_ANSWERS.items()]}
assert set(_NAMES) == {*get_args(FromAgent), *get_args(FromScheduler)}


def write(message: FromAgent | FromScheduler) -> str:
    return json.dumps({"op": _NAMES[type(message)], **encode(message)}, separators=(",", ":"))


def read_from_agent(text: str) -> FromAgent:
    """Raises ProtocolError."""
    message: FromAgent = _read(_OPS, text)
    return message


def read_from_scheduler(text: str) -> FromScheduler:
    """Raises ProtocolError."""
    message: FromScheduler = _read(_ANSWERS, text)
    return message


def _read(ops: dict[str, type[Any]], text: str) -> Any:
    wire = load(text, MOST_MESSAGE)
    kind = ops.get(str(wire.get("op")))
    if kind is None:
        raise ProtocolError("a message with an op that is not known")
    return decode(kind, wire)
