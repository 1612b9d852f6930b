"""A lab that is ready for the document's commands: addon image published, an operator at the keyboard, a team's namespace."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import cloud, inventory, registry
from tests.lab.addon_image import publish
from tests.lab.cluster import Lab
from tests.lab.images import random_image
from tests.lab.metrics import samples
from tests.lab.operator import Operator, install_onectl
from tests.lab.shell import until

ADDON, NAMESPACE, SECRET = "ack-acr-acceleration-p2p", "demo", "test-registry"
REGION, INSTANCE = "cn-hangzhou", "cri-test"
VPC = "test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
INTERNET = "test-registry.cn-hangzhou.cr.aliyuncs.com"
# What `ram-user grant` makes and `addon uninstall` keeps.
GRANTED = "object Secret kube-system/alibaba-addon-secret"


@dataclass(frozen=True)
class Image:
    """An image in the lab's registry, under its VPC domain as the document writes it."""

    reference: str
    size: int


@dataclass
class Scene:
    lab: Lab
    operator: Operator
    folder: Path
    images: int = field(default=0)

    def new_image(self, name: str, layers: int, layer_bytes: int) -> Image:
        """Push an image of random bytes that no node has seen, e.g. docker-builder/nginx:latest."""
        self.images += 1
        layout = random_image(self.folder / f"image-{self.images}", layers, layer_bytes, secrets.randbits(64))
        registry.push(self.lab, layout, INTERNET, name)
        return Image(f"{VPC}/{name}", layers * layer_bytes)

    def make_namespace(self) -> None:
        """The team's namespace and its pull Secret for the VPC domain, as the document's example expects it."""
        self.lab.kubectl("create", "namespace", NAMESPACE)
        self.make_pull_secret(SECRET, registry.USER, registry.PASSWORD)

    def make_pull_secret(self, name: str, user: str, password: str) -> None:
        words = (f"--docker-server={VPC}", f"--docker-username={user}", f"--docker-password={password}")
        self.lab.kubectl("-n", NAMESPACE, "create", "secret", "docker-registry", name, *words)

    def remove_namespace(self) -> None:
        """Delete everything of the team's, and wait until it is gone."""
        self.lab.kubectl("delete", "namespace", NAMESPACE, "--wait", "--timeout=120s", timeout=150)

    def agent_pod(self, node: str) -> str:
        """The name of the agent's Pod on a node; empty when there is none."""
        label = "app.kubernetes.io/component=agent"
        words = ("-l", label, "--field-selector", f"spec.nodeName={node}", "-o", "jsonpath={.items[*].metadata.name}")
        return self.lab.kubectl("get", "pods", "--all-namespaces", *words).strip()

    def wait_for_agent(self, node: str) -> None:
        """Wait until the node's agent is ready and the webhook would give its Pods a P2P name."""
        until(f"an agent on {node}", lambda: self.agent_pod(node), 60)
        pod = self.agent_pod(node)
        self.lab.kubectl("-n", "kube-system", "wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=120s", timeout=150)

    def wait_for_swarm(self) -> None:
        """Wait until every agent has found the scheduler: before that each would fetch for itself."""
        joined = ("p2p_scheduler_connected", "")
        until("the agents' swarm", lambda: all(samples(node.address).get(joined) for node in self.lab.nodes), 60)

    def take_inventory(self) -> inventory.Inventory:
        """What there is, once nothing moves any more."""
        before: dict[str, str] = {}
        while (now := inventory.take(self.lab, self.lab.nodes)) != before:
            before = now
            time.sleep(2)
        return before

    def settled_differences(self, before: inventory.Inventory, seconds: float = 60) -> list[str]:
        """What differs from an earlier inventory once garbage collection has had its time; the grant's Secret may stay."""
        end = time.monotonic() + seconds
        while True:
            left = inventory.differences(before, inventory.take(self.lab, self.lab.nodes))
            left = [line for line in left if not line.endswith(GRANTED)]
            if not left or time.monotonic() > end:
                return left
            time.sleep(1)


@contextmanager
def raised(folder: Path, nodes: int = 3, mbit: float | None = None, containerd: str = "2") -> Iterator[Scene]:
    """Bring the lab up with everything that the document's reader already has; take it down again whatever happens."""
    lab = Lab.up(nodes=nodes, containerd=containerd)
    try:
        operator = Operator(folder / "home", (install_onectl(folder), *lab.programs), cloud.OPERATOR.environment())
        operator.configure(lab.kubeconfig, cloud.endpoints(lab), lab.authority.certificate)
        scene = Scene(lab, operator, folder)
        publish(lab)
        scene.make_namespace()
        if mbit:
            lab.shape_all(mbit)
        yield scene
    finally:
        lab.down()


def pod_fields(pod: str) -> dict[str, object]:
    """A Pod's JSON, as `kubectl get -o json` printed it, cut down to what the document's step 5 looks at."""
    body = json.loads(pod)
    notes = {k: v for k, v in (body["metadata"].get("annotations") or {}).items() if k.startswith("k8s.aliyun.com/")}
    return {
        "annotations": notes,
        "images": [container["image"] for container in body["spec"]["containers"]],
        "secrets": [secret["name"] for secret in body["spec"].get("imagePullSecrets", [])],
    }
