"""The controller against a cluster in memory and a cloud that says what it is told to."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from p2p.config.origins import Origins
from p2p.webhook.cloud import CloudError, Key
from p2p.webhook.controller import ASK_CLOUD_EVERY, Controller
from p2p.webhook.naming import Endpoints
from p2p.webhook.settings import CONFIGURATION, Settings
from p2p.webhook.state import State

from tests.unit.p2p.webhook.memory import MemoryKubernetes
from tests.unit.p2p.webhook.samples import INTERNET, NAME, P2P, SETTINGS, VPC


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


ADDON_SECRET = {"kind": "Secret", "metadata": {"name": "alibaba-addon-secret", "namespace": "kube-system"},
                "data": {"access-key-id": text("id\n"), "access-key-secret": text("secret")}}  # fmt: skip
DEPLOYMENT = {"kind": "Deployment", "metadata": {"name": "r-webhook", "namespace": "addons", "uid": "deployment"}}
SERVICE = {"kind": "Service", "metadata": {"name": "r-scheduler", "namespace": "addons"},
           "spec": {"clusterIP": "fd00::1", "ports": [{"port": 8444}]}}  # fmt: skip
WEBHOOKS = {"kind": "MutatingWebhookConfiguration", "metadata": {"name": CONFIGURATION},
            "webhooks": [{"clientConfig": {}}, {"clientConfig": {"caBundle": text("another's")}}]}  # fmt: skip


class Scene:
    def __init__(self, *more: dict[str, Any]) -> None:
        self.cluster = MemoryKubernetes(ADDON_SECRET, DEPLOYMENT, SERVICE, WEBHOOKS, *more)
        self.answer: Endpoints | CloudError = Endpoints("cri-test", (INTERNET,), (VPC,))
        self.asked: list[Key] = []
        self.state, self.now = State(), 0.0

    def controller(self, settings: Settings = SETTINGS) -> Controller:
        return Controller(self.cluster, settings, self.state, self._cloud, lambda: self.now, lambda: datetime.now(UTC))

    def _cloud(self, key: Key) -> Scene:
        self.asked.append(key)
        return self

    def endpoints(self, instance: str) -> Endpoints:
        if isinstance(self.answer, CloudError):
            raise self.answer
        return replace(self.answer, instance=instance)

    def kind(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in self.cluster.objects.values() if body["kind"] == kind]

    def origins(self) -> Origins:
        (found,) = self.kind("ConfigMap")
        return Origins.parse(found["data"]["origins.json"])


async def test_one_round_makes_everything_and_a_second_one_nothing() -> None:
    scene = Scene()
    controller = scene.controller()
    files = await controller.reconcile()
    assert scene.asked == [Key("id", "secret")]
    assert scene.origins().names == (NAME,)
    assert scene.state.origins == scene.origins()
    scheduler = scene.origins().scheduler
    assert scheduler is not None
    assert (scheduler.address, scheduler.server_name) == ("[fd00::1]:8444", "scheduler.p2p.internal")
    ours = [body for body in scene.cluster.objects.values() if body["metadata"].get("ownerReferences")]
    assert {body["metadata"]["name"] for body in ours} == {"r-origins", "r-webhook-keys", "r-scheduler-keys"}
    assert {owner["uid"] for body in ours for owner in body["metadata"]["ownerReferences"]} == {"deployment"}
    (hooks,) = scene.kind("MutatingWebhookConfiguration")
    assert {hook["clientConfig"]["caBundle"] for hook in hooks["webhooks"]} == {text(files.webhook["ca.crt"].decode())}
    before = list(scene.cluster.writes)
    await controller.reconcile()
    assert scene.cluster.writes == before


async def test_two_replicas_come_to_the_same() -> None:
    scene = Scene()
    one, other = scene.controller(), scene.controller()
    assert await one.reconcile() == await other.reconcile()
    assert len(scene.kind("ConfigMap")) == 1


async def test_an_instance_that_was_dropped_keeps_its_name_but_gets_no_new_pods() -> None:
    scene = Scene()
    await scene.controller().reconcile()
    scene.answer = Endpoints("cri-b", ("b.example",), ())
    await scene.controller().reconcile()
    assert [name.name for name in scene.origins().names] == [P2P, "b.distributed.example:65001"]
    scene.state.issued = frozenset(name.name for name in scene.origins().names)
    assert VPC not in scene.state.table()
    assert scene.state.table()["b.example"] == "b.distributed.example:65001"


async def test_with_the_cloud_away_the_last_known_answer_serves() -> None:
    scene = Scene()
    await scene.controller().reconcile()
    scene.answer = CloudError("CloudUnreachable", "cr.example can't be reached")
    scene.state = State()
    await scene.controller().reconcile()
    assert scene.state.origins.names == (NAME,)
    assert scene.state.wanted is None


async def test_a_refusal_is_an_event_on_the_deployment_once_for_each_message() -> None:
    scene = Scene()
    controller = scene.controller()
    scene.answer = CloudError("InstanceNotFound", "cr.example says INSTANCE_NOT_EXIST of instance cri-test")
    for _ in range(2):
        await controller.reconcile()
    (event,) = scene.kind("Event")
    assert (event["type"], event["reason"]) == ("Warning", "InstanceNotFound")
    assert (event["involvedObject"]["kind"], event["involvedObject"]["uid"]) == ("Deployment", "deployment")
    assert scene.kind("ConfigMap") == []
    scene.answer = Endpoints("cri-test", (INTERNET,), (VPC,))
    await controller.reconcile()
    assert scene.origins().names == (NAME,)


async def test_a_missing_access_key_is_told() -> None:
    scene = Scene()
    del scene.cluster.objects["Secret", "kube-system", "alibaba-addon-secret"]
    await scene.controller().reconcile()
    (event,) = scene.kind("Event")
    assert event["reason"] == "CloudRefused"
    assert "onectl ram-user grant" in event["message"]


async def test_the_cloud_is_asked_again_every_now_and_then_only() -> None:
    scene = Scene()
    controller = scene.controller()
    for scene.now in (0.0, ASK_CLOUD_EVERY - 1, ASK_CLOUD_EVERY):
        await controller.reconcile()
    assert len(scene.asked) == 2
