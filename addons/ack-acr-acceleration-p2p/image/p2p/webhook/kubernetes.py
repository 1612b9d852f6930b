"""The API server, as far as the webhook needs it: a port. Objects are plain dictionaries, as the API has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

Object = Mapping[str, Any]


class KubernetesError(Exception):
    """The API server could not be asked, or did not do what it was asked to."""


class ConflictError(KubernetesError):
    """The object is there already, or has changed since it was read."""


class Kubernetes(Protocol):
    """Every method raises KubernetesError. A kind that has no namespace is asked for without one."""

    async def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """None when there is no such object."""

    async def create(self, body: Object) -> None:
        """Raises ConflictError when it is there already."""

    async def replace(self, body: Object) -> None:
        """Raises ConflictError when it has changed since it was read (metadata.resourceVersion)."""

    async def patch(self, kind: str, name: str, operations: list[dict[str, Any]]) -> None:
        """A JSON patch (RFC 6902) of an object that has no namespace."""

    async def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """What is not there is fine."""

    def list(self, kind: str, namespace: str = "*", labels: Mapping[str, str] | None = None) -> AsyncIterator[dict[str, Any]]:
        """Objects of all namespaces, or of one."""

    def watch(
        self,
        kind: str,
        namespace: str | None = "*",
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """ADDED, MODIFIED or DELETED, and the object: first all that there are, then every change, until the server ends it."""
