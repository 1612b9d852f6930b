"""One lab a module: it comes up when the module's first test asks for it, and goes when the module ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.scene import ADDON, INSTANCE, REGION, Scene, raised

GRANT = f"onectl ram-user grant --addon {ADDON}"
INSTALL = f"onectl addon install {ADDON} --set region={REGION},acrInstances={INSTANCE},pullImageInternet=true"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Three nodes, nothing granted, nothing installed."""
    with raised(tmp_path_factory.mktemp("scene")) as scene:
        yield scene


@pytest.fixture(scope="module")
def granted(scene: Scene) -> Scene:
    typed = scene.operator.type(GRANT)
    assert typed.code == 0, typed.stderr
    return scene


@pytest.fixture(scope="module")
def installed(granted: Scene) -> Scene:
    """The addon as the document installs it."""
    typed = granted.operator.type(INSTALL)
    assert typed.code == 0, typed.stderr
    granted.wait_for_swarm()
    return granted
