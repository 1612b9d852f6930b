from __future__ import annotations

import asyncio
import json
from pathlib import Path

from p2p.agent.orders import Orders
from p2p.swarm.orders import Order

from tests.unit.p2p.store.filled import until


async def test_an_order_is_answered_when_setup_says_that_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "setup.json").write_text('{"state": "serving", "order": ""}')
    answer = asyncio.create_task(Orders(tmp_path, lambda: 0.0).carry_out(Order("7", "leave", ("a:1",), 100)))
    await until((tmp_path / "order.json").exists)
    order = json.loads((tmp_path / "order.json").read_text())
    assert (order["version"], order["id"], order["do"], order["keep"]) == (1, "7", "leave", ["a:1"])
    assert not answer.done()
    done = '{"state": "origin-only", "order": "7"}'
    (tmp_path / "setup.json").write_text(done)
    assert await answer == done


async def test_an_order_that_setup_does_not_carry_out_in_time_is_answered_with_how_things_are(tmp_path: Path) -> None:
    assert await Orders(tmp_path, lambda: 100.0).carry_out(Order("7", "leave", (), 100)) == "{}"
