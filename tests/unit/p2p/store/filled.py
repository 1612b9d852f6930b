"""Blobs of known bytes, to be filled by tests."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from os import dup, pread

from p2p.store.blob import Blob


@dataclass(frozen=True)
class Content:
    data: bytes

    @classmethod
    def of(cls, size: int) -> Content:
        return cls(random.Random(size).randbytes(size))

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    def blob(self) -> Blob:
        with tempfile.TemporaryFile(buffering=0) as file:
            return Blob(self.digest, len(self.data), dup(file.fileno()))

    def put(self, blob: Blob, piece: int) -> bool:
        offset, length = blob.piece_range(piece)
        data = self.data[offset : offset + length]
        return blob.put(piece, memoryview(data), hashlib.sha256(data).digest(), "test")

    def fill(self, blob: Blob, but: int = -1) -> None:
        for piece in range(blob.pieces):
            if piece != but:
                self.put(blob, piece)


def stored(blob: Blob) -> bytes:
    return pread(blob.fileno(), blob.size + 1, 0)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
