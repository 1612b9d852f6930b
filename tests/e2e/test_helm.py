"""The console's way: plain Helm, with the Secret made by hand."""

from __future__ import annotations

from tests.e2e.test_pull import LABEL, image_of, run_pod, wait_ready
from tests.lab import cloud
from tests.lab.addon_image import ADDON as FOLDER
from tests.lab.scene import ADDON, INSTANCE, NAMESPACE, REGION, SECRET, Scene


def test_helm_install_with_only_region_and_instances_and_helm_uninstall(scene: Scene) -> None:
    """Without pullImageInternet the VPC domain is the origin, and gives the P2P name."""
    key = cloud.CONSOLE
    scene.lab.kubectl("-n", "kube-system", "create", "secret", "generic", "alibaba-addon-secret",
                      f"--from-literal=access-key-id={key.id}", f"--from-literal=access-key-secret={key.secret}")  # fmt: skip
    before = scene.take_inventory()
    words = f"--namespace p2p --create-namespace --set region={REGION},acrInstances={INSTANCE} --wait --timeout 3m"
    installed = scene.operator.type(f"helm install {ADDON} {FOLDER / 'chart'} {words}")
    assert installed.code == 0, installed.stderr

    image = scene.new_image("team/console:1", 2, 1 << 20)
    run_pod(scene, "console", image.reference, secret=SECRET, label=LABEL)
    wait_ready(scene, "console")
    domain, rest = image.reference.split("/", 1)
    assert image_of(scene, "console") == f"{domain.replace('-vpc.', '-vpc.distributed.')}:65001/{rest}"

    scene.lab.kubectl("-n", NAMESPACE, "delete", "pod", "console", "--wait")
    removed = scene.operator.type(f"helm uninstall {ADDON} --namespace p2p")
    assert removed.code == 0, removed.stderr
    scene.lab.kubectl("delete", "namespace", "p2p", "--wait", "--timeout=120s", timeout=150)
    assert scene.settled_differences(before) == []


def test_grant_finds_the_owner_of_a_key_made_by_hand(scene: Scene) -> None:
    typed = scene.operator.type(f"onectl ram-user grant --addon {ADDON}")
    policy = f"ack-one-registered-cluster-policy-{ADDON}"
    owner = cloud.CONSOLE.owner
    assert (typed.code, typed.stdout) == (0, f"Ram policy {policy} granted to ram user {owner} successfully.\n"), typed.stderr
    assert not {"CreateUser", "CreateAccessKey"} & set(cloud.actions(scene.lab))
