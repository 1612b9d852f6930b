"""Rates, sizes and durations as people write them."""

from __future__ import annotations

import re

_RATE = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_SIZE = _RATE | {"T": 10**12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_rate(text: str) -> int | None:
    """Bytes per second of "512M" (decimal, as the vendor's chart); None, no limit, for "" and "0". Raises ValueError."""
    return _parse(text, _RATE, "a rate is a number and K, M or G, such as 512M") or None if text else None


def parse_size(text: str) -> int:
    """Bytes of "20Gi" or "20G". Raises ValueError."""
    return _parse(text, _SIZE, "a size is a number and Ki, Mi, Gi, K, M or G, such as 20Gi")


def parse_duration(text: str) -> float:
    """Seconds of "30m", "24h" or "7d". Raises ValueError."""
    return _parse(text, _SECONDS, "a duration is a number and s, m, h or d, such as 24h")


def _parse(text: str, units: dict[str, int], hint: str) -> int:
    found = re.fullmatch(r"(\d{1,12})([A-Za-z]*)", text, re.ASCII)
    if found is None or found[2] not in units:
        raise ValueError(hint)
    return int(found[1]) * units[found[2]]
