"""The API server by lightkube."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx2 as httpx
from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig
from lightkube.resources.admissionregistration_v1 import MutatingWebhookConfiguration
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Event, Pod, Service
from lightkube.resources.core_v1 import Secret as SecretResource
from lightkube.types import PatchType

from p2p.webhook.kubernetes import ConflictError, KubernetesError, Object

KINDS: dict[str, Any] = {
    "ConfigMap": ConfigMap, "Deployment": Deployment, "Event": Event, "Pod": Pod, "Secret": SecretResource,
    "Service": Service, "MutatingWebhookConfiguration": MutatingWebhookConfiguration,
}  # fmt: skip


def in_cluster() -> KubeConfig:
    """By the Pod's ServiceAccount. Raises KubernetesError."""
    try:
        return KubeConfig.from_service_account()
    except ConfigError as error:
        raise KubernetesError(f"this is no Pod of a cluster: {error}") from None


@asynccontextmanager
async def connected(config: KubeConfig) -> AsyncIterator[Api]:
    async with AsyncClient(config, trust_env=False) as client:
        yield Api(client)


class Api:
    """A thin layer over lightkube: dictionaries in and out, its errors in this module's words."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        try:
            with _translated():
                found = await self._client.get(KINDS[kind], name, namespace=namespace)
        except _NotFoundError:
            return None
        return dict(found.to_dict())

    async def create(self, body: Object) -> None:
        with _translated():
            await self._client.create(KINDS[body["kind"]].from_dict(dict(body)))

    async def replace(self, body: Object) -> None:
        with _translated():
            await self._client.replace(KINDS[body["kind"]].from_dict(dict(body)))

    async def patch(self, kind: str, name: str, operations: list[dict[str, Any]]) -> None:
        with _translated():
            await self._client.patch(KINDS[kind], name, operations, patch_type=PatchType.JSON)

    async def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        try:
            with _translated():
                await self._client.delete(KINDS[kind], name, namespace=namespace)
        except _NotFoundError:
            return

    async def list(
        self, kind: str, namespace: str = "*", labels: Mapping[str, str] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        with _translated():
            async for found in self._client.list(KINDS[kind], namespace=namespace, labels=dict(labels or {})):
                yield dict(found.to_dict())

    async def watch(
        self,
        kind: str,
        namespace: str | None = "*",
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        with _translated():
            watching = self._client.watch(
                KINDS[kind], namespace=namespace, labels=dict(labels or {}), fields=dict(fields or {}), server_timeout=300
            )
            async for event, found in watching:
                yield event, dict(found.to_dict())


class _NotFoundError(KubernetesError):
    pass


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        kinds: dict[int | None, type[KubernetesError]] = {404: _NotFoundError, 409: ConflictError}
        raise kinds.get(error.status.code, KubernetesError)(f"the API server refused: {error.status.message}") from error
    except httpx.HTTPError as error:
        raise KubernetesError(f"the API server does not answer: {error!r}") from error
