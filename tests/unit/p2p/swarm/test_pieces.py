"""Sets of pieces as integers, against Python's own sets."""

from __future__ import annotations

import random

import pytest
from p2p.swarm.pieces import each, first_run, from_runs, lowest, span, to_runs


@pytest.mark.parametrize("seed", range(5))
def test_the_same_as_a_set(seed: int) -> None:
    chance = random.Random(seed)
    members = {piece for piece in range(200) if chance.random() < 0.5}
    pieces = sum(1 << piece for piece in members)
    assert list(each(pieces)) == sorted(members)
    assert from_runs(to_runs(pieces)) == pieces
    assert list(each(lowest(pieces, 7))) == sorted(members)[:7]
    assert lowest(pieces, 1000) == pieces


def test_runs_are_maximal_and_in_order() -> None:
    assert list(to_runs(0b1110_0110)) == [(1, 2), (5, 3)]
    assert first_run(0b1110_0000, 2) == (5, 2)
    assert list(to_runs(0)) == []
    assert span(3, 2) == 0b11000
