"""What a release runs, as the cluster shows it at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from onectl.cluster.api import Api, Object
from onectl.errors import ForbiddenError

INSTANCE = "app.kubernetes.io/instance"
_KINDS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}


@dataclass(frozen=True)
class Snapshot:
    """Each workload has its `kind` filled in. Events are the Warnings about the workloads and Pods that are there."""

    workloads: tuple[Object, ...] = ()
    pods: tuple[Object, ...] = ()
    events: tuple[Object, ...] = ()
    down: frozenset[str] = frozenset()
    """The nodes that are not ready, as far as this user may look."""


def take(api: Api, namespace: str, release: str) -> Snapshot:
    """Look at everything that carries the release's instance label."""
    labels = f"{INSTANCE}={release}"
    workloads = tuple(
        {**item, "kind": kind} for kind, path in _KINDS.items() for item in api.select(path.format(namespace), labels)
    )
    pods = tuple(api.select(f"/api/v1/namespaces/{namespace}/pods", labels))
    known = {item["metadata"]["uid"] for item in (*workloads, *pods)}
    events = api.select(f"/api/v1/namespaces/{namespace}/events")
    warnings = tuple(e for e in events if e.get("type") == "Warning" and e["involvedObject"].get("uid") in known)
    return Snapshot(workloads, pods, warnings, _down(api))


def _down(api: Api) -> frozenset[str]:
    try:
        nodes = api.select("/api/v1/nodes")
    except ForbiddenError:
        return frozenset()
    return frozenset(node["metadata"]["name"] for node in nodes if not _ready(node))


def _ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
