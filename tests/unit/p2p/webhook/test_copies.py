from __future__ import annotations

from typing import Any

import pytest
from p2p.webhook.copies import UNUSED_SECONDS, Copies, TakenError
from p2p.webhook.credentials import entries
from p2p.webhook.pull_secrets import PullSecrets
from p2p.webhook.state import State

from tests.unit.p2p.webhook.memory import MemoryKubernetes
from tests.unit.p2p.webhook.samples import P2P, VPC, issued_state, pod, pull_secret

COPY = "acr-credential-test-registry-p2p"


class Scene:
    """A cluster with the document's Secret, and what a webhook holds of it."""

    def __init__(self) -> None:
        self.cluster = MemoryKubernetes(pull_secret({VPC: "abc"}))
        self.state, self.now = issued_state(), 0.0
        self.secrets = PullSecrets(self.cluster)
        self.copies = Copies(self.cluster, self.secrets, self.state, lambda: self.now)

    async def look(self) -> None:
        """Take in all Secrets as they are now, and follow them: a watch that is cut off after its first answers."""
        watch, left = self.secrets.follow("kubernetes.io/dockerconfigjson"), len(list(self.kinds("Secret")))
        async for secret in watch:
            await self.copies.follow(secret)
            left -= 1
            if not left:
                return

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in self.cluster.objects.values() if body["kind"] == kind]

    async def source(self) -> dict[str, Any]:
        found = await self.cluster.get("Secret", "test-registry", "default")
        assert found is not None
        return found

    def copied(self) -> dict[str, Any]:
        found = self.cluster.secret(COPY)
        assert found is not None
        return entries(found)


async def test_the_first_copy_is_one_request_and_a_second_one_none() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    assert scene.cluster.writes == [("create", "Secret", COPY)]
    await scene.look()
    await scene.copies.write(await scene.source())
    assert scene.cluster.writes == [("create", "Secret", COPY)]


async def test_another_replica_that_was_first_is_no_error() -> None:
    scene = Scene()
    for _ in range(2):
        await scene.copies.write(await scene.source())
    assert scene.cluster.writes == [("create", "Secret", COPY)]


async def test_somebody_elses_secret_of_that_name_is_not_touched() -> None:
    scene = Scene()
    theirs = pull_secret({"docker.io": "theirs"}, COPY)
    scene.cluster.put(theirs)
    with pytest.raises(TakenError, match=f"{COPY} exists already and is not ours"):
        await scene.copies.write(await scene.source())
    await scene.look()
    assert scene.cluster.writes == []


async def test_a_copy_follows_its_source() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    scene.cluster.put({**pull_secret({VPC: "new"}), "metadata": (await scene.source())["metadata"]})
    await scene.look()
    assert scene.copied() == {P2P: {"auth": "new"}}


async def test_a_copy_that_was_changed_by_hand_is_set_right() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    found = scene.cluster.secret(COPY)
    assert found is not None
    scene.cluster.put({**found, "data": {}})
    await scene.look()
    assert scene.copied() == {P2P: {"auth": "abc"}}


async def test_a_source_without_our_credential_any_more_loses_its_copy() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    scene.cluster.put({**pull_secret({"docker.io": "x"}), "metadata": (await scene.source())["metadata"]})
    await scene.look()
    assert scene.cluster.secret(COPY) is None


async def test_while_no_origin_is_known_copies_stay_as_they_are() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    scene.state.origins = State().origins
    await scene.look()
    assert scene.copied() == {P2P: {"auth": "abc"}}


async def test_a_source_without_a_copy_gets_none_by_itself() -> None:
    scene = Scene()
    await scene.look()
    assert scene.cluster.writes == []


async def test_a_copy_goes_an_hour_after_its_last_pod() -> None:
    scene = Scene()
    await scene.copies.write(await scene.source())
    scene.cluster.put(pod(imagePullSecrets=[{"name": COPY}]))
    await scene.copies.sweep()
    scene.now = 2 * UNUSED_SECONDS
    await scene.copies.sweep()
    assert scene.cluster.secret(COPY), "it is used"
    await scene.cluster.delete("Pod", "test-1", "default")
    await scene.copies.sweep()
    scene.now += UNUSED_SECONDS - 1
    await scene.copies.sweep()
    assert scene.cluster.secret(COPY), "not yet an hour"
    scene.now += 1
    await scene.copies.sweep()
    assert scene.cluster.secret(COPY) is None
    assert scene.cluster.secret("test-registry"), "only copies go"


async def test_a_copy_that_a_pod_names_and_that_is_gone_is_made_again() -> None:
    scene = Scene()
    scene.cluster.put(pod(imagePullSecrets=[{"name": COPY}]))
    await scene.look()
    scene.state.leaving = True
    await scene.copies.sweep()
    assert scene.cluster.writes == [], "not while the addon leaves"
    scene.state.leaving = False
    await scene.copies.sweep()
    assert scene.copied() == {P2P: {"auth": "abc"}}


async def test_at_the_end_only_what_a_pod_names_stays() -> None:
    scene = Scene()
    other = pull_secret({VPC: "x"}, "other")
    scene.cluster.put(other)
    for source in (await scene.source(), other):
        await scene.copies.write(source)
    scene.cluster.put(pod(imagePullSecrets=[{"name": COPY}]))
    assert await scene.copies.remove_unused() == [("default", COPY)]
    assert scene.cluster.secret("acr-credential-other-p2p") is None
    assert scene.cluster.secret("other")
