from __future__ import annotations

from onectl.addon.values import differences, fill, lookup, merge, nest


def test_merge_goes_into_maps_replaces_lists_and_takes_null_away() -> None:
    base = {"a": {"x": 1, "y": [1]}, "b": 1}
    assert merge(base, {"a": {"y": [2], "z": {"new": 1}}, "b": None}) == {"a": {"x": 1, "y": [2], "z": {"new": 1}}}
    assert base == {"a": {"x": 1, "y": [1]}, "b": 1}


def test_fill_keeps_null_for_helm() -> None:
    assert fill({"a": {"x": 1}}, {"a": {"x": None}}) == {"a": {"x": None}}


def test_differences_are_named_by_their_dotted_keys() -> None:
    old = {"a": {"x": 1, "y": 1}, "b": None, "gone": 1}
    assert differences(old, {"a": {"x": 1, "y": 2}, "new": {"z": 1}, "empty": {}}) == ["a.y", "b", "gone", "new.z"]
    assert differences(old, old) == []


def test_nest_and_lookup_are_each_others_inverse() -> None:
    assert nest("a.b.c", "v") == {"a": {"b": {"c": "v"}}}
    assert lookup(nest("a.b.c", "v"), "a.b.c") == "v"
    assert lookup({"a": 1}, "a.b") is None
