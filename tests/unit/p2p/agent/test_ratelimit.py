from __future__ import annotations

import pytest
from p2p.agent.ratelimit import BURST, Limiter


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_what_is_moved_by_two_is_bounded_together() -> None:
    """Each waits as it is told; in 100 s at 1000 bytes/s they move 100,000 bytes and a burst."""
    clock = Clock()
    limiter = Limiter(1000, clock)
    free, moved = [clock.now, clock.now], 0
    while clock.now < 150:
        clock.now = min(free)
        who = free.index(clock.now)
        free[who] = clock.now + max(limiter.spend(250), 0.001)
        moved += 250
    assert moved == pytest.approx(100 * 1000, rel=0.01)


def test_who_was_idle_may_move_a_burst_but_not_all_that_was_missed() -> None:
    clock = Clock()
    limiter = Limiter(1000, clock)
    clock.now += 60
    assert limiter.spend(int(1000 * BURST)) == 0
    assert limiter.spend(500) == pytest.approx(0.5)


def test_without_a_rate_nobody_waits() -> None:
    assert Limiter(None, Clock()).spend(1 << 40) == 0
