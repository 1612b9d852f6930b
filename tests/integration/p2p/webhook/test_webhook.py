"""From an empty cluster to a Pod that is changed, and back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

from p2p.swarm.orders import verify_order
from p2p.swarm.signing import private_key
from p2p.webhook.admission import NOT_ISSUED, SKIPPED
from p2p.webhook.credentials import entries
from p2p.webhook.leave import Leaving
from p2p.webhook.settings import CONFIGURATION

from tests.integration.p2p.webhook.conftest import Webhook, until
from tests.unit.p2p.webhook.samples import P2P, VPC, pod, pull_secret

COPY = "acr-credential-test-registry-p2p"


def name(webhook: Webhook) -> str:
    return P2P.replace("65001", str(webhook.settings.port))


def image(webhook: Webhook) -> str:
    return f"{name(webhook)}/docker-builder/nginx:latest"


def origins_sha256(webhook: Webhook) -> str:
    text = webhook.cluster.objects["ConfigMap", "addons", "r-origins"]["data"]["origins.json"]
    return hashlib.sha256(text.encode()).hexdigest()


async def is_changed(webhook: Webhook) -> bool:
    result = await webhook.admit(pod(), dryRun=True)
    return bool(result["spec"]["containers"][0]["image"] == image(webhook))


async def test_a_pod_is_changed_once_the_ready_nodes_have_the_name_and_its_secret_is_there_before(webhook: Webhook) -> None:
    await until("readiness", webhook.is_ready)
    has = ["something older"]
    async with webhook.agent.served(lambda: has[0]):
        assert (await webhook.admit(pod()))["metadata"]["annotations"][SKIPPED] == "no node has an agent that is ready"
        webhook.cluster.put(webhook.agent.pod(ready=True))

        async def is_not_issued() -> bool:
            notes: dict[str, Any] = (await webhook.admit(pod()))["metadata"]["annotations"]
            return bool(notes[SKIPPED] == NOT_ISSUED)

        await until("the agent is seen", is_not_issued)
        has[0] = origins_sha256(webhook)
        await until("the name is issued", lambda: is_changed(webhook))
        assert webhook.cluster.secret(COPY) is None, "a dry run writes nothing"
        result = await webhook.admit(pod())
        assert result["spec"]["imagePullSecrets"] == [{"name": "test-registry"}, {"name": COPY}]
        copy = webhook.cluster.secret(COPY)
        assert copy is not None
        assert entries(copy) == {name(webhook): {"auth": "abc"}}


async def test_a_copy_follows_its_source_within_two_seconds(webhook: Webhook) -> None:
    async with webhook.agent.served(lambda: origins_sha256(webhook)):
        webhook.cluster.put(webhook.agent.pod(ready=True))
        await until("the name is issued", lambda: is_changed(webhook))
        await webhook.admit(pod())
        source = webhook.cluster.secret("test-registry")
        assert source is not None
        webhook.cluster.put({**source, "data": pull_secret({VPC: "new"})["data"]})

        def is_new() -> bool:
            copy = webhook.cluster.secret(COPY)
            return copy is not None and entries(copy) == {name(webhook): {"auth": "new"}}

        async with asyncio.timeout(2):
            await until("the copy is new", is_new)


async def test_leaving_keeps_what_a_pod_needs_and_no_pod_is_changed_from_then_on(webhook: Webhook) -> None:
    async with webhook.agent.served(lambda: origins_sha256(webhook)):
        webhook.cluster.put(webhook.agent.pod(ready=True))
        await until("the name is issued", lambda: is_changed(webhook))
        webhook.cluster.put(pull_secret({VPC: "x"}, "other"))
        await webhook.admit(pod(imagePullSecrets=[{"name": "other"}]))
        webhook.cluster.put(await webhook.admit(pod()))
        trusted = webhook.ca()
        report = await Leaving(webhook.cluster, webhook.settings).run()
    path = f"/etc/containerd/certs.d/{name(webhook).replace(':', '_')}_/hosts.toml"
    assert report == {
        "version": 1,
        "kept": [{"kind": "Secret", "namespace": "default", "name": COPY},
                 {"kind": "HostsFile", "node": "node-1", "path": path, "name": name(webhook)}],
        "unreachable": [],
    }  # fmt: skip
    assert webhook.cluster.secret("acr-credential-other-p2p") is None
    assert ("MutatingWebhookConfiguration", "", CONFIGURATION) not in webhook.cluster.objects
    (order,) = webhook.agent.orders
    assert (order["do"], order["keep"]) == ("leave", [name(webhook)])
    assert await webhook.admit(pod(), trusted) == pod(), "an API server that has not heard of it yet"


async def test_an_order_is_signed_with_the_key_that_the_origins_list(webhook: Webhook) -> None:
    async with webhook.agent.served(lambda: ""):
        webhook.cluster.put(webhook.agent.pod(ready=True))
        await until("readiness", webhook.is_ready)
        await Leaving(webhook.cluster, webhook.settings).run()
    keys = webhook.cluster.objects["Secret", "addons", "r-webhook-keys"]["data"]
    public = private_key(base64.b64decode(keys["order.key"])).public_key()
    order = verify_order(json.dumps(webhook.agent.orders[0]).encode(), [public], 0)
    assert order.keep == ()


async def test_an_agent_that_can_not_be_reached_is_named(webhook: Webhook) -> None:
    webhook.cluster.put(webhook.agent.pod(ready=False))
    report = await Leaving(webhook.cluster, webhook.settings).run()
    assert report == {"version": 1, "kept": [], "unreachable": ["node-1"]}
