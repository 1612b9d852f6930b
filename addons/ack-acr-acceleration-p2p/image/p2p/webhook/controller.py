"""What keeps the addon's objects as they should be. Every replica does it: each step is idempotent, the first write wins."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from p2p.config.errors import ConfigError
from p2p.config.names import join_address
from p2p.config.origins import Name, Origins, Scheduler
from p2p.webhook import keys
from p2p.webhook.cloud import Cloud, CloudError, Key
from p2p.webhook.kubernetes import ConflictError, Kubernetes, KubernetesError
from p2p.webhook.naming import ClosedEndpointError, evolve, name_of
from p2p.webhook.secrets import Keys, KeyStore, access_key
from p2p.webhook.settings import CONFIGURATION, Settings
from p2p.webhook.state import State

ASK_CLOUD_EVERY = 300.0  # seconds; until it has answered once, at every round
KEY = "origins.json"
_log = logging.getLogger(__name__)


class Controller:
    """cloud: asks with a key; clock: seconds, monotonic; now: the time of day, for certificates and Events."""

    def __init__(
        self,
        kubernetes: Kubernetes,
        settings: Settings,
        state: State,
        cloud: Callable[[Key], Cloud],
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._kubernetes, self._settings, self._state, self._cloud = kubernetes, settings, state, cloud
        self._clock, self._now = clock, now
        self._store = KeyStore(kubernetes, settings, now)
        self._names: list[Name] | None = None
        self._asked = 0.0
        self._told = ""

    async def ensure_keys(self) -> Keys:
        """Raises KubernetesError."""
        return await self._store.ensure(await self._owner())

    async def reconcile(self) -> Keys:
        """One round. What fails is told by an Event, and is tried again at the next one. Raises KubernetesError."""
        found = await self.ensure_keys()
        await self._ask_cloud()
        await self._write_origins(found)
        await self._certify(found.webhook["ca.crt"])
        return found

    async def _ask_cloud(self) -> None:
        """With no answer, what was known before stays."""
        if self._names is not None and self._clock() - self._asked < ASK_CLOUD_EVERY:
            return
        try:
            cloud = self._cloud(await access_key(self._kubernetes))
            answers = [await asyncio.to_thread(cloud.endpoints, one) for one in self._settings.instances]
            self._names = [name_of(answer, self._settings.internet, self._settings.port) for answer in answers]
            self._asked, self._told = self._clock(), ""
        except CloudError as error:
            await self._tell(error.reason, str(error))
        except ClosedEndpointError as error:
            await self._tell("EndpointClosed", str(error))

    async def _write_origins(self, found: Keys) -> None:
        config_map = await self._kubernetes.get("ConfigMap", self._settings.origins_name, self._settings.namespace)
        known = read_origins(config_map)
        if self._names is not None:
            self._state.wanted = frozenset(domain for name in self._names for domain in name.domains)
            tickets, orders = (keys.public_key(files[name]) for files, name in
                               ((found.scheduler, "ticket.key"), (found.webhook, "order.key")))  # fmt: skip
            scheduler = await self._scheduler(found.scheduler["ca.crt"])
            wanted = evolve(known, self._names, self._settings.port, scheduler, [tickets], [orders])
            known = await self._replace(config_map, wanted)
        self._state.origins = known

    async def _replace(self, config_map: dict[str, Any] | None, wanted: Origins) -> Origins:
        """Write the list when it is another; names are written here before they are ever issued."""
        text = wanted.to_json()
        meta = {"name": self._settings.origins_name, "namespace": self._settings.namespace}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {KEY: text}}
        try:
            if config_map is None:
                owners = {"ownerReferences": [await self._owner()]}
                await self._kubernetes.create({**body, "metadata": {**meta, **owners}})
            elif (config_map.get("data") or {}).get(KEY) != text:
                await self._kubernetes.replace({**config_map, **body})
        except ConflictError:  # another replica was first; the next round compares again
            return read_origins(await self._kubernetes.get("ConfigMap", meta["name"], meta["namespace"]))
        return Origins.parse(text)

    async def _scheduler(self, ca: bytes) -> Scheduler | None:
        """By its cluster address: the agents' DNS is the node's, which knows no Services."""
        if not self._settings.scheduler:
            return None
        service = await self._kubernetes.get("Service", f"{self._settings.release}-scheduler", self._settings.namespace)
        if service is None:
            return None
        spec = service["spec"]
        address = join_address(spec["clusterIP"], spec["ports"][0]["port"])
        return Scheduler(address, keys.SCHEDULER_HOST, ca.decode())

    async def _certify(self, ca: bytes) -> None:
        """Put our authority into our own configuration, whoever took it out."""
        found = await self._kubernetes.get("MutatingWebhookConfiguration", CONFIGURATION)
        if found is None:  # being uninstalled
            return
        bundle = base64.b64encode(ca).decode()
        operations = [
            {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": bundle}
            for index, hook in enumerate(found["webhooks"])
            if hook["clientConfig"].get("caBundle") != bundle
        ]
        if operations:
            await self._kubernetes.patch("MutatingWebhookConfiguration", CONFIGURATION, operations)

    async def _owner(self) -> dict[str, Any]:
        name = f"{self._settings.release}-webhook"
        found = await self._kubernetes.get("Deployment", name, self._settings.namespace)
        if found is None:
            raise KubernetesError(f"Deployment {self._settings.namespace}/{name} is gone")
        return {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": found["metadata"]["uid"]}

    async def _tell(self, reason: str, message: str) -> None:
        """A Warning Event on the Deployment, once for each new message."""
        _log.warning("%s: %s", reason, message)
        if message == self._told:
            return
        await self._kubernetes.create(_event(self._settings, await self._owner(), reason, message, self._now()))
        self._told = message


def _event(settings: Settings, owner: Mapping[str, Any], reason: str, message: str, now: datetime) -> dict[str, Any]:
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {**owner, "namespace": settings.namespace}
    return {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message, "count": 1,
        "metadata": {"generateName": f"{owner['name']}-", "namespace": settings.namespace},
        "involvedObject": about, "source": {"component": f"{settings.release}-webhook"},
        "firstTimestamp": stamp, "lastTimestamp": stamp,
    }  # fmt: skip


def read_origins(config_map: Mapping[str, Any] | None) -> Origins:
    """What is known already; nothing when there is no list, or one that can't be read."""
    if config_map is None:
        return Origins(port=0)
    try:
        return Origins.parse((config_map.get("data") or {}).get(KEY, ""))
    except ConfigError as error:
        _log.warning("the list of origins is made anew: %s", error)
        return Origins(port=0)
