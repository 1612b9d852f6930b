"""What becomes of a Pod: a pure decision, and the JSON patch (RFC 6902) that carries it out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from p2p.webhook.credentials import Secret, copy_name, usable
from p2p.webhook.images import rewritten

MODE, CONFIG, SKIPPED = (f"k8s.aliyun.com/{key}" for key in ("image-accelerate-mode", "p2p-config", "p2p-skipped"))
VERSION = 1
NO_IMAGE = "no image belongs to a configured Container Registry Enterprise Edition instance"

Pod = Mapping[str, Any]
Patch = list[dict[str, Any]]


@dataclass(frozen=True)
class Decision:
    """images: "containers/NAME" → the image to use; originals: the same → as it was. secrets: names of pull Secrets that
    need a copy. skipped: why nothing is done; "" otherwise."""

    images: Mapping[str, str]
    originals: Mapping[str, str]
    secrets: Sequence[str]
    skipped: str = ""


def decide(
    pod: Pod, table: Mapping[str, str], secrets: Sequence[Secret], is_ready: Callable[[str], bool], any_ready: bool
) -> Decision:
    """table: domain → P2P name that the nodes have. secrets: those that the Pod names and that exist, in its order."""
    found = {where: (image, new) for where, image, policy in _images(pod) if (new := rewritten(image, table))}
    reason = _reason(pod, bool(found), table, is_ready, any_ready)
    if reason:
        return Decision({}, {}, (), reason)
    served = {where: [s["metadata"]["name"] for s in secrets if usable(s, image)] for where, (image, _) in found.items()}
    never = {where for where, _, policy in _images(pod) if policy == "Never"}
    chosen = {where: pair for where, pair in found.items() if served[where] and where not in never}
    if not chosen:
        return Decision({}, {}, (), _why_none(set(found) <= never))
    used = [s["metadata"]["name"] for s in secrets if any(s["metadata"]["name"] in served[where] for where in chosen)]
    images = {where: new for where, (_, new) in chosen.items()}
    return Decision(images, {where: image for where, (image, _) in chosen.items()}, tuple(dict.fromkeys(used)))


def patch(pod: Pod, decision: Decision) -> Patch:
    """The operations on a new Pod. A skipped Pod only gets the reason."""
    if decision.skipped:
        return list(_annotate(pod, {SKIPPED: decision.skipped}))
    config = json.dumps({"version": VERSION, "images": dict(decision.originals)}, sort_keys=True)
    return [
        *_annotate(pod, {MODE: "p2p", CONFIG: config}),
        *replace_images(pod, decision),
        *_append_secrets(pod, [copy_name(name) for name in decision.secrets]),
    ]


def replace_images(pod: Pod, decision: Decision) -> Iterator[dict[str, Any]]:
    """The operations on the images alone: all that may change through the ephemeralcontainers subresource."""
    for kind in KINDS:
        for index, container in enumerate(pod["spec"].get(kind) or ()):
            if new := decision.images.get(f"{kind}/{container['name']}"):
                yield {"op": "replace", "path": f"/spec/{kind}/{index}/image", "value": new}


KINDS = ("initContainers", "containers", "ephemeralContainers")


def _images(pod: Pod) -> Iterator[tuple[str, str, str]]:
    """Place, image and pull policy of every container."""
    for kind in KINDS:
        for container in pod["spec"].get(kind) or ():
            yield f"{kind}/{container['name']}", container.get("image", ""), container.get("imagePullPolicy", "")


def _reason(pod: Pod, any_image: bool, table: Mapping[str, str], is_ready: Callable[[str], bool], any_ready: bool) -> str:
    """Why this Pod is left alone, whatever its Secrets are."""
    node = bound_node(pod)
    if "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {}):
        return "mirror Pods can't be changed"
    if _is_windows(pod):
        return "the agents run on Linux only"
    if _is_virtual(pod):
        return "virtual nodes have no agent"
    if not table or not any_ready:
        return "no node has an agent that is ready"
    if not any_image:
        return NO_IMAGE
    if node and not is_ready(node):
        return f"the agent on node {node} is not ready"
    return ""


def _why_none(all_never: bool) -> str:
    if all_never:
        return "imagePullPolicy is Never"
    return "the image pull Secret for the original registry is missing"


def bound_node(pod: Pod) -> str:
    """The node that a Pod can run on alone: its nodeName, or the one that the DaemonSet controller chose for it."""
    spec = pod["spec"]
    if spec.get("nodeName"):
        return str(spec["nodeName"])
    required = _dig(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
    fields = [field for term in required or () for field in term.get("matchFields") or ()]
    names = [field["values"] for field in fields if field["key"] == "metadata.name" and field["operator"] == "In"]
    return str(names[0][0]) if names and len(names[0]) == 1 else ""


def _is_windows(pod: Pod) -> bool:
    spec = pod["spec"]
    return _dig(spec, "os", "name") == "windows" or (spec.get("nodeSelector") or {}).get("kubernetes.io/os") == "windows"


def _is_virtual(pod: Pod) -> bool:
    spec = pod["spec"]
    by_selector = (spec.get("nodeSelector") or {}).get("type") == "virtual-kubelet"
    return by_selector or str(spec.get("nodeName", "")).startswith("virtual-kubelet")


def _annotate(pod: Pod, notes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if not pod["metadata"].get("annotations"):
        yield {"op": "add", "path": "/metadata/annotations", "value": dict(notes)}
        return
    for key, value in notes.items():
        yield {"op": "add", "path": f"/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}", "value": value}


def _append_secrets(pod: Pod, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """After the originals, which stay."""
    present = [secret["name"] for secret in pod["spec"].get("imagePullSecrets") or ()]
    for name in names:
        if name not in present:
            yield {"op": "add", "path": "/spec/imagePullSecrets/-", "value": {"name": name}}


def _dig(body: Any, *keys: str) -> Any:
    for key in keys:
        body = (body or {}).get(key)
    return body
