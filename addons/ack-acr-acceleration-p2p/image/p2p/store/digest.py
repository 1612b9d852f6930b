"""The digest of a file that grows: hashed from its front, on a thread, as far as it has come."""

from __future__ import annotations

import hashlib
import os

_CHUNK = 1 << 20


class RunningDigest:
    """`expected` is `sha256:…` or `sha512:…` (OCI image specification, "Digests")."""

    def __init__(self, expected: str) -> None:
        self.algorithm, _, self._hex = expected.partition(":")
        self._hash = hashlib.new(self.algorithm)
        self.done = 0

    def advance(self, file: int, end: int) -> None:
        """Hash the file's bytes up to `end`. Blocks; the GIL is free meanwhile."""
        buffer = memoryview(bytearray(min(_CHUNK, end - self.done)))
        while self.done < end:
            got = os.preadv(file, [buffer[: end - self.done]], self.done)
            if not got:
                raise OSError(f"the file ends at {self.done}, before {end}")
            self._hash.update(buffer[:got])
            self.done += got

    def matches(self) -> bool:
        return self._hash.hexdigest() == self._hex
