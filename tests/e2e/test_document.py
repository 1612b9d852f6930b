"""The document from its first command to its last: every line of it, by its exact text, in its order."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.demo.document import WORKLOAD
from tests.e2e.conftest import GRANT, INSTALL
from tests.lab import cloud, inventory
from tests.lab.scene import ADDON, NAMESPACE, SECRET, Scene, pod_fields

POLICY = f"ack-one-registered-cluster-policy-{ADDON}"
P2P_IMAGE = "test-registry.distributed.cn-hangzhou.cr.aliyuncs.com:65001/docker-builder/nginx:latest"


@pytest.fixture(scope="module")
def before(scene: Scene) -> inventory.Inventory:
    return scene.take_inventory()


def user_name(scene: Scene) -> str:
    uid = scene.lab.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    return "ack-one-user-" + hashlib.sha256(uid.encode()).hexdigest()[:10]


def changes(scene: Scene) -> list[str]:
    """The calls received by the cloud that are not mere reading."""
    return [call for call in cloud.actions(scene.lab) if not call.startswith(("Get", "List"))]


def test_grant_makes_user_key_and_policy_and_says_the_documents_line(scene: Scene, before: inventory.Inventory) -> None:
    """Also takes the inventory that the last test compares with."""
    typed = scene.operator.type(GRANT)
    assert typed.code == 0, typed.stderr
    assert typed.stdout == f"Ram policy {POLICY} granted to ram user {user_name(scene)} successfully.\n"
    assert "Configure AccessKey pair-based policies for network access control" in typed.stderr
    data = json.loads(scene.lab.kubectl("-n", "kube-system", "get", "secret", "alibaba-addon-secret", "-o", "json"))["data"]
    assert set(data) == {"access-key-id", "access-key-secret"}


def test_grant_again_changes_nothing_and_says_the_same(scene: Scene) -> None:
    before = changes(scene)
    typed = scene.operator.type(GRANT)
    assert (typed.code, typed.stdout) == (
        0,
        f"Ram policy {POLICY} granted to ram user {user_name(scene)} successfully.\n",
    )
    assert changes(scene) == before


def test_install_says_the_documents_line_when_the_addon_works(scene: Scene) -> None:
    typed = scene.operator.type(INSTALL)
    assert (typed.code, typed.stdout) == (0, f"Addon {ADDON}, version 0.1.0 installed.\n"), typed.stderr
    first = typed.stderr.splitlines()[0]
    for word in ("lab", "https://", "kube-system"):
        assert word in first
    for node in scene.lab.nodes:
        assert scene.agent_pod(node.name)


def test_install_again_is_unchanged(scene: Scene) -> None:
    typed = scene.operator.type(INSTALL)
    assert (typed.code, typed.stdout) == (0, f"Addon {ADDON}, version 0.1.0 installed.\n")


def test_a_labelled_pod_gets_what_step_5_shows(scene: Scene) -> None:
    scene.new_image("docker-builder/nginx:latest", 1, 1 << 20)
    scene.lab.kubectl("-n", NAMESPACE, "apply", "-f", str(WORKLOAD))
    scene.lab.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/test", "--timeout=120s", timeout=150)
    pods = json.loads(scene.lab.kubectl("-n", NAMESPACE, "get", "pods", "-l", "app=nginx", "-o", "json"))["items"]
    fields = pod_fields(json.dumps(pods[0]))
    notes = fields["annotations"]
    assert isinstance(notes, dict)
    assert notes["k8s.aliyun.com/image-accelerate-mode"] == "p2p"
    assert "k8s.aliyun.com/p2p-config" in notes
    assert fields["images"] == [P2P_IMAGE]
    assert fields["secrets"] == [SECRET, f"acr-credential-{SECRET}-p2p"]


def test_a_labelled_namespace_does_the_same_and_a_pod_can_opt_out(scene: Scene) -> None:
    scene.lab.kubectl("label", "namespaces", NAMESPACE, "k8s.aliyun.com/image-accelerate-mode=p2p")
    image = scene.new_image("docker-builder/other:1", 1, 1 << 20)
    for name, label in (("plain", "app=plain"), ("out", "k8s.aliyun.com/image-accelerate-mode=off")):
        overrides = json.dumps({"spec": {"imagePullSecrets": [{"name": SECRET}]}})
        words = ("run", name, f"--image={image.reference}", f"--labels={label}", f"--overrides={overrides}")
        scene.lab.kubectl("-n", NAMESPACE, *words)
        scene.lab.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s", timeout=150)
    images = {
        name: scene.lab.kubectl("-n", NAMESPACE, "get", "pod", name, "-o", "jsonpath={.spec.containers[0].image}")
        for name in ("plain", "out")
    }
    assert images == {"plain": image.reference.replace("-vpc.", ".distributed.").replace(".com/", ".com:65001/"),
                      "out": image.reference}  # fmt: skip


def test_upgrade_says_its_line_and_keeps_the_values_set_before(scene: Scene) -> None:
    typed = scene.operator.type(f"onectl addon upgrade {ADDON} --set p2p.plusMode.cacheTTL=72h")
    assert (typed.code, typed.stdout) == (0, f"Addon {ADDON}, version 0.1.0 upgraded.\n"), typed.stderr
    values = json.loads(scene.operator.type(f"helm -n kube-system get values {ADDON} -o json").stdout)
    assert values["p2p"]["plusMode"]["cacheTTL"] == "72h"
    assert values["pullImageInternet"] is True


def test_uninstall_while_a_pod_carries_a_p2p_image_names_what_it_keeps(scene: Scene) -> None:
    typed = scene.operator.type(f"onectl addon uninstall {ADDON}")
    assert (typed.code, typed.stdout) == (0, f"Addon {ADDON} uninstalled.\n"), typed.stderr
    assert f"acr-credential-{SECRET}-p2p" in typed.stderr
    for node in scene.lab.nodes:
        hosts = f"/etc/containerd/certs.d/{P2P_IMAGE.split('/')[0].replace(':', '_')}_/hosts.toml"
        assert f"{node.name}" in typed.stderr
        assert hosts in typed.stderr
        assert "127.0.0.1" not in node.run("cat", hosts), "only the origin is left in it"


def test_a_pod_that_lives_on_under_a_p2p_name_still_pulls_from_the_origin(scene: Scene) -> None:
    image = scene.new_image("docker-builder/later:1", 1, 1 << 20)
    name = image.reference.replace("-vpc.", ".distributed.").replace(".com/", ".com:65001/")
    overrides = json.dumps({"spec": {"imagePullSecrets": [{"name": f"acr-credential-{SECRET}-p2p"}]}})
    scene.lab.kubectl("-n", NAMESPACE, "run", "later", f"--image={name}", f"--overrides={overrides}")
    scene.lab.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", "pod/later", "--timeout=120s", timeout=150)


def test_uninstall_with_no_pod_left_leaves_nothing(scene: Scene, before: inventory.Inventory) -> None:
    """Whatever the uninstall above had to keep is found and finished by the next round."""
    scene.remove_namespace()
    assert scene.operator.type(INSTALL).code == 0
    typed = scene.operator.type(f"onectl addon uninstall {ADDON}")
    assert (typed.code, typed.stdout) == (0, f"Addon {ADDON} uninstalled.\n"), typed.stderr
    scene.make_namespace()
    assert scene.settled_differences(before) == []
