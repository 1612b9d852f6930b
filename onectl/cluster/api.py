"""The port to the Kubernetes API: objects as the JSON that the API documents, under their API paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Object = dict[str, Any]


class Api(Protocol):
    """Raises NotFoundError, ConflictError, AccessError (unreachable, not accepted, forbidden) or OnectlError."""

    def get(self, path: str) -> Object:
        """One object, e.g. /api/v1/namespaces/kube-system."""

    def select(self, path: str, labels: str = "") -> Sequence[Object]:
        """The items of a collection, all pages of it. `labels` is a label selector."""

    def create(self, path: str, body: Object) -> Object:
        """Add an object to a collection."""

    def delete(self, path: str) -> None:
        """Delete an object, and in the background whatever it owns; one that is gone already is fine."""
