"""The JSON patches (RFC 6902) that carry a decision out: pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from p2p.webhook.admission import CONFIG, KINDS, MODE, SKIPPED, VERSION, Decision
from p2p.webhook.credentials import copy_name
from p2p.webhook.skips import Pod

Patch = list[dict[str, Any]]


def pod_patch(pod: Pod, decision: Decision) -> Patch:
    """The operations on a new Pod. A skipped Pod only gets the reason."""
    if decision.skipped:
        return list(_annotate(pod, {SKIPPED: decision.skipped}))
    config = json.dumps({"version": VERSION, "images": dict(decision.originals)})
    return [
        *_annotate(pod, {MODE: "p2p", CONFIG: config}),
        *_replace_images(pod, decision, KINDS, set()),
        *_append_secrets(pod, [copy_name(name) for name in decision.secrets]),
    ]


def ephemeral_patch(pod: Pod, old: Pod, decision: Decision) -> Patch:
    """The operations on a running Pod that gets ephemeral containers: only the new ones' images can be changed.

    Its pull Secrets can't: none where a copy that is needed is not among them.
    """
    present = _secret_names(pod)
    if any(copy_name(name) not in present for name in decision.secrets):
        return []
    there = {container["name"] for container in old["spec"].get("ephemeralContainers") or ()}
    return list(_replace_images(pod, decision, ("ephemeralContainers",), there))


def _replace_images(pod: Pod, decision: Decision, kinds: Collection[str], fixed: Collection[str]) -> Iterator[dict[str, Any]]:
    for kind in kinds:
        for index, container in enumerate(pod["spec"].get(kind) or ()):
            new = decision.images.get(f"{kind}/{container['name']}", container.get("image"))
            if new != container.get("image") and container["name"] not in fixed:
                yield {"op": "replace", "path": f"/spec/{kind}/{index}/image", "value": new}


def _annotate(pod: Pod, notes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    present = pod["metadata"].get("annotations")
    if not present:
        yield {"op": "add", "path": "/metadata/annotations", "value": dict(notes)}
        return
    for key, value in notes.items():
        if present.get(key) != value:
            yield {"op": "add", "path": _annotation(key), "value": value}
    if SKIPPED in present and SKIPPED not in notes:
        yield {"op": "remove", "path": _annotation(SKIPPED)}


def _annotation(key: str) -> str:
    """A JSON pointer (RFC 6901)."""
    return f"/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}"


def _append_secrets(pod: Pod, names: Collection[str]) -> Iterator[dict[str, Any]]:
    """After the originals, which stay: a Pod that is changed has at least one."""
    present = _secret_names(pod)
    for name in names:
        if name not in present:
            yield {"op": "add", "path": "/spec/imagePullSecrets/-", "value": {"name": name}}


def _secret_names(pod: Pod) -> set[str]:
    return {secret["name"] for secret in pod["spec"].get("imagePullSecrets") or ()}
