"""What a token grants: never more than is asked for, never more than the rights."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.registry.tokens import granted

RIGHTS = {"team/*": ["pull"], "team/own": ["push"]}


def access(name: str, *actions: str) -> list[dict[str, Any]]:
    return [{"type": "repository", "name": name, "actions": list(actions)}]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (["repository:team/app:pull"], access("team/app", "pull")),
        (["repository:team/app:pull,push"], access("team/app", "pull")),
        (["repository:team/own:push,pull"], access("team/own", "pull", "push")),
        (["repository:team/app:push"], []),
        (["repository:other/app:pull"], []),
        (["registry:catalog:*", "nonsense", ""], []),
        (
            ["repository:team/a:pull repository:team/b:pull", "repository:team/c:pull"],
            access("team/a", "pull") + access("team/b", "pull") + access("team/c", "pull"),
        ),
    ],
)
def test_granted(scopes: list[str], expected: list[dict[str, Any]]) -> None:
    assert list(granted(RIGHTS, scopes)) == expected
