"""Ranges of a blob that a request asks for (RFC 9110, section 14)."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))", re.ASCII)


class Unsatisfiable(Exception):
    """The range begins behind the end: 416."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive); None when all is to be sent, as no range, several, or nonsense was asked for."""
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < start:
            return None
    if start >= size:
        raise Unsatisfiable
    return start, end
