from __future__ import annotations

import pytest
from p2p.store.pieces import LARGEST, MOST, SMALLEST, piece_size, runs

GIB = 1 << 30


@pytest.mark.parametrize(
    ("size", "piece"),
    [(0, SMALLEST), (2 * GIB, SMALLEST), (2 * GIB + 1, 2 * SMALLEST), (4 * GIB, LARGEST), (9 * GIB, LARGEST)],
)
def test_pieces_grow_with_the_blob_up_to_what_a_frame_carries(size: int, piece: int) -> None:
    assert piece_size(size) == piece
    assert size > 4 * GIB or -(-size // piece) <= MOST


@pytest.mark.parametrize(
    ("pieces", "found"), [(b"", []), (b"\0\0", []), (b"\1", [(0, 1)]), (b"\0\1\1\0\1", [(1, 2), (4, 1)]), (b"\1\1", [(0, 2)])]
)
def test_runs(pieces: bytes, found: list[tuple[int, int]]) -> None:
    assert runs(bytearray(pieces)) == found
