"""The copies of pull Secrets: written for a Pod, kept equal to their sources, removed when nobody has used them for an hour."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from p2p.webhook.credentials import COPY_LABEL, copy_name, copy_of, is_copy, same, source_name
from p2p.webhook.kubernetes import ConflictError, Kubernetes
from p2p.webhook.pull_secrets import Key, PullSecrets, key_of
from p2p.webhook.state import State

UNUSED_SECONDS = 3600.0
_log = logging.getLogger(__name__)


class TakenError(Exception):
    """Somebody else's Secret has the copy's name; it is not touched."""


class Copies:
    """clock: seconds, monotonic."""

    def __init__(self, kubernetes: Kubernetes, secrets: PullSecrets, state: State, clock: Callable[[], float]) -> None:
        self._kubernetes, self._secrets, self._state, self._clock = kubernetes, secrets, state, clock
        self._unused: dict[Key, float] = {}

    async def write(self, source: dict[str, Any]) -> None:
        """Make the copy of a source, or make it equal; one request where there was none. Raises TakenError, KubernetesError."""
        wanted = copy_of(source, self._state.origins.names)
        if wanted is None:
            return
        known = self._secrets.peek(*key_of(wanted))
        if known and is_copy(known) and same(known, wanted):
            return
        try:
            await self._kubernetes.create(wanted)
        except ConflictError:
            await self._update(wanted)

    async def follow(self, changed: dict[str, Any]) -> None:
        """A Secret has changed: so does its copy, if it has one. A copy that somebody else has changed is set right."""
        namespace, name = key_of(changed)
        source = self._secrets.peek(namespace, source_name(changed)) if is_copy(changed) else changed
        copy = changed if is_copy(changed) else self._secrets.peek(namespace, copy_name(name))
        if source is None or copy is None or not is_copy(copy) or not self._state.origins.names:
            return
        if copy_of(source, self._state.origins.names) is None:  # no credential of ours is left in it
            await self._kubernetes.delete("Secret", *reversed(key_of(copy)))
        else:
            await self._write_ours(source)

    async def sweep(self) -> None:
        """Remove the copies that no Pod has named for an hour, and make those again that are missing. Every minute or so."""
        if self._state.leaving:
            return
        used, copies, now = await used_secrets(self._kubernetes), await self._copies(), self._clock()
        for source in self._secrets.sources():
            namespace, name = key_of(source)
            wanted = namespace, copy_name(name)
            if wanted in used and wanted not in copies:
                await self._write_ours(source)
        self._unused = {key: self._unused.get(key, now) for key in copies - used}
        for (namespace, name), since in self._unused.items():
            if now - since >= UNUSED_SECONDS:
                await self._kubernetes.delete("Secret", name, namespace)

    async def remove_unused(self) -> list[Key]:
        """At the end of all: remove every copy that no Pod names. Returns those that stay."""
        used, copies = await used_secrets(self._kubernetes), await self._copies()
        for namespace, name in copies - used:
            await self._kubernetes.delete("Secret", name, namespace)
        return sorted(copies & used)

    async def _write_ours(self, source: dict[str, Any]) -> None:
        try:
            await self.write(source)
        except TakenError as taken:
            _log.warning("%s: %s", source["metadata"]["namespace"], taken)

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

    async def _copies(self) -> set[Key]:
        return {key_of(copy) async for copy in self._kubernetes.list("Secret", labels={COPY_LABEL: "true"})}


async def used_secrets(kubernetes: Kubernetes) -> set[Key]:
    """Every pull Secret that a Pod names."""
    return {
        (pod["metadata"]["namespace"], secret["name"])
        async for pod in kubernetes.list("Pod")
        for secret in pod["spec"].get("imagePullSecrets") or ()
    }
