"""Sets of pieces as integers: bit i stands for piece i. Union, difference and count are one machine operation each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Run = tuple[int, int]  # first piece, count


def span(start: int, count: int) -> int:
    return ((1 << count) - 1) << start


def union(sets: Iterable[int]) -> int:
    result = 0
    for one in sets:
        result |= one
    return result


def from_runs(runs: Iterable[Run]) -> int:
    return union(span(start, count) for start, count in runs)


def to_runs(pieces: int) -> Iterator[Run]:
    """The maximal runs of a set, in order."""
    start = 0
    while pieces:
        gap = _lowest(pieces)
        pieces >>= gap
        count = _lowest(~pieces)
        yield start + gap, count
        pieces >>= count
        start += gap + count


def first_run(pieces: int, most: int) -> Run:
    """The first run of a set that is not empty, cut to at most `most` pieces."""
    start, count = next(to_runs(pieces))
    return start, min(count, most)


def each(pieces: int) -> Iterator[int]:
    for start, count in to_runs(pieces):
        yield from range(start, start + count)


def lowest(pieces: int, most: int) -> int:
    """The `most` lowest pieces of a set."""
    result = 0
    for start, count in to_runs(pieces):
        taken = min(count, most)
        result |= span(start, taken)
        most -= taken
        if not most:
            break
    return result


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
