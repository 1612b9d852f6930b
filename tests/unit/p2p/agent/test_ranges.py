from __future__ import annotations

import pytest
from p2p.agent.ranges import Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=10-999", (10, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-999", (0, 100)),
        (None, None),
        ("bytes=20-10", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("items=0-1", None),
    ],
)
def test_a_range(header: str | None, part: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 100)
