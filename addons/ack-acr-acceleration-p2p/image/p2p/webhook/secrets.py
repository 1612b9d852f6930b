"""The two Secrets with the addon's own keys, and the one with the AccessKey."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from p2p.webhook import keys
from p2p.webhook.cloud import CloudError, Key
from p2p.webhook.kubernetes import ConflictError, Kubernetes
from p2p.webhook.settings import Settings

ADDON_NAMESPACE, ADDON_SECRET = "kube-system", "alibaba-addon-secret"


@dataclass(frozen=True)
class Keys:
    """Files of the webhook and of the scheduler, by name."""

    webhook: Mapping[str, bytes]
    scheduler: Mapping[str, bytes]


class KeyStore:
    """owner: an ownerReference, so that what is made goes with the webhook's Deployment."""

    def __init__(self, kubernetes: Kubernetes, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._kubernetes, self._settings, self._clock = kubernetes, settings, clock

    async def ensure(self, owner: Mapping[str, Any]) -> Keys:
        """All keys, made or renewed where that is due. Raises KubernetesError."""
        release = self._settings.release
        webhook = await self._ensure(f"{release}-webhook-keys", {"webhook": self._settings.service_host}, "order", owner)
        hosts = {"scheduler": keys.SCHEDULER_HOST}
        return Keys(webhook, await self._ensure(f"{release}-scheduler-keys", hosts, "ticket", owner))

    async def load(self) -> Mapping[str, bytes]:
        """The webhook's files as they are; empty when there are none."""
        return _files(await self._kubernetes.get("Secret", f"{self._settings.release}-webhook-keys", self._settings.namespace))

    async def _ensure(self, name: str, hosts: Mapping[str, str], signing: str, owner: Mapping[str, Any]) -> Mapping[str, bytes]:
        """Several replicas may be here at once: the first write wins, the others read it."""
        found = await self._kubernetes.get("Secret", name, self._settings.namespace)
        files = keys.complete(_files(found), hosts, signing, self._clock())
        if files == _files(found):
            return files
        meta: dict[str, Any] = {"name": name, "namespace": self._settings.namespace, "ownerReferences": [owner]}
        body = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": meta,
                "data": {key: b64encode(content).decode() for key, content in files.items()}}  # fmt: skip
        try:
            if found is None:
                await self._kubernetes.create(body)
            else:
                meta["resourceVersion"] = found["metadata"]["resourceVersion"]
                await self._kubernetes.replace(body)
        except ConflictError:
            return _files(await self._kubernetes.get("Secret", name, self._settings.namespace))
        return files


async def access_key(kubernetes: Kubernetes) -> Key:
    """The AccessKey that the grant, or somebody by hand, put into kube-system. Raises CloudError, KubernetesError."""
    files = _files(await kubernetes.get("Secret", ADDON_SECRET, ADDON_NAMESPACE))
    try:
        return Key(files["access-key-id"].decode().strip(), files["access-key-secret"].decode().strip())
    except KeyError as missing:
        where = f"Secret {ADDON_NAMESPACE}/{ADDON_SECRET}"
        raise CloudError(
            "CloudRefused", f"{where} is missing or has no {missing.args[0]}: onectl ram-user grant makes it"
        ) from None


def _files(secret: Mapping[str, Any] | None) -> dict[str, bytes]:
    return {name: b64decode(text) for name, text in ((secret or {}).get("data") or {}).items()}
