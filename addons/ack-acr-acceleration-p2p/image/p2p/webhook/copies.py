"""The copies of pull Secrets: written for a Pod, kept equal to their sources, removed when nobody has used them for an hour."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from p2p.webhook.credentials import COPY_LABEL, Secret, copy_name, copy_of, is_copy, same
from p2p.webhook.kubernetes import ConflictError, Kubernetes
from p2p.webhook.state import State

UNUSED_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class TakenError(Exception):
    """Somebody else's Secret has the copy's name; it is not touched."""


class Copies:
    """clock: seconds, monotonic."""

    def __init__(self, kubernetes: Kubernetes, state: State, clock: Callable[[], float]) -> None:
        self._kubernetes, self._state, self._clock = kubernetes, state, clock
        self._unused: dict[tuple[str, str], float] = {}

    async def write(self, source: Secret) -> None:
        """Make the copy of a source, or make it equal. Raises TakenError, KubernetesError."""
        wanted = copy_of(source, self._state.origins.names)
        if wanted is None:
            return
        try:
            await self._kubernetes.create(wanted)
        except ConflictError:
            await self._update(wanted)

    async def follow(self, source: Secret) -> None:
        """A source has changed: so does its copy, if there is one."""
        meta = source["metadata"]
        if is_copy(source) or not await self._kubernetes.get("Secret", copy_name(meta["name"]), meta["namespace"]):
            return
        try:
            await self.write(source)
        except TakenError:
            return

    async def sweep(self) -> None:
        """Remove the copies that no Pod has named for an hour. Called every minute or so."""
        used = await used_secrets(self._kubernetes)
        copies = {key: copy async for key, copy in _copies(self._kubernetes)}
        now = self._clock()
        self._unused = {key: self._unused.get(key, now) for key in copies if key not in used}
        for (namespace, name), since in self._unused.items():
            if now - since >= UNUSED_SECONDS:
                await self._kubernetes.delete("Secret", name, namespace)

    async def remove_unused(self) -> list[tuple[str, str]]:
        """At the end of all: remove every copy that no Pod names. Returns namespace and name of those that stay."""
        used = await used_secrets(self._kubernetes)
        kept = []
        async for key, _ in _copies(self._kubernetes):
            if key in used:
                kept.append(key)
            else:
                await self._kubernetes.delete("Secret", key[1], key[0])
        return sorted(kept)

    async def _update(self, wanted: Mapping[str, Any]) -> None:
        meta = wanted["metadata"]
        found = await self._kubernetes.get("Secret", meta["name"], meta["namespace"])
        if found is None:  # it went in this very moment, with its source
            return
        if not is_copy(found):
            raise TakenError(f"a Secret named {meta['name']} exists already and is not ours")
        if same(found, wanted):
            return
        version = {"resourceVersion": found["metadata"]["resourceVersion"]}
        try:
            await self._kubernetes.replace({**wanted, "metadata": {**meta, **version}})
        except ConflictError:
            _log.info("another replica has just written %s/%s", meta["namespace"], meta["name"])


async def used_secrets(kubernetes: Kubernetes) -> set[tuple[str, str]]:
    """Namespace and name of every pull Secret that a Pod names."""
    used = set()
    async for pod in kubernetes.list("Pod"):
        for secret in pod["spec"].get("imagePullSecrets") or ():
            used.add((pod["metadata"]["namespace"], secret["name"]))
    return used


async def _copies(kubernetes: Kubernetes) -> Any:
    async for copy in kubernetes.list("Secret", labels={COPY_LABEL: "true"}):
        yield (copy["metadata"]["namespace"], copy["metadata"]["name"]), copy
