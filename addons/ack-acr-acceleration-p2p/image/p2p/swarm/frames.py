"""Frames between peers: a header of 48 bytes in network order, then a body (docs/architecture.md)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from p2p.swarm.codec import VERSION, Digest, Number, Secret, Text, dump
from p2p.swarm.errors import ProtocolError

_HEADER = struct.Struct("!BBHIII32s")
HEADER_SIZE = _HEADER.size
MOST_BODY = 1 << 20  # also the largest piece
NO_HASH = bytes(32)


class Kind(IntEnum):
    OPEN = 1
    ACCEPT = 2
    REFUSE = 3
    PIECE = 4
    RELAY = 5
    CLOSE = 6
    ORDER = 9
    DONE = 10


class Header(NamedTuple):
    kind: Kind
    length: int
    blob: int
    piece: int
    sha256: bytes


@dataclass(frozen=True)
class Open:
    """A peer that wants to push a blob's pieces, and its right to."""

    digest: Digest
    size: Number
    piece_size: Number
    ticket: Secret = field(repr=False)


@dataclass(frozen=True)
class Accept:
    """The receiver's own right to that blob; nothing is pushed before it was seen."""

    ticket: Secret = field(repr=False)


@dataclass(frozen=True)
class Refuse:
    reason: Text


@dataclass(frozen=True)
class Relay:
    to: Text


def pack(kind: Kind, length: int = 0, *, blob: int = 0, piece: int = 0, sha256: bytes = NO_HASH) -> bytes:
    return _HEADER.pack(kind, VERSION, 0, length, blob, piece, sha256)


def pack_message(kind: Kind, message: object, *, blob: int = 0, piece: int = 0) -> bytes:
    """A whole frame whose body is JSON."""
    body = dump(message).encode()
    return pack(kind, len(body), blob=blob, piece=piece) + body


def unpack(header: bytes | bytearray | memoryview) -> Header:
    """Raises ProtocolError: another version, an unknown kind, a body past the limit."""
    kind, version, _flags, length, blob, piece, sha256 = _HEADER.unpack(header)
    if version != VERSION or length > MOST_BODY:
        raise ProtocolError(f"a frame of version {version} and {length} bytes")
    try:
        return Header(Kind(kind), length, blob, piece, sha256)
    except ValueError:
        raise ProtocolError(f"a frame of unknown kind {kind}") from None
