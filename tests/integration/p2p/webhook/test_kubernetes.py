"""What every implementation of the webhook's Kubernetes port does, the one in memory and lightkube's against a real API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from p2p.webhook.api import connected
from p2p.webhook.cloud import Cloud, CloudError
from p2p.webhook.controller import Controller
from p2p.webhook.credentials import DATA_KEY, copy_of
from p2p.webhook.kubernetes import ConflictError, Kubernetes, KubernetesError
from p2p.webhook.leave import Leaving
from p2p.webhook.naming import Endpoints
from p2p.webhook.settings import CONFIGURATION
from p2p.webhook.state import State

from tests.integration.p2p.webhook.conftest import Instances, cluster
from tests.integration.p2p.webhook.real_api import RealApi, real_api
from tests.unit.p2p.webhook.samples import NAME, SETTINGS, VPC, pull_secret


@pytest.fixture(scope="module")
def real() -> Iterator[RealApi]:
    with real_api() as api:
        api.plane.kubectl(
            "-n", "kube-system", "create", "secret", "generic", "alibaba-addon-secret",
            "--from-literal=access-key-id=a", "--from-literal=access-key-secret=b",
        )  # fmt: skip
        yield api


@pytest.fixture(params=["memory", "real"])
async def kubernetes(request: pytest.FixtureRequest) -> AsyncIterator[Kubernetes]:
    if request.param == "memory":
        yield cluster()
        return
    async with connected(request.getfixturevalue("real").config()) as api:
        yield api


@pytest.fixture
async def source(kubernetes: Kubernetes) -> AsyncIterator[dict[str, object]]:
    """A pull Secret; what a test makes beside it is owned by it."""
    await kubernetes.create({**pull_secret({VPC: "abc"}), "metadata": {"name": "source", "namespace": "default"}})
    found = await kubernetes.get("Secret", "source", "default")
    assert found is not None
    yield found
    await kubernetes.delete("Secret", "source", "default")
    await kubernetes.delete("Secret", "acr-credential-source-p2p", "default")


async def test_objects_are_made_once_and_changed_by_who_read_them_last(
    kubernetes: Kubernetes, source: dict[str, object]
) -> None:
    copy = copy_of(source, [NAME])
    assert copy is not None
    await kubernetes.create(copy)
    with pytest.raises(ConflictError):
        await kubernetes.create(copy)
    found = await kubernetes.get("Secret", copy["metadata"]["name"], "default")
    assert found is not None
    assert found["data"] == copy["data"]
    assert found["type"] == copy["type"]
    await kubernetes.replace({**found, "data": {**found["data"], "more": "YQ=="}})
    with pytest.raises(ConflictError):
        await kubernetes.replace(found)


async def test_what_is_not_there_is_none_and_can_be_deleted(kubernetes: Kubernetes) -> None:
    assert await kubernetes.get("Secret", "none", "default") is None
    await kubernetes.delete("Secret", "none", "default")


async def test_lists_are_of_one_namespace_or_all_and_by_labels(kubernetes: Kubernetes, source: dict[str, object]) -> None:
    copy = copy_of(source, [NAME])
    assert copy is not None
    await kubernetes.create(copy)
    label = {"k8s.aliyun.com/p2p-credential": "true"}
    assert [s["metadata"]["name"] async for s in kubernetes.list("Secret", labels=label)] == ["acr-credential-source-p2p"]
    assert [s async for s in kubernetes.list("Secret", "addons", label)] == []
    assert {"source", "alibaba-addon-secret"} <= {s["metadata"]["name"] async for s in kubernetes.list("Secret")}


async def test_a_watch_tells_what_there_is_and_then_what_happens(kubernetes: Kubernetes, source: dict[str, object]) -> None:
    """Only Secrets of the type that is asked for, which both ways tell themselves."""
    (kind, key), *_ = DATA_KEY.items()
    seen: list[tuple[str, str]] = []
    async with asyncio.timeout(30):
        async for event, secret in kubernetes.watch("Secret", fields={"type": kind}):
            assert key in secret["data"]
            if secret["metadata"]["name"] == "source":
                seen.append((event, secret["metadata"]["name"]))
                if event == "ADDED":
                    await kubernetes.replace({**secret, "metadata": {**secret["metadata"], "labels": {"a": "b"}}})
                if event == "MODIFIED":
                    await kubernetes.delete("Secret", "source", "default")
                if event == "DELETED":
                    break
    assert [event for event, _ in seen] == ["ADDED", "MODIFIED", "DELETED"]


async def test_other_things_are_not_allowed(real: RealApi) -> None:
    async with connected(real.config()) as api:
        with pytest.raises(KubernetesError, match="forbidden"):
            await api.create({"kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}})
        with pytest.raises(KubernetesError, match="forbidden"):
            await api.delete("Deployment", "r-webhook", "addons")
        with pytest.raises(KubernetesError, match="forbidden"):
            await api.get("MutatingWebhookConfiguration", "another")


class Refusing:
    def endpoints(self, instance: str) -> Endpoints:
        raise CloudError("CloudRefused", f"nothing is said of {instance}")


async def test_the_life_of_the_addons_own_objects(kubernetes: Kubernetes) -> None:
    """With no more rights than the chart gives: keys, origins, authority, Events, and their end."""

    def controller(cloud: Cloud) -> Controller:
        return Controller(kubernetes, SETTINGS, State(), lambda _: cloud, lambda: 0.0, lambda: datetime.now(UTC))

    await controller(Refusing()).reconcile()
    made = await controller(Instances()).reconcile()
    assert set(made.webhook) == {"ca.crt", "ca.key", "webhook.crt", "webhook.key", "order.key"}
    assert await controller(Instances()).reconcile() == made
    found = await kubernetes.get("ConfigMap", "r-origins", "addons")
    assert found is not None
    assert "origins.json" in found["data"]
    hooks = await kubernetes.get("MutatingWebhookConfiguration", CONFIGURATION)
    assert hooks is not None
    assert all(hook["clientConfig"]["caBundle"] for hook in hooks["webhooks"])
    watch = kubernetes.watch("MutatingWebhookConfiguration", None, fields={"metadata.name": CONFIGURATION})
    events = []
    async with asyncio.timeout(30):
        async for event, _ in watch:
            events.append(event)
            if event == "DELETED":
                break
            assert (await Leaving(kubernetes, SETTINGS).run())["unreachable"] == []
    assert events == ["ADDED", "DELETED"]
