"""What of a release is still in the cluster, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from onectl.cluster.api import Api, Object
from onectl.cluster.workloads import INSTANCE
from onectl.errors import ForbiddenError, NotFoundError, UnavailableError

# They end by themselves with what they are about, and nobody may delete some of them.
_PASSING = {"Event", "EndpointSlice", "Endpoints", "ControllerRevision", "PodMetrics"}


@dataclass(frozen=True)
class Place:
    """A collection of objects of one kind, in all namespaces."""

    path: str
    kind: str


@dataclass(frozen=True, order=True)
class Leftover:
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def places(api: Api) -> list[Place]:
    """Every collection that the API server offers, in its preferred version."""
    groups = [group["preferredVersion"]["groupVersion"] for group in api.get("/apis")["groups"]]
    return [
        Place(f"{root}/{resource['name']}", resource["kind"])
        for root in ("/api/v1", *(f"/apis/{version}" for version in groups))
        for resource in _resources(api, root)
        if "list" in resource["verbs"] and "/" not in resource["name"] and resource["kind"] not in _PASSING
    ]


def labelled(api: Api, release: str, where: Iterable[Place]) -> list[Leftover]:
    """The objects there that carry the release's instance label. What can't be listed is left out."""
    found = {
        Leftover(place.kind, item["metadata"].get("namespace", ""), item["metadata"]["name"])
        for place in where
        for item in _items(api, place.path, f"{INSTANCE}={release}")
    }
    return sorted(found)


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
