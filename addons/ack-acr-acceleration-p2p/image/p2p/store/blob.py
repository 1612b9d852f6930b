"""One blob that is being filled, and read while it is."""

from __future__ import annotations

import asyncio
import hashlib
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from p2p.store.digest import RunningDigest
from p2p.store.errors import Full, Stalled, Unobtainable, WrongBytes
from p2p.store.pieces import piece_size, runs

WHOLE_FIRST = 32 << 20  # up to this size nothing is read before the whole digest matched
HASH_STEP = 2 << 20  # bytes that make a trip to a thread worth while
PATIENCE = 5.0  # seconds without progress that a reader waits


class Blob:
    """Lives on the loop that was running when it was made; only hashing leaves it.

    A piece is trusted as far as its source: what it adds up to is checked against `digest` before the last piece of the blob
    is readable, so that no reader ever holds a whole blob of wrong bytes. A failed blob keeps nothing. The file is closed when
    nobody refers to the blob any more, and not before: so no one reads from a descriptor that has become another file's.
    """

    def __init__(self, digest: str, size: int, file: int) -> None:
        self.digest = digest
        self.size = size
        self.piece_size = piece_size(size)
        self.pieces = -(-size // self.piece_size)
        self.complete = False
        self.failed: Exception | None = None
        self.users = 0  # who reads or fills it: while there are any it stays in the store
        self._file = file
        weakref.finalize(self, os.close, file)
        self._loop = asyncio.get_running_loop()
        self._has = bytearray(self.pieces)
        self._hashes: dict[int, bytes] = {}
        self._prefix = 0  # pieces that are there without a gap from the front
        self._running = RunningDigest(digest)
        self._hashing: asyncio.Future[None] | None = None
        self._listeners: list[Callable[[int], None]] = []
        self._changed = asyncio.Event()
        self._progress = self._loop.time()
        if not size:
            self._hash_on()

    def has(self, piece: int) -> bool:
        return self._has[piece] == 1

    def have(self) -> list[tuple[int, int]]:
        """Runs of pieces as (start, count)."""
        return runs(self._has)

    def piece_range(self, piece: int) -> tuple[int, int]:
        """Offset and length in bytes."""
        offset = piece * self.piece_size
        return offset, min(self.piece_size, self.size - offset)

    def sha256(self, piece: int) -> bytes:
        """The digest of a piece that it has."""
        return self._hashes[piece]

    def fileno(self) -> int:
        return self._file

    def put(self, piece: int, data: memoryview, sha256: bytes, source: str, *, hashed: bool = False) -> bool:
        """Keep a piece. False: it was there already, or the blob has failed, as it does now when the disk is full.

        Raises WrongBytes when `data` is not what `sha256` says; `hashed`: the caller has just made that hash of it.
        """
        offset, length = self.piece_range(piece)
        if self.failed or self.has(piece):
            return False
        if len(data) != length or not (hashed or hashlib.sha256(data).digest() == sha256):
            raise WrongBytes(f"piece {piece} of {self.digest} from {source} is not what was promised")
        if not self._write(data, offset):
            return False
        self._keep(piece, sha256)
        return True

    def on_piece(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Call `listener` on the loop for each new piece, until the function returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def readable(self, offset: int) -> int:
        """Wait until the byte at `offset` may be read. The answer is the end (exclusive) of what may be read from there.

        Raises Stalled after PATIENCE seconds without progress, and what the blob failed with.
        """
        while True:
            if self.failed:
                raise self.failed
            end = self._readable_end(offset)
            if end > offset or offset >= self.size:
                return end
            await self._change()

    @contextmanager
    def use(self) -> Iterator[None]:
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1

    def stalled(self) -> bool:
        return not self.complete and self._loop.time() - self._progress >= PATIENCE

    def fail(self, error: Exception) -> None:
        """Give the blob up: readers get `error`, the pieces are dropped."""
        if self.failed or self.complete:
            return
        self.failed = error
        self._has = bytearray(self.pieces)
        self._hashes.clear()
        os.ftruncate(self.fileno(), 0)
        self._changed.set()

    def _write(self, data: memoryview, offset: int) -> bool:
        try:
            while data:
                written = os.pwrite(self._file, data, offset)
                data, offset = data[written:], offset + written
        except OSError as error:
            self.fail(Full(f"{self.digest} can't be stored: {error.strerror}"))
            return False
        return True

    def _keep(self, piece: int, sha256: bytes) -> None:
        self._has[piece] = 1
        self._hashes[piece] = sha256
        gap = self._has.find(0, self._prefix)
        self._prefix = self.pieces if gap < 0 else gap
        self._moved()
        self._hash_on()
        for listener in tuple(self._listeners):
            listener(piece)

    def _moved(self) -> None:
        self._progress = self._loop.time()
        self._changed.set()

    async def _change(self) -> None:
        left = self._progress + PATIENCE - self._loop.time()
        self._changed.clear()
        try:
            async with asyncio.timeout(left):
                await self._changed.wait()
        except TimeoutError:
            if self.stalled():
                raise Stalled(f"nothing of {self.digest} arrived for {PATIENCE:.0f} s") from None

    def _readable_end(self, offset: int) -> int:
        if self.complete:
            return self.size
        if self.size <= WHOLE_FIRST or offset >= self.size:
            return offset
        gap = self._has.find(0, offset // self.piece_size)
        held_back = self.pieces - 1
        return min(held_back if gap < 0 else gap, held_back) * self.piece_size

    def _hash_on(self) -> None:
        end = min(self._prefix * self.piece_size, self.size)
        enough = end - self._running.done >= HASH_STEP or end == self.size
        if self._hashing is None and enough and not self.failed:
            self._hashing = self._loop.run_in_executor(None, self._running.advance, self.fileno(), end)
            self._hashing.add_done_callback(self._hashed)

    def _hashed(self, done: asyncio.Future[None]) -> None:
        self._hashing = None
        if done.cancelled() or self.failed:
            return
        if error := done.exception():
            self.fail(Unobtainable(f"{self.digest} can't be read back: {error}"))
        elif self._running.done < self.size:
            self._moved()
            self._hash_on()
        elif self._running.matches():
            self.complete = True
            self._moved()
        else:
            self.fail(WrongBytes(f"the pieces of {self.digest} do not add up to it"))
