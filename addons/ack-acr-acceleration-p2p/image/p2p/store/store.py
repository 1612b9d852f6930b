"""The blobs of one node: each in a sparse file without a name, which the disk gets back when the process ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from p2p.store.blob import Blob
from p2p.store.errors import Full, Unobtainable, WrongBytes

WRONG_SECONDS = 600.0  # until a digest whose bytes were wrong is tried again
FAILED_SECONDS = 10.0  # the same after any other failure


class Store:
    """Lives on the loop. `capacity` in bytes, `ttl` in seconds of `clock`; `dropped` hears the digest of a blob that goes."""

    def __init__(
        self,
        directory: Path,
        capacity: int,
        ttl: float,
        clock: Callable[[], float],
        dropped: Callable[[str], None],
    ) -> None:
        self._directory, self._capacity, self._ttl = directory, capacity, ttl
        self._clock, self._dropped = clock, dropped
        self._blobs: dict[str, Blob] = {}  # the one that was used last comes last
        self._used: dict[str, float] = {}
        self._refused: dict[str, float] = {}

    def open(self, digest: str, size: int) -> Blob:
        """The blob, made if it was not there. Raises Unobtainable and Full."""
        if self._refused.get(digest, 0.0) > self._clock():
            raise Unobtainable(f"{digest} failed a short while ago")
        blob = self._blobs.pop(digest, None) or self._make(digest, size)
        self._blobs[digest] = blob
        self._used[digest] = self._clock()
        if blob.failed:
            raise Unobtainable(f"{digest} failed just now")
        if blob.size != size:
            raise Unobtainable(f"{digest} is {blob.size} bytes large, not {size}")
        return blob

    def reject(self, blob: Blob, error: Exception) -> None:
        """Give up a blob that can't be had; its digest is refused for a while."""
        blob.fail(error)
        now = self._clock()
        self._refused = {digest: until for digest, until in self._refused.items() if until > now}
        self._refused[blob.digest] = now + (WRONG_SECONDS if isinstance(error, WrongBytes) else FAILED_SECONDS)
        if self._blobs.get(blob.digest) is blob:
            self._drop(blob.digest)

    def sweep(self) -> None:
        """Drop what nobody has used for longer than the store's time to live."""
        oldest = self._clock() - self._ttl
        for digest in [digest for digest, blob in self._blobs.items() if _is_idle(blob) and self._used[digest] < oldest]:
            self._drop(digest)

    def whole(self) -> int:
        """The number of complete blobs of more than one piece: layers, not what describes them."""
        return sum(blob.complete and blob.pieces > 1 for blob in self._blobs.values())

    def _make(self, digest: str, size: int) -> Blob:
        self._make_room(digest, size)
        try:
            with tempfile.TemporaryFile(dir=self._directory, buffering=0) as file:
                return Blob(digest, size, os.dup(file.fileno()))
        except OSError as error:
            raise Full(f"{digest} can't be stored: {error.strerror}") from None

    def _make_room(self, digest: str, size: int) -> None:
        """Drop those whose last use is longest ago; none if that would not make enough room."""
        too_much = sum(blob.size for blob in self._blobs.values()) + size - self._capacity
        idle = [blob for blob in self._blobs.values() if _is_idle(blob)]
        if too_much > sum(blob.size for blob in idle):
            raise Full(f"{digest} ({size} bytes) does not fit into the store's {self._capacity} bytes")
        for blob in idle:
            if too_much <= 0:
                break
            self._drop(blob.digest)
            too_much -= blob.size

    def _drop(self, digest: str) -> None:
        del self._blobs[digest], self._used[digest]
        self._dropped(digest)


def _is_idle(blob: Blob) -> bool:
    """What is not complete is about to be filled, also before whoever does that has begun."""
    return blob.complete and not blob.users
