"""A chart's values: merging as Helm merges, and what differs between two sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]
_ABSENT = object()


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """`over` upon `base`: maps are merged key by key, anything else replaces, and null takes the key away."""
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def fill(base: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """As `merge`, but null is kept for Helm, which takes the chart's default of that key away."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = fill(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def nest(key: str, value: Any) -> Values:
    """`a.b` and 1 become {"a": {"b": 1}}."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return dict(value)


def lookup(values: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, None where there is none."""
    found: Any = values
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The dotted keys whose values differ, sorted. A map that is absent and an empty one are the same."""
    found: list[str] = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if all(side is _ABSENT or isinstance(side, Mapping) for side in (before, after)):
            found += differences(old.get(key, {}), new.get(key, {}), f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key}")
    return found
