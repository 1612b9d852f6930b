"""What of a release is still in the cluster, whoever made it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from onectl.cluster.api import Api, Object
from onectl.cluster.workloads import INSTANCE
from onectl.errors import ForbiddenError, NotFoundError, UnavailableError

# They end by themselves with what they are about, and nobody may delete some of them.
_PASSING = {"Event", "EndpointSlice", "Endpoints", "ControllerRevision"}


@dataclass(frozen=True, order=True)
class Leftover:
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def labelled(api: Api, release: str, kinds: Collection[str] | None = None) -> list[Leftover]:
    """Every object, of these kinds or of all, that carries the release's instance label.

    Kinds that can't be listed are left out.
    """
    found: set[Leftover] = set()
    for path, kind in _collections(api):
        if kinds is not None and kind not in kinds:
            continue
        for item in _items(api, path, f"{INSTANCE}={release}"):
            found.add(Leftover(kind, item["metadata"].get("namespace", ""), item["metadata"]["name"]))
    return sorted(found)


def _collections(api: Api) -> Iterator[tuple[str, str]]:
    """The path and the kind of each collection that the API server offers, in its preferred version."""
    groups = [group["preferredVersion"]["groupVersion"] for group in api.get("/apis")["groups"]]
    for root in ("/api/v1", *(f"/apis/{version}" for version in groups)):
        for resource in _resources(api, root):
            if "list" in resource["verbs"] and "/" not in resource["name"] and resource["kind"] not in _PASSING:
                yield f"{root}/{resource['name']}", resource["kind"]


def _resources(api: Api, root: str) -> list[Object]:
    try:
        return list(api.get(root).get("resources") or [])
    except (NotFoundError, UnavailableError):
        # An aggregated API whose server is away (metrics, for instance) holds nothing of ours.
        return []


def _items(api: Api, path: str, labels: str) -> list[Object]:
    try:
        return list(api.select(path, labels))
    except (ForbiddenError, NotFoundError, UnavailableError):
        return []
