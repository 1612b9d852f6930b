from __future__ import annotations

import json

from tests.lab import inventory


class OneObject:
    """A cluster that lists one kind with one object."""

    def __init__(self, **fields: object) -> None:
        self.item = {"kind": "Thing", "metadata": {"namespace": "x", "name": "y", "resourceVersion": "1"}} | fields

    def kubectl(self, *argv: str) -> str:
        return "things\nevents\n" if argv[0] == "api-resources" else json.dumps({"items": [self.item]})


def test_what_is_new_gone_and_changed_is_named() -> None:
    before, after = {"a": "1", "b": "1", "c": "1"}, {"b": "2", "c": "1", "d": "1"}
    assert inventory.differences(before, after) == ["changed: b", "gone: a", "new: d"]


def test_a_status_is_no_change_and_a_spec_is() -> None:
    one = inventory.objects(OneObject(spec=1, status=1))
    assert inventory.objects(OneObject(spec=1, status=2)) == one
    assert inventory.differences(one, inventory.objects(OneObject(spec=2))) == ["changed: object Thing x/y"]
