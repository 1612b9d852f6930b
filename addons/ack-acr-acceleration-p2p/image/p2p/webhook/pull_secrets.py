"""Pull Secrets of the whole cluster, held by a watch: an admission must not wait for many requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from p2p.webhook.credentials import is_copy
from p2p.webhook.kubernetes import Kubernetes

Key = tuple[str, str]  # namespace, name


class PullSecrets:
    def __init__(self, kubernetes: Kubernetes) -> None:
        self._kubernetes = kubernetes
        self._known: dict[str, dict[Key, dict[str, Any]]] = {}

    async def follow(self, kind: str) -> AsyncIterator[dict[str, Any]]:
        """Hold the Secrets of a type, and yield each that is new or has changed. Raises KubernetesError."""
        known = self._known[kind] = {}  # what went while nobody watched must not stay known
        async for event, secret in self._kubernetes.watch("Secret", fields={"type": kind}):
            if event == "DELETED":
                known.pop(key_of(secret), None)
            else:
                known[key_of(secret)] = secret
                yield secret

    def peek(self, namespace: str, name: str) -> dict[str, Any] | None:
        """As the watch last told of it; None when it has not (yet)."""
        return next((known[namespace, name] for known in self._known.values() if (namespace, name) in known), None)

    async def get(self, namespace: str, name: str) -> dict[str, Any] | None:
        """The same; what the watch has not told of is asked for. Raises KubernetesError."""
        return self.peek(namespace, name) or await self._kubernetes.get("Secret", name, namespace)

    def sources(self) -> Iterable[dict[str, Any]]:
        """All that are known and no copies."""
        return [secret for known in self._known.values() for secret in known.values() if not is_copy(secret)]


def key_of(secret: dict[str, Any]) -> Key:
    return secret["metadata"]["namespace"], secret["metadata"]["name"]
