from __future__ import annotations

import asyncio
import threading
import time

from p2p.agent.watchdog import Watchdog


async def test_a_loop_that_stands_still_ends_the_process() -> None:
    ended = threading.Event()
    watching = asyncio.create_task(Watchdog(0.1, ended.set).run())
    await asyncio.sleep(0)
    deadline = time.monotonic() + 10
    while not ended.is_set() and time.monotonic() < deadline:
        pass  # the loop stands still
    assert ended.is_set()
    watching.cancel()


async def test_a_loop_that_runs_is_left_alone() -> None:
    ended = threading.Event()
    watching = asyncio.create_task(Watchdog(5, ended.set).run())
    await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    for thread in threading.enumerate():
        if thread.name == "watchdog":
            thread.join(5)
    assert not ended.is_set()
