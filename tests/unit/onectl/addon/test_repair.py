from __future__ import annotations

import pytest

from onectl.addon.repair import Nothing, Remove, RollBack, choose, decide
from onectl.cluster.helm import Release
from onectl.errors import OnectlError


def release(status: str = "deployed", namespace: str = "kube-system") -> Release:
    return Release("tiny", namespace, 4, status, "1.2.3")


@pytest.mark.parametrize(
    ("status", "good", "step"),
    [
        ("deployed", None, Nothing()),
        ("pending-install", None, Remove()),
        ("failed", None, Remove()),
        ("uninstalling", 3, Remove()),
        ("failed", 3, RollBack(3)),
        ("pending-upgrade", 3, RollBack(3)),
        ("pending-rollback", 2, RollBack(2)),
        ("pending-upgrade", None, Remove()),
    ],
)
def test_what_an_interrupted_run_left_decides_the_way_back(
    status: str, good: int | None, step: Nothing | Remove | RollBack
) -> None:
    assert decide(release(status), good) == step


def test_no_release_needs_no_repair() -> None:
    assert decide(None, None) == Nothing()


def test_the_release_is_found_wherever_it_is_unless_a_namespace_is_named() -> None:
    other = release(namespace="other")
    assert choose("tiny", "", []) is None
    assert choose("tiny", "", [other]) is other
    assert choose("tiny", "other", [release(), other]) is other
    with pytest.raises(OnectlError, match="addon tiny is in namespace other, not in here"):
        choose("tiny", "here", [other])
    with pytest.raises(OnectlError, match="in several namespaces: kube-system, other"):
        choose("tiny", "", [release(), other])
