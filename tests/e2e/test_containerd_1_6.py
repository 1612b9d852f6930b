"""The same on nodes with containerd 1.6, whose hosts.toml is read by other code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import GRANT, INSTALL
from tests.e2e.test_pull import LABEL, image_of, p2p_name, run_pod, wait_ready
from tests.lab import registry
from tests.lab.scene import SECRET, Scene, raised


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with raised(tmp_path_factory.mktemp("scene"), containerd="1.6") as scene:
        for command in (GRANT, INSTALL):
            typed = scene.operator.type(command)
            assert typed.code == 0, typed.stderr
        scene.wait_for_swarm()
        yield scene


def test_labelled_pods_pull_through_the_agents_and_the_registry_serves_once(old: Scene) -> None:
    image = old.new_image("team/old:1", 2, 8 << 20)
    registry.reset(old.lab)
    for node in old.lab.nodes:
        run_pod(old, f"old-{node.number}", image.reference, secret=SECRET, node=node.name, label=LABEL)
    for node in old.lab.nodes:
        wait_ready(old, f"old-{node.number}")
        assert image_of(old, f"old-{node.number}") == p2p_name(image)
    assert image.size <= registry.payload(old.lab) <= 1.02 * image.size
