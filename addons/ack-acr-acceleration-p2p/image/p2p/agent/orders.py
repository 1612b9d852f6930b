"""Orders go to setup, which carries them out: it alone may write the runtime's directory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from p2p.config.files import replace_file
from p2p.swarm.codec import dump
from p2p.swarm.orders import Order

LOOK_EVERY = 0.1  # seconds


class Orders:
    """`clock` is seconds since the epoch, as the end of an order is."""

    def __init__(self, run_dir: Path, clock: Callable[[], float]) -> None:
        self._order, self._setup = run_dir / "order.json", run_dir / "setup.json"
        self._clock = clock

    async def carry_out(self, order: Order) -> str:
        """The text of setup.json after the order is done; as it is when the order expires, if setup has not done it."""
        replace_file(self._order, dump(order).encode())
        while True:
            text = self._setup.read_text() if self._setup.exists() else "{}"
            if json.loads(text).get("order") == order.id or self._clock() >= order.expires:
                return text
            await asyncio.sleep(LOOK_EVERY)
