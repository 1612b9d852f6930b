"""onectl's RAM and CR, by the real SDKs over TLS, against the lab's strict cloud."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onectl.addon import catalogue
from onectl.addon.grant import Grant, grant
from onectl.cloud.key import AccessKey
from onectl.cloud.ram import Ram
from onectl.cloud.registry import Registry
from onectl.errors import AccessError, ConflictError, ForbiddenError, NotFoundError, OnectlError
from onectl.output.talk import Plain
from tests.lab import cloud
from tests.lab.operator import CHECKOUT
from tests.lab.stand_in import StandIn, free_port, stand_in
from tests.unit.onectl.memory import MemoryApi, put_key

POLICY = "ack-one-registered-cluster-policy-ack-acr-acceleration-p2p"
SECRET = "/api/v1/namespaces/kube-system/secrets/alibaba-addon-secret"


@dataclass(frozen=True)
class Scene:
    lab: StandIn
    port: int
    calls_port: int

    def ram(self, key: cloud.LabKey = cloud.OPERATOR, secret: str = "") -> Ram:
        access_key = AccessKey(key.id, secret or key.secret)
        return Ram(access_key, cloud.endpoints(self.lab, self.port)["ram"], self.ca)

    def registry(self, key: AccessKey) -> Registry:
        return Registry(key, cloud.REGION, cloud.endpoints(self.lab, self.port)["cr"], self.ca)

    def grant(self, api: MemoryApi, ram: Ram | None = None) -> tuple[Grant, str]:
        said = io.StringIO()
        manifest = catalogue.find("ack-acr-acceleration-p2p", catalogue.home())
        return grant(manifest, api, ram or self.ram(), Plain(said)), said.getvalue()

    def changes(self) -> list[str]:
        return [call for call in cloud.actions(self.lab, self.calls_port) if not call.startswith(("Get", "List"))]

    @property
    def ca(self) -> str:
        return str(self.lab.authority.certificate)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with stand_in() as lab:
        scene = Scene(lab, free_port(), free_port())
        cloud.start(lab, scene.port, scene.calls_port)
        yield scene


def test_a_grant_makes_a_key_that_may_ask_for_instances_and_changes_nothing_again(scene: Scene) -> None:
    api = MemoryApi()
    granted, said = scene.grant(api)
    made = api.objects[SECRET]["stringData"]
    assert granted.policy == POLICY
    assert scene.changes() == ["CreateUser", "CreateAccessKey", "CreatePolicy", "AttachPolicyToUser"]
    assert made["access-key-secret"] not in said

    key = AccessKey(made["access-key-id"], made["access-key-secret"])
    scene.registry(key).require("cri-test")
    with pytest.raises(NotFoundError, match="no instance cri-none"):
        scene.registry(key).require("cri-none")

    put_key(api, key.id)
    assert scene.grant(api) == (granted, "")
    assert len(scene.changes()) == 4


def test_a_key_made_by_hand_gives_the_policy_to_its_owner(scene: Scene) -> None:
    api = MemoryApi()
    put_key(api, cloud.CONSOLE.id)
    assert scene.grant(api)[0] == Grant(POLICY, cloud.CONSOLE.owner)
    assert scene.changes() == ["CreatePolicy", "AttachPolicyToUser"]


def test_a_policy_that_differs_gets_new_default_versions_beyond_rams_limit_of_five(scene: Scene) -> None:
    ram = scene.ram()
    ram.create_policy("p", document("cr:GetFirst"), "first")
    for number in range(7):
        ram.change_policy("p", document(f"cr:Get{number}"))
        assert ram.policy("p") == document(f"cr:Get{number}")


def document(action: str) -> dict[str, object]:
    return {"Version": "1", "Statement": [{"Action": action, "Resource": "*", "Effect": "Allow"}]}


def test_users_are_found_on_every_page(scene: Scene) -> None:
    ram = scene.ram()
    names = [f"user-{number:03}" for number in range(120)]
    for name in names:
        ram.create_user(name)
    assert set(names) < set(ram.users())


def test_refusals_are_told_by_their_kind(scene: Scene) -> None:
    with pytest.raises(ForbiddenError, match="NoPermission") as caught:
        scene.grant(MemoryApi(), scene.ram(cloud.STRANGER))
    assert caught.value.exit_code == 3
    with pytest.raises(AccessError, match="does not accept the AccessKey"):
        list(scene.ram(secret="wrong").users())
    with pytest.raises(ForbiddenError, match="NoPrivilege"):
        scene.registry(AccessKey(cloud.STRANGER.id, cloud.STRANGER.secret)).require("cri-test")
    with pytest.raises(ConflictError):
        scene.ram().create_user(cloud.CONSOLE.owner)


def test_a_third_key_is_refused_with_what_to_do(scene: Scene) -> None:
    ram = scene.ram()
    ram.create_key(cloud.CONSOLE.owner)
    with pytest.raises(OnectlError, match=r"LimitExceeded\.User\.AccessKey") as caught:
        ram.create_key(cloud.CONSOLE.owner)
    assert caught.value.hint == "delete what is no longer used, in the RAM console"


def test_a_cloud_that_is_away_or_not_trusted_is_told(scene: Scene) -> None:
    key = AccessKey(cloud.OPERATOR.id, cloud.OPERATOR.secret)
    with pytest.raises(AccessError, match=r"127\.0\.0\.1:1 can't be reached"):
        list(Ram(key, "127.0.0.1:1", scene.ca).users())
    with pytest.raises(AccessError, match=r"(?i)certificate verify failed"):
        list(Ram(key, cloud.endpoints(scene.lab, scene.port)["ram"], "").users())


def test_the_operators_key_is_found_as_the_sdk_finds_it(tmp_path: Path) -> None:
    done = find_key(tmp_path, cloud.OPERATOR.environment())
    assert (done.stdout, done.stderr) == (f"AccessKey(id='{cloud.OPERATOR.id}')\n", "")


def test_no_key_anywhere_is_told_without_the_sdks_own_words(tmp_path: Path) -> None:
    done = find_key(tmp_path, {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"})
    assert (done.stdout, done.stderr) == ("there is no AccessKey to speak to Alibaba Cloud with\n", "")


def find_key(home: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the SDK reads the environment when it is imported."""
    program = (
        "from onectl.cloud.session import operator\nfrom onectl.errors import AccessError\n"
        "try: print(operator())\nexcept AccessError as error: print(error)"
    )
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", **environment}
    return subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, env=env, capture_output=True, text=True)
