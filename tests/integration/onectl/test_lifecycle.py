"""Install, upgrade and uninstall by real Helm on a real Kubernetes API, whole and interrupted."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from onectl.addon import wanted
from onectl.addon.install import install
from onectl.addon.manifest import load
from onectl.addon.ports import Clock, Stage
from onectl.addon.uninstall import uninstall
from onectl.addon.upgrade import upgrade
from onectl.cluster.client import connect
from onectl.cluster.helm import Helm
from onectl.cluster.leftovers import labelled, places
from onectl.errors import OnectlError
from onectl.output.talk import Plain
from tests.integration.onectl.control_plane import NO_IMAGE, READY, ControlPlane, control_plane, ended, kubelet
from tests.lab import products
from tests.lab.operator import CHECKOUT
from tests.lab.shell import until
from tests.unit.onectl.memory import TINY, Cloud

REPORT = json.dumps({"version": 1, "kept": [], "unreachable": ["node-3"]})
WORKS = {"tiny-": READY, "tiny-leave-": ended(REPORT)}
VALUES = "region=cn-hangzhou,instances=cri-a"


@dataclass
class Scene:
    plane: ControlPlane
    stage: Stage
    said: io.StringIO

    def do(self, verb: str, text: str = VALUES) -> str:
        """Carry out one operation; returns what was said meanwhile."""
        manifest, start = load(TINY), len(self.said.getvalue())
        given, _ = wanted.typed(manifest, [text])
        if verb == "install":
            install(self.stage, manifest, "", wanted.for_install(manifest, {}, given), Cloud)
        elif verb == "upgrade":
            upgrade(self.stage, manifest, "", given, Cloud)
        else:
            uninstall(self.stage, manifest, "", lambda: None)
        return self.said.getvalue()[start:]

    @property
    def status(self) -> str:
        return " ".join(release.status for release in self.stage.releases.find("tiny"))

    def kill_when(self, status: str, verb: str, text: str = VALUES) -> None:
        """Run an operation in a process of its own, and kill it and its helm when Helm calls the release that."""
        program = (
            f"from pathlib import Path\nfrom {__name__} import ControlPlane, opened\n"
            f"with opened(ControlPlane(Path({str(self.plane.directory)!r}), {self.plane.port})) as scene:\n"
            f"    scene.do({verb!r}, {text!r})"
        )
        child = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, start_new_session=True)
        try:
            until(status, lambda: self.status == status, 30, 0.1)
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def opened(plane: ControlPlane) -> Iterator[Scene]:
    client, said = connect(str(plane.admin), ""), io.StringIO()
    helm = Helm(client.kubeconfig, client.context)
    yield Scene(plane, Stage(client, helm, Plain(said), Clock(time.monotonic, time.sleep), "lab", 20), said)
    client.close()


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        words = ("--from-literal=access-key-id=LTAI1234", "--from-literal=access-key-secret=s")
        plane.kubectl("-n", "kube-system", "create", "secret", "generic", "alibaba-addon-secret", *words)
        yield plane


@pytest.fixture
def scene(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A cluster without the addon, before and after."""
    monkeypatch.setenv("PATH", f"{products.helm()}{os.pathsep}{os.environ['PATH']}")
    with opened(plane) as scene:
        yield scene
        if scene.status:
            with kubelet(plane, WORKS):
                scene.do("uninstall")
        assert labelled(scene.stage.api, "tiny", places(scene.stage.api)) == []


def test_from_nothing_to_nothing(scene: Scene) -> None:
    with kubelet(scene.plane, WORKS):
        assert "Deployment tiny 0/1 ready" in scene.do("install")
        assert "Installing" not in scene.do("install")
        scene.do("upgrade", "server.rate=72M")
        values = scene.stage.releases.values(scene.stage.releases.find("tiny")[0])
        assert values == {"region": "cn-hangzhou", "instances": "cri-a", "server": {"rate": "72M"}}
        assert "node node-3 can't be reached" in scene.do("uninstall")
    assert scene.status == ""


def test_an_image_that_cannot_be_pulled_ends_the_install_and_leaves_nothing(scene: Scene) -> None:
    with kubelet(scene.plane, {"tiny-": NO_IMAGE}), pytest.raises(OnectlError, match="can't be pulled: gone"):
        scene.do("install")
    assert scene.status == ""


def test_an_upgrade_to_such_an_image_is_rolled_back(scene: Scene) -> None:
    with kubelet(scene.plane, WORKS):
        scene.do("install")
    with kubelet(scene.plane, {"tiny-": NO_IMAGE}), pytest.raises(OnectlError, match="tiny:nope can't be pulled"):
        scene.do("upgrade", "image.tag=nope")
    assert scene.status == "deployed"
    assert "image" not in scene.stage.releases.values(scene.stage.releases.find("tiny")[0])


def test_a_killed_install_is_undone_and_done_by_the_next(scene: Scene) -> None:
    scene.kill_when("pending-install", "install", f"{VALUES},hold=true")
    with kubelet(scene.plane, WORKS):
        assert "tiny is pending-install" in scene.do("install")
    assert scene.status == "deployed"


def test_a_killed_upgrade_is_rolled_back_by_the_next(scene: Scene) -> None:
    with kubelet(scene.plane, WORKS):
        scene.do("install")
        scene.kill_when("pending-upgrade", "upgrade", "hold=true")
        assert "tiny is pending-upgrade" in scene.do("upgrade", "server.rate=1M")
    assert "hold" not in scene.stage.releases.values(scene.stage.releases.find("tiny")[0])


def test_a_killed_uninstall_is_finished_by_the_next(scene: Scene) -> None:
    with kubelet(scene.plane, {"tiny-": READY, "tiny-leave-": NO_IMAGE}):
        scene.do("install")
        scene.kill_when("uninstalling", "uninstall")
    with kubelet(scene.plane, WORKS):
        said = scene.do("uninstall")
    assert "tiny is uninstalling" in said
    assert "node node-3 can't be reached" in said
