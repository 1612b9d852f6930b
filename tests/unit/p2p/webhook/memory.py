"""An API server in memory, behind the webhook's port: versions, conflicts, watches, and garbage collection by owner."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

from p2p.webhook.kubernetes import ConflictError, Object

Key = tuple[str, str, str]  # kind, namespace, name


class MemoryKubernetes:
    """`writes` lists what was asked for, in order: verb, kind, name."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects: dict[Key, dict[str, Any]] = {}
        self.writes: list[tuple[str, str, str]] = []
        self._versions = itertools.count(1)
        self._watchers: list[tuple[str, asyncio.Queue[tuple[str, dict[str, Any]]]]] = []
        for body in objects:
            self.put(body)

    def put(self, body: Object) -> None:
        """What somebody else does: make an object, or change it."""
        key = _key(body)
        stored = copy.deepcopy(dict(body))
        meta = stored["metadata"]
        meta.setdefault("uid", f"uid-{next(self._versions)}")
        meta["resourceVersion"] = str(next(self._versions))
        event = "MODIFIED" if key in self.objects else "ADDED"
        self.objects[key] = stored
        self._tell(event, stored)

    def secret(self, name: str, namespace: str = "default") -> dict[str, Any] | None:
        return self.objects.get(("Secret", namespace, name))

    async def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        return copy.deepcopy(self.objects.get((kind, namespace or "", name)))

    async def create(self, body: Object) -> None:
        made = copy.deepcopy(dict(body))
        if "generateName" in made["metadata"]:
            made["metadata"]["name"] = f"{made['metadata']['generateName']}{next(self._versions)}"
        if _key(made) in self.objects:
            raise ConflictError("already exists")
        self.writes.append(("create", made["kind"], made["metadata"]["name"]))
        self.put(made)

    async def replace(self, body: Object) -> None:
        found = self.objects.get(_key(body))
        if found is None or found["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise ConflictError("the object has been modified")
        self.writes.append(("replace", body["kind"], body["metadata"]["name"]))
        self.put({**body, "metadata": {**body["metadata"], "uid": found["metadata"]["uid"]}})

    async def patch(self, kind: str, name: str, operations: list[dict[str, Any]]) -> None:
        self.writes.append(("patch", kind, name))
        self.put(apply(self.objects[kind, "", name], operations))

    async def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        gone = self.objects.pop((kind, namespace or "", name), None)
        if gone is None:
            return
        self.writes.append(("delete", kind, name))
        self._tell("DELETED", gone)
        for owned in [o for o in self.objects.values() if _is_owned(o, gone["metadata"]["uid"])]:
            await self.delete(owned["kind"], owned["metadata"]["name"], owned["metadata"].get("namespace"))

    async def list(
        self, kind: str, namespace: str = "*", labels: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        for (one, where, _), body in list(self.objects.items()):
            carried = body["metadata"].get("labels") or {}
            if one == kind and namespace in ("*", where) and (labels or {}).items() <= carried.items():
                yield copy.deepcopy(body)

    async def watch(
        self,
        kind: str,
        namespace: str | None = "*",
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._watchers.append((kind, queue))
        for body in [o for o in self.objects.values() if o["kind"] == kind]:
            queue.put_nowait(("ADDED", copy.deepcopy(body)))
        while True:
            event, body = await queue.get()
            carried = body["metadata"].get("labels") or {}
            wanted_type = (fields or {}).get("type", body.get("type"))
            if (labels or {}).items() <= carried.items() and wanted_type == body.get("type"):
                yield event, body

    def _tell(self, event: str, body: dict[str, Any]) -> None:
        for kind, queue in self._watchers:
            if kind == body["kind"]:
                queue.put_nowait((event, copy.deepcopy(body)))


def apply(document: Object, operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A JSON patch (RFC 6902), as far as the API server would take it: parents must exist, replaced members too."""
    result = copy.deepcopy(dict(document))
    for operation in operations:
        *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
        target: Any = result
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        if operation["op"] == "remove":
            del target[last]
        elif last == "-":
            target.append(operation["value"])
        else:
            place: Any = int(last) if isinstance(target, list) else last
            if operation["op"] == "replace":
                target[place]  # must be there
            target[place] = operation["value"]
    return result


def _key(body: Object) -> Key:
    return body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]


def _is_owned(body: Object, uid: str) -> bool:
    return any(owner["uid"] == uid for owner in body["metadata"].get("ownerReferences") or ())
