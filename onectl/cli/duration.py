"""Durations as Go writes them, which users of kubectl and Helm know: 5m, 1h30m, 90s, 1.5h, 500ms."""

from __future__ import annotations

import re

import typer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h)")


def seconds(text: str) -> float:
    """Raises typer.BadParameter for anything else, also for zero."""
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text or not parts:
        raise typer.BadParameter(f"{text!r} is not a duration such as 5m, 90s or 1h30m")
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not total:
        raise typer.BadParameter("it must be more than zero")
    return total
