"""How a blob is cut into pieces. Every node must cut it alike."""

from __future__ import annotations

SMALLEST = 512 << 10  # each piece costs a node some Python on its way: with 64 KiB pulls took half as much CPU again
LARGEST = 1 << 20  # what a frame between peers may carry
MOST = 4096  # pieces that a blob is cut into, while pieces of the largest size allow


def piece_size(size: int) -> int:
    """The smallest power of two that cuts `size` bytes into at most MOST pieces, within SMALLEST and LARGEST."""
    piece = SMALLEST
    while piece < LARGEST and piece * MOST < size:
        piece *= 2
    return piece


def runs(pieces: bytearray) -> list[tuple[int, int]]:
    """[start, count] of each run of ones."""
    found: list[tuple[int, int]] = []
    start = pieces.find(1)
    while start >= 0:
        end = pieces.find(0, start)
        end = len(pieces) if end < 0 else end
        found.append((start, end - start))
        start = pieces.find(1, end)
    return found
