from __future__ import annotations

import pytest
from p2p.config.units import parse_duration, parse_rate, parse_size


@pytest.mark.parametrize(
    ("text", "rate"), [("512M", 512_000_000), ("64K", 64_000), ("1G", 10**9), ("5", 5), ("", None), ("0", None), ("0M", None)]
)
def test_a_rate_is_decimal_and_none_without_a_bound(text: str, rate: int | None) -> None:
    assert parse_rate(text) == rate


def test_sizes_and_durations() -> None:
    assert (parse_size("20Gi"), parse_size("20G"), parse_duration("90m"), parse_duration("24h")) == (
        20 << 30,
        20 * 10**9,
        5400,
        86400,
    )


@pytest.mark.parametrize("text", ["fast", "-1M", "1.5M", "512 M", "512MB", "M", "٣M"])
def test_nonsense_is_an_error_that_shows_what_is_right(text: str) -> None:
    with pytest.raises(ValueError, match="such as 512M"):
        parse_rate(text)


def test_a_rate_is_no_size() -> None:
    with pytest.raises(ValueError, match="such as 24h"):
        parse_duration("512M")
