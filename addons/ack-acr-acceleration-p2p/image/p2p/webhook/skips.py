"""Pods that are left alone, whatever their images and Secrets are: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2p.webhook.state import Nodes

Pod = Mapping[str, Any]
VIRTUAL = "virtual-kubelet"


def reason_to_skip(pod: Pod, nodes: Nodes) -> str:
    """Why this Pod is left alone, "" when it need not be."""
    node = bound_node(pod)
    if "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {}):
        return "mirror Pods can't be changed"
    if _is_windows(pod["spec"]):
        return "the agents run on Linux only"
    if _is_virtual(pod):
        return "virtual nodes have no agent"
    if not nodes.any_ready():
        return "no node has an agent that is ready"
    if node and not nodes.is_ready(node):
        return f"the agent on node {node} is not ready"
    return ""


def bound_node(pod: Pod) -> str:
    """The node that a Pod can run on alone: its nodeName, or the one that the DaemonSet controller chose for it."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = _dig(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    fields = [field for term in required or () for field in term.get("matchFields") or ()]
    names = [field["values"] for field in fields if field["key"] == "metadata.name" and field["operator"] == "In"]
    return str(names[0][0]) if names and len(names[0]) == 1 else ""


def _is_windows(spec: Mapping[str, Any]) -> bool:
    return _dig(spec, "os", "name") == "windows" or (spec.get("nodeSelector") or {}).get("kubernetes.io/os") == "windows"


def _is_virtual(pod: Pod) -> bool:
    """A Pod that may run on a virtual node counts: it would not find its image there."""
    spec = pod["spec"]
    tolerated = {toleration.get("key", "") for toleration in spec.get("tolerations") or ()}
    return (
        (spec.get("nodeSelector") or {}).get("type") == VIRTUAL
        or str(spec.get("nodeName", "")).startswith(VIRTUAL)
        or "virtual-kubelet.io/provider" in tolerated
        or (pod["metadata"].get("labels") or {}).get("alibabacloud.com/eci") == "true"
    )


def _dig(body: Any, *keys: str) -> Any:
    for key in keys:
        body = (body or {}).get(key)
    return body
