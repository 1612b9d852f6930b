"""The same on nodes with containerd 1.6, whose hosts.toml is read by other code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.test_pull import LABEL, image_of, p2p_name, run_pod, wait_ready
from tests.lab import registry
from tests.lab.scene import SECRET, Scene, raised


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """In place of the usual one, for `installed` too."""
    with raised(tmp_path_factory.mktemp("scene"), containerd="1.6") as scene:
        yield scene


def test_labelled_pods_pull_through_the_agents_and_the_registry_serves_once(installed: Scene) -> None:
    image = installed.new_image("team/old:1", 2, 8 << 20)
    registry.reset(installed.lab)
    for node in installed.lab.nodes:
        run_pod(installed, f"old-{node.number}", image.reference, secret=SECRET, node=node.name, label=LABEL)
    for node in installed.lab.nodes:
        wait_ready(installed, f"old-{node.number}")
        assert image_of(installed, f"old-{node.number}") == p2p_name(image)
    assert image.size <= registry.payload(installed.lab) <= 1.02 * image.size
