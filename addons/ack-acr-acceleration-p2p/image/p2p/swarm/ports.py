"""What the swarm needs of its surroundings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol


class Blob(Protocol):
    """A blob that is being filled, in pieces of `piece_size` bytes (the last may be shorter)."""

    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def piece_size(self) -> int: ...
    @property
    def pieces(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def failed(self) -> Exception | None: ...
    def has(self, piece: int) -> bool: ...
    def have(self) -> list[tuple[int, int]]:
        """Runs of pieces as (start, count)."""
        ...

    def piece_range(self, piece: int) -> tuple[int, int]:
        """Offset and length in bytes."""
        ...

    def sha256(self, piece: int) -> bytes:
        """The digest of a piece that it has."""
        ...

    def fileno(self) -> int:
        """Of the file with the bytes, open for as long as somebody refers to the blob."""
        ...

    def put(self, piece: int, data: memoryview, sha256: bytes, source: str, *, hashed: bool = False) -> bool:
        """Verify (unless just hashed) and keep a piece, on the loop. False: it was there already. Raises WrongBytes."""
        ...

    def on_piece(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call `listener` on the loop for each new piece, until the function returned is called."""
        ...


class Body(Protocol):
    def readinto(self, buffer: memoryview, /) -> int: ...


class Origin(Protocol):
    """A registry that holds blobs; its methods block."""

    def open_blob(self, repository: str, digest: str, authorization: str, start: int, end: int) -> AbstractContextManager[Body]:
        """The bytes from `start` up to, not including, `end`. Raises Refused and Unavailable."""
        ...


class Limiter(Protocol):
    def spend(self, count: int) -> float:
        """Take leave to move `count` bytes; the answer is how many seconds to wait before moving more."""
        ...


@dataclass(frozen=True)
class Source:
    """Where a blob comes from, and in whose name: what the caller sent, and the manifest that the origin let it have."""

    origin: Origin
    url: str
    repository: str
    manifest: str
    digests: frozenset[str]
    authorization: str = field(repr=False)
