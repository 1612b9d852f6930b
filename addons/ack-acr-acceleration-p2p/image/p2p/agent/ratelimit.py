"""A bound on the bytes that an agent moves, in both directions together."""

from __future__ import annotations

from collections.abc import Callable

BURST = 0.1  # seconds of the rate that may be moved at once


class Limiter:
    """A token bucket that lends: `rate` in bytes/s, None for no bound; `clock` is steady. To be used from one thread."""

    def __init__(self, rate: int | None, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._free_at = clock()  # when everything that was moved so far has been paid for

    def spend(self, count: int) -> float:
        """Take leave to move `count` bytes; the answer is how many seconds to wait before moving more."""
        if not self._rate:
            return 0.0
        now = self._clock()
        self._free_at = max(self._free_at, now - BURST) + count / self._rate
        return max(0.0, self._free_at - now)
