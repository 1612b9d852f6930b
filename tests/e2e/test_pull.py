"""Pulls through the addon when parts of it are away, and for whom it must not work."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.lab import registry
from tests.lab.metrics import agent_bytes
from tests.lab.scene import NAMESPACE, SECRET, Image, Scene
from tests.lab.shell import until

P2P_SECRET = f"acr-credential-{SECRET}-p2p"
LABEL = "k8s.aliyun.com/image-accelerate-mode=p2p"


def p2p_name(image: Image) -> str:
    return image.reference.replace("-vpc.", ".distributed.").replace(".com/", ".com:65001/")


def run_pod(scene: Scene, name: str, image: str, *, secret: str = "", node: str = "", label: str = "app=plain") -> None:
    spec: dict[str, object] = {"terminationGracePeriodSeconds": 0}
    if secret:
        spec["imagePullSecrets"] = [{"name": secret}]
    if node:
        spec["nodeSelector"] = {"kubernetes.io/hostname": node}
    words = ("run", name, f"--image={image}", f"--labels={label}", f"--overrides={json.dumps({'spec': spec})}")
    scene.lab.kubectl("-n", NAMESPACE, *words)


def wait_ready(scene: Scene, name: str) -> None:
    scene.lab.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s", timeout=150)


def waiting_reason(scene: Scene, name: str) -> str:
    path = "jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    return scene.lab.kubectl("-n", NAMESPACE, "get", "pod", name, "-o", path)


def wait_refused(scene: Scene, name: str) -> None:
    until(f"{name} refused", lambda: waiting_reason(scene, name) in ("ErrImagePull", "ImagePullBackOff"), 60)


def image_of(scene: Scene, name: str) -> str:
    return scene.lab.kubectl("-n", NAMESPACE, "get", "pod", name, "-o", "jsonpath={.spec.containers[0].image}")


@pytest.fixture
def forget(installed: Scene) -> Callable[[str], None]:
    """Remove an image and its content from every node's runtime, so that a pull has to ask again."""

    def forget(name: str) -> None:
        for node in installed.lab.nodes:
            node.run("ctr", "-n", "k8s.io", "images", "rm", "--sync", name)
            node.run("ctr", "-n", "k8s.io", "content", "prune", "references")

    return forget


def test_every_layer_leaves_the_registry_once(installed: Scene) -> None:
    image = installed.new_image("team/once:1", 2, 8 << 20)
    registry.reset(installed.lab)
    for number, node in enumerate(installed.lab.nodes):
        run_pod(installed, f"once-{number}", image.reference, secret=SECRET, node=node.name, label=LABEL)
    for number in range(len(installed.lab.nodes)):
        wait_ready(installed, f"once-{number}")
    assert image.size <= registry.payload(installed.lab) <= 1.02 * image.size


def test_a_wrong_pull_credential_does_not_pull(installed: Scene) -> None:
    image = installed.new_image("team/wrong:1", 1, 1 << 20)
    installed.make_pull_secret("wrong", registry.USER, "not-the-password")
    run_pod(installed, "wrong", image.reference, secret="wrong", label=LABEL)
    wait_refused(installed, "wrong")
    assert image_of(installed, "wrong") == p2p_name(image)


def test_who_names_the_p2p_host_without_a_credential_gets_not_one_byte(installed: Scene, forget: Callable[[str], None]) -> None:
    """Agents hold all blobs, the runtime's copy is removed, the Pod has neither label nor Secret."""
    image, node = installed.new_image("team/secret:1", 2, 4 << 20), installed.lab.nodes[0]
    run_pod(installed, "allowed", image.reference, secret=SECRET, node=node.name, label=LABEL)
    wait_ready(installed, "allowed")
    installed.lab.kubectl("-n", NAMESPACE, "delete", "pod", "allowed", "--wait")
    forget(p2p_name(image))
    before = agent_bytes(installed.lab.address(node.name))
    assert before.sent_to_runtime >= image.size
    run_pod(installed, "stranger", p2p_name(image), node=node.name)
    wait_refused(installed, "stranger")
    assert agent_bytes(installed.lab.address(node.name)) == before


def test_with_the_scheduler_stopped_a_labelled_pod_still_pulls(installed: Scene) -> None:
    image = installed.new_image("team/alone:1", 1, 4 << 20)
    scheduler = installed.lab.kubectl("-n", "kube-system", "get", "deploy", "-l", "app.kubernetes.io/component=scheduler",
                                      "-o", "name").strip()  # fmt: skip
    installed.lab.kubectl("-n", "kube-system", "scale", scheduler, "--replicas=0")
    installed.lab.kubectl("-n", "kube-system", "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=scheduler",
                          "--timeout=60s", timeout=90)  # fmt: skip
    try:
        run_pod(installed, "alone", image.reference, secret=SECRET, label=LABEL)
        wait_ready(installed, "alone")
        assert image_of(installed, "alone") == p2p_name(image)
    finally:
        installed.lab.kubectl("-n", "kube-system", "scale", scheduler, "--replicas=1")


def test_with_the_agent_stopped_a_pod_with_a_p2p_name_still_pulls(installed: Scene) -> None:
    """The agents' Pods go, as in a failed roll-out; their hosts files stay and name the origin as `server`."""
    image = installed.new_image("team/stopped:1", 1, 4 << 20)
    agents = installed.lab.kubectl("-n", "kube-system", "get", "ds", "-l", "app.kubernetes.io/component=agent",
                                   "-o", "jsonpath={.items[0].metadata.name}")  # fmt: skip
    nowhere = json.dumps({"spec": {"template": {"spec": {"nodeSelector": {"no": "such"}}}}})
    installed.lab.kubectl("-n", "kube-system", "patch", "ds", agents, "-p", nowhere)
    installed.lab.kubectl("-n", "kube-system", "wait", "--for=delete", "pod", "-l", "app.kubernetes.io/component=agent",
                          "--timeout=60s", timeout=90)  # fmt: skip
    run_pod(installed, "stopped", p2p_name(image), secret=P2P_SECRET)
    wait_ready(installed, "stopped")
