"""Frames between peers."""

from __future__ import annotations

import pytest
from p2p.swarm.errors import ProtocolError
from p2p.swarm.frames import HEADER_SIZE, MOST_BODY, Header, Kind, pack, unpack


def test_the_header_is_as_documented() -> None:
    packed = pack(Kind.PIECE, 65_536, blob=1, piece=2, sha256=b"h" * 32)
    assert packed == bytes([4, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]) + b"h" * 32
    assert len(packed) == HEADER_SIZE == 48
    assert unpack(packed) == Header(Kind.PIECE, 65_536, 1, 2, b"h" * 32)


@pytest.mark.parametrize(("position", "value"), [(0, 0), (0, 7), (0, 255), (1, 2), (1, 0)])
def test_what_is_not_known_is_refused(position: int, value: int) -> None:
    packed = bytearray(pack(Kind.CLOSE))
    packed[position] = value
    with pytest.raises(ProtocolError):
        unpack(packed)


def test_a_body_has_a_limit() -> None:
    assert unpack(pack(Kind.PIECE, MOST_BODY)).length == MOST_BODY
    with pytest.raises(ProtocolError):
        unpack(pack(Kind.PIECE, MOST_BODY + 1))
