"""Ends the process when its loop stands still: a runtime that waits for an answer has no time limit of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable

LIMIT = 5.0  # seconds


def _end() -> None:
    print(
        f"Error: the loop stood still for {LIMIT:g} s; the process ends, so that it is started anew",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)


class Watchdog:
    def __init__(self, limit: float = LIMIT, end: Callable[[], None] = _end) -> None:
        self._limit, self._end = limit, end
        self._beat = time.monotonic()
        self._stopped = threading.Event()

    async def run(self) -> None:
        """Watch the running loop until cancelled."""
        self._beat = time.monotonic()
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            while True:
                await asyncio.sleep(self._limit / 5)
                self._beat = time.monotonic()
        finally:
            self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(self._limit / 5):
            if time.monotonic() - self._beat >= self._limit:
                self._end()
                return
