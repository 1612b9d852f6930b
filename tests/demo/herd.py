"""Starting one image on many nodes at once, and measuring what that took."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from tests.demo.figures import Herd
from tests.lab import registry
from tests.lab.cluster import Lab
from tests.lab.metrics import Bytes, agent_bytes

NAMESPACE, SECRET = "demo", "test-registry"
LABEL = {"k8s.aliyun.com/image-accelerate-mode": "p2p"}
AGENT = "p2p agent"


def deployment(name: str, image: str, nodes: Sequence[str], accelerated: bool) -> str:
    """A Deployment with one Pod on each of the nodes, as JSON; the label is on the Pod, as in the document's step 4."""
    app = {"app": name}
    spread = {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": app}, "topologyKey": "kubernetes.io/hostname"}]}  # fmt: skip
    here = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": list(nodes)}]}]}}  # fmt: skip
    pod = {
        "imagePullSecrets": [{"name": SECRET}],
        "containers": [{"name": "test", "image": image}],
        "affinity": {"podAntiAffinity": spread, "nodeAffinity": here},
        "terminationGracePeriodSeconds": 0,
    }
    template = {"metadata": {"labels": app | (LABEL if accelerated else {})}, "spec": pod}
    spec = {"replicas": len(nodes), "selector": {"matchLabels": app}, "template": template}
    meta = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})


def start(lab: Lab, name: str, image: str, nodes: Sequence[str], accelerated: bool) -> Herd:
    """Start the image on the nodes, wait until the last Pod runs, and say what it took."""
    registry.reset(lab)
    agents = nodes if accelerated else []
    before, used = _moved(lab, agents), _cpu(lab, agents)
    began = time.monotonic()
    lab.kubectl("apply", "-f", "-", stdin=deployment(name, image, nodes, accelerated))
    lab.kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{name}", "--timeout=300s", timeout=330)
    seconds = time.monotonic() - began
    after = _moved(lab, agents)
    return Herd(
        seconds=seconds,
        failed=failed_pods(lab, name),
        origin_bytes=registry.payload(lab),
        nodes={node: after[node] - before[node] for node in agents},
        cpu_seconds=max((_cpu(lab, [node])[node] - used[node] for node in agents), default=0.0),
        rss_mib=max((lab.measure(node, AGENT).rss_mib for node in agents), default=0.0),
    )


def failed_pods(lab: Lab, app: str) -> int:
    """Pods that do not run, or had a container that failed to start or an image that failed to come."""
    pods = json.loads(lab.kubectl("-n", NAMESPACE, "get", "pods", "-l", f"app={app}", "-o", "json"))["items"]
    events = json.loads(lab.kubectl("-n", NAMESPACE, "get", "events", "--field-selector", "reason=Failed", "-o", "json"))
    troubled = {event["involvedObject"]["name"] for event in events["items"]}
    return sum(pod["status"]["phase"] != "Running" or pod["metadata"]["name"] in troubled for pod in pods)


def _moved(lab: Lab, nodes: Sequence[str]) -> dict[str, Bytes]:
    return {node: agent_bytes(lab.address(node)) for node in nodes}


def _cpu(lab: Lab, nodes: Sequence[str]) -> dict[str, float]:
    return {node: lab.measure(node, AGENT).cpu_seconds for node in nodes}
