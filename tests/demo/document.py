"""The document's five steps, typed as they are written there."""

from __future__ import annotations

import json
from pathlib import Path

from tests.demo import screen
from tests.lab.operator import CHECKOUT
from tests.lab.scene import ADDON, INSTANCE, REGION, Scene

GRANT = f"onectl ram-user grant --addon {ADDON}"
INSTALL = f"""onectl addon install {ADDON} \\
  --set region={REGION},acrInstances={INSTANCE},pullImageInternet=true"""
UPGRADE = f"onectl addon upgrade {ADDON} --set p2p.plusMode.cacheTTL=72h"
UNINSTALL = f"onectl addon uninstall {ADDON}"
WORKLOAD = Path(__file__).with_name("workload.yaml")


def grant(scene: Scene) -> None:
    screen.chapter("Step 1: Grant RAM permissions to the P2P component")
    screen.show(scene.operator.type(GRANT))
    screen.chapter("Step 2: Get the Container Registry instance ID")
    screen.note(f"the console shows it: {INSTANCE}")


def install(scene: Scene) -> None:
    screen.chapter("Step 3: Install the P2P component")
    screen.show(scene.operator.type(INSTALL))


def make_image(scene: Scene) -> None:
    """The document's nginx, as far as a Pod that sleeps is concerned."""
    scene.new_image("docker-builder/nginx:latest", 1, 1 << 20)


def accelerate_and_verify(scene: Scene) -> None:
    """The document's own Deployment, and what its step 5 looks for in the Pod."""
    screen.chapter("Step 4: Enable P2P acceleration")
    where = WORKLOAD.relative_to(CHECKOUT)
    screen.show(scene.operator.type(f"kubectl -n demo apply -f {WORKLOAD}"))
    screen.note(f"({where} is the document's example)")
    scene.lab.kubectl("-n", "demo", "rollout", "status", "deployment/test", "--timeout=120s", timeout=150)
    screen.chapter("Step 5: Verify P2P acceleration")
    pods = scene.operator.type("kubectl -n demo get po -l app=nginx -o json")
    screen.say(f"{screen.paint('$', screen.GREEN)} kubectl get po <POD_NAME> -o yaml    (relevant fields)")
    pod = json.loads(pods.stdout)["items"][0]
    for line in relevant_fields(pod):
        screen.say(f"  {line}")


def relevant_fields(pod: dict[str, dict[str, object]]) -> list[str]:
    """The fields that the document's step 5 prints."""
    meta, spec = pod["metadata"], pod["spec"]
    annotations = meta.get("annotations") or {}
    containers, secrets = spec["containers"], spec["imagePullSecrets"]
    assert isinstance(annotations, dict)
    assert isinstance(containers, list)
    assert isinstance(secrets, list)
    notes = [f"    {key}: {value}" for key, value in sorted(annotations.items()) if key.startswith("k8s.aliyun.com/")]
    images = [f"  - image: {container['image']}" for container in containers]
    pulls = [f"  - name: {secret['name']}" for secret in secrets]
    return ["metadata:", "  annotations:", *notes, "spec:", "  containers:", *images, "  imagePullSecrets:", *pulls]


def upgrade(scene: Scene) -> None:
    screen.chapter("Modify component parameters")
    screen.show(scene.operator.type(UPGRADE))


def uninstall(scene: Scene) -> None:
    screen.chapter("Uninstall the component")
    screen.show(scene.operator.type(UNINSTALL))
