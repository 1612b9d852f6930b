"""What becomes of a Pod: a pure decision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from p2p.webhook.credentials import Secret, is_copy, usable
from p2p.webhook.images import domain_of, rewritten
from p2p.webhook.skips import Pod, reason_to_skip
from p2p.webhook.state import Nodes

MODE, CONFIG, SKIPPED = (f"k8s.aliyun.com/{key}" for key in ("image-accelerate-mode", "p2p-config", "p2p-skipped"))
KINDS = ("initContainers", "containers", "ephemeralContainers")
VERSION = 1

NOT_ISSUED = "the nodes do not have the P2P names yet"
NO_IMAGE = "no image belongs to a configured Container Registry Enterprise Edition instance"
NO_ORIGINAL = "the images name the P2P endpoint already, and nothing tells what they were"
NEVER = "imagePullPolicy is Never"
NO_SECRET = "the image pull Secret for the original registry is missing"


@dataclass(frozen=True)
class Decision:
    """images: "containers/NAME" → the image to use; originals: the same → as it was. secrets: names of pull Secrets that
    need a copy. skipped: why nothing is done; "" otherwise."""

    images: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    skipped: str = ""


@dataclass(frozen=True)
class _Found:
    where: str
    original: str
    image: str
    never: bool


def decide(pod: Pod, table: Mapping[str, str], secrets: Sequence[Secret], nodes: Nodes) -> Decision:
    """table: domain → P2P name that the nodes have. secrets: those that the Pod names and that exist, in its order."""
    found = list(_find(pod, table))
    usable_ones = [one for one in found if domain_of(one.original) != table.get(domain_of(one.original))]
    if reason := reason_to_skip(pod, nodes) or _nothing_to_do(table, found, usable_ones):
        return Decision(skipped=reason)
    sources = [secret for secret in secrets if not is_copy(secret)]
    chosen = [one for one in usable_ones if not one.never and any(usable(s, one.original) for s in sources)]
    if not chosen:
        return Decision(skipped=NO_SECRET)
    return Decision(
        images={one.where: one.image for one in chosen},
        originals={one.where: one.original for one in chosen},
        secrets=[s["metadata"]["name"] for s in sources if any(usable(s, one.original) for one in chosen)],
    )


def _nothing_to_do(table: Mapping[str, str], found: Sequence[_Found], usable_ones: Sequence[_Found]) -> str:
    if not table:
        return NOT_ISSUED
    if not found:
        return NO_IMAGE
    if not usable_ones:
        return NO_ORIGINAL
    return NEVER if all(one.never for one in usable_ones) else ""


def _find(pod: Pod, table: Mapping[str, str]) -> Iterator[_Found]:
    """The containers whose image is ours.

    One that has its P2P name already (the webhook is called again after others changed the Pod; a Pod's YAML is applied again)
    is known by what the annotation says that it was, if that leads to the same image.
    """
    recorded = _recorded(pod)
    for kind in KINDS:
        for container in pod["spec"].get(kind) or ():
            where, image = f"{kind}/{container['name']}", container.get("image", "")
            new = rewritten(image, table)
            if new is None:
                continue
            before = recorded.get(where, image)
            original = before if rewritten(before, table) == new else image
            yield _Found(where, original, new, container.get("imagePullPolicy") == "Never")


def _recorded(pod: Pod) -> dict[str, str]:
    """The originals in the Pod's annotation; it may be anybody's, so nothing of it is taken for granted."""
    try:
        images = json.loads((pod["metadata"].get("annotations") or {}).get(CONFIG, "{}"))["images"]
    except (ValueError, KeyError, TypeError):
        return {}
    return {where: image for where, image in images.items() if isinstance(image, str)} if isinstance(images, dict) else {}
