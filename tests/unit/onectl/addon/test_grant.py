"""Whom a grant gives to, what it makes, and that it changes nothing when there is nothing to change."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from onectl.addon import key
from onectl.addon.grant import Grant, grant
from onectl.cluster.api import Object
from onectl.errors import ForbiddenError, OnectlError
from onectl.output.talk import Plain
from tests.unit.onectl.memory import MemoryAccounts, MemoryApi, put_key, tiny

USUAL = "ack-one-user-" + hashlib.sha256(b"uid-of-kube-system").hexdigest()[:10]
POLICY = "ack-one-registered-cluster-policy-tiny"
SECRET = "/api/v1/namespaces/kube-system/secrets/alibaba-addon-secret"


class Scene:
    def __init__(self) -> None:
        self.api, self.accounts, self.said = MemoryApi(), MemoryAccounts(), io.StringIO()

    def grant(self) -> Grant:
        return grant(tiny(), self.api, self.accounts, Plain(self.said))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_with_no_key_a_user_its_key_the_secret_and_the_policy_are_made(scene: Scene) -> None:
    assert scene.grant() == Grant(POLICY, USUAL)
    assert scene.accounts.changes == ["create user", "create key", "create policy", "attach"]
    assert scene.api.objects[SECRET]["stringData"]["access-key-secret"] == "the secret half"
    assert scene.accounts.policies[POLICY] == tiny().ram_policy
    assert "network access control" in scene.said.getvalue()
    assert "the secret half" not in scene.said.getvalue()


def test_again_changes_nothing_and_grants_the_same(scene: Scene) -> None:
    scene.accounts.users_keys[USUAL] = {"LTAI-by-hand-1234": True}
    put_key(scene.api)
    first = scene.grant()
    scene.accounts.changes.clear()
    scene.said.truncate(scene.said.seek(0))
    assert scene.grant() == first
    assert scene.accounts.changes == []
    assert scene.said.getvalue() == ""


def test_a_key_made_by_hand_gives_the_policy_to_its_owner(scene: Scene) -> None:
    scene.accounts.users_keys = {"alice": {"other": True}, "bob": {"LTAI-by-hand-1234": True}}
    put_key(scene.api)
    assert scene.grant() == Grant(POLICY, "bob")
    assert scene.accounts.attachments == {("bob", POLICY)}
    assert scene.accounts.changes == ["create policy", "attach"]


def test_another_document_becomes_the_policys_new_default(scene: Scene) -> None:
    scene.accounts.policies[POLICY] = {"Version": "1", "Statement": []}
    scene.grant()
    assert "change policy" in scene.accounts.changes
    assert scene.accounts.policies[POLICY] == tiny().ram_policy


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"bob": {"LTAI-by-hand-1234": False}}, "AccessKey …1234 in Secret kube-system/alibaba-addon-secret is inactive"),
        ({"bob": {}}, "AccessKey …1234 in Secret kube-system/alibaba-addon-secret belongs to no RAM user"),
    ],
)
def test_a_key_that_does_not_work_is_told(scene: Scene, keys: dict[str, dict[str, bool]], message: str) -> None:
    scene.accounts.users_keys = keys
    put_key(scene.api)
    with pytest.raises(OnectlError, match=message):
        scene.grant()
    assert scene.accounts.changes == []


def test_a_secret_without_a_key_is_told(scene: Scene) -> None:
    scene.api.put(SECRET, {"data": {"access-key-id": "YQ=="}})
    with pytest.raises(OnectlError, match="needs the keys access-key-id and access-key-secret"):
        scene.grant()


@pytest.mark.parametrize("existed", [False, True])
def test_when_the_secret_cannot_be_written_nothing_is_kept(scene: Scene, existed: bool) -> None:
    if existed:
        scene.accounts.users_keys[USUAL] = {}
    before = dict(scene.accounts.users_keys)
    refuse(scene, ForbiddenError("quota"))
    with pytest.raises(ForbiddenError, match="quota"):
        scene.grant()
    assert scene.accounts.users_keys == before
    assert scene.accounts.policies == {}


def test_who_may_not_write_secrets_makes_nothing(scene: Scene) -> None:
    scene.api.forbidden = {"secrets"}
    with pytest.raises(ForbiddenError):
        scene.grant()
    assert scene.accounts.changes == []


def test_an_addon_without_a_policy_needs_no_grant(scene: Scene) -> None:
    with pytest.raises(OnectlError, match="needs no RAM permission"):
        grant(replace(tiny(), ram_policy=None), scene.api, scene.accounts, Plain(scene.said))


def refuse(scene: Scene, error: OnectlError) -> None:
    create: Callable[[str, Object], Object] = scene.api.create

    def refused(path: str, body: Object) -> Object:
        if path.endswith("/secrets"):
            raise error
        return create(path, body)

    scene.api.create = refused  # type: ignore[method-assign]


def test_the_key_is_read_back_as_it_was_made_by_hand(scene: Scene) -> None:
    put_key(scene.api)
    found = key.read(scene.api)
    assert found is not None
    assert (found.id, found.secret) == ("LTAI-by-hand-1234", "s3cret")
    assert "s3cret" not in repr(found)
