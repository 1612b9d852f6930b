"""The real SDKs against the lab's cloud over TLS: what `tests.lab.cloud` says of them, and every refusal as they tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from alibabacloud_cr20181201 import models as cr
from alibabacloud_cr20181201.client import Client as CrClient
from alibabacloud_ram20150501 import models as ram
from alibabacloud_ram20150501.client import Client as RamClient
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.models import Config
from darabonba.exceptions import UnretryableException

from tests.lab import cloud
from tests.lab.cloud.policy import document
from tests.lab.stand_in import StandIn, free_port, stand_in

ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


@dataclass(frozen=True)
class Place:
    lab: StandIn
    port: int
    calls_port: int

    def config(self, key: cloud.LabKey, **more: Any) -> Config:
        own = {"ca": str(self.lab.authority.certificate), "endpoint": f"127.0.0.1:{self.port}"}
        return Config(access_key_id=key.id, access_key_secret=key.secret, **(own | more))

    def ram(self, key: cloud.LabKey = cloud.OPERATOR, **more: Any) -> Any:
        return RamClient(self.config(key, **more))

    def cr(self, key: cloud.LabKey) -> Any:
        return CrClient(self.config(key))


@contextmanager
def started() -> Iterator[Place]:
    with stand_in() as lab:
        place = Place(lab, free_port(), free_port())
        cloud.start(lab, place.port, place.calls_port)
        yield place


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with started() as place:
        yield place


def made_key(place: Place, name: str) -> cloud.LabKey:
    """A new user with a key and nothing else."""
    client = place.ram()
    client.create_user(ram.CreateUserRequest(user_name=name, comments="Größe * / 100 %", display_name=name))
    key = client.create_access_key(ram.CreateAccessKeyRequest(user_name=name)).body.access_key
    return cloud.LabKey(name, key.access_key_id, key.access_key_secret)


def attach(place: Place, user: str, policy: str, text: str) -> None:
    client = place.ram()
    client.create_policy(ram.CreatePolicyRequest(policy_name=policy, policy_document=text, description="a b+c"))
    client.attach_policy_to_user(ram.AttachPolicyToUserRequest(policy_name=policy, policy_type="Custom", user_name=user))


def endpoint_request() -> Any:
    return cr.ListInstanceEndpointRequest(instance_id="cri-test", module_name="Registry")


def test_a_granted_key_learns_the_domains_of_an_instance(place: Place) -> None:
    key = made_key(place, "reader")
    with pytest.raises(ClientException) as refused:
        place.cr(key).list_instance_endpoint(endpoint_request())
    assert (refused.value.status_code, refused.value.code) == (403, "NoPrivilege")

    attach(place, "reader", "reads", document("cr:ListInstanceEndpoint", "cr:GetInstanceVpcEndpoint"))
    body = place.cr(key).list_instance_endpoint(endpoint_request()).body
    assert (body.code, body.is_success) == ("success", True)
    assert {(e.endpoint_type, e.enable, e.domains[0].domain) for e in body.endpoints} == {
        ("internet", True, "test-registry.cn-hangzhou.cr.aliyuncs.com"),
        ("vpc", True, "test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"),
    }
    vpc = place.cr(key).get_instance_vpc_endpoint(cr.GetInstanceVpcEndpointRequest(instance_id="cri-test")).body
    assert vpc.domains == ["test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"]


def test_a_denial_beats_an_allowance(place: Place) -> None:
    key = made_key(place, "denied")
    attach(place, "denied", "allows", document("cr:*"))
    place.cr(key).list_instance_endpoint(endpoint_request())
    attach(place, "denied", "denies", document("cr:List*").replace("Allow", "Deny"))
    with pytest.raises(ClientException, match="Access denied for this user"):
        place.cr(key).list_instance_endpoint(endpoint_request())


def test_an_unknown_instance_is_an_answer_and_no_error(place: Place) -> None:
    request = cr.ListInstanceEndpointRequest(instance_id="cri-none")
    body = place.cr(cloud.CONSOLE).list_instance_endpoint(request).body
    assert (body.code, body.is_success) == ("INSTANCE_NOT_EXIST", False)


def test_the_operator_may_not_ask_cr_and_the_stranger_not_ram(place: Place) -> None:
    with pytest.raises(ClientException) as refused:
        place.cr(cloud.OPERATOR).list_instance_endpoint(endpoint_request())
    assert refused.value.code == "NoPrivilege"
    with pytest.raises(ClientException) as refused:
        place.ram(cloud.STRANGER).list_users(ram.ListUsersRequest())
    assert (refused.value.status_code, refused.value.code) == (403, "NoPermission")
    assert cloud.calls(place.lab, place.calls_port)[-1] == {
        "action": "ListUsers", "key": cloud.STRANGER.id, "status": 403, "code": "NoPermission"}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (cloud.LabKey("", cloud.OPERATOR.id, "wrong"), "SignatureDoesNotMatch"),
        (cloud.LabKey("", "LTAI5tNobody", "x"), "InvalidAccessKeyId.NotFound"),
    ],
)
def test_a_key_that_is_not_right_is_refused(place: Place, key: cloud.LabKey, code: str) -> None:
    with pytest.raises(ClientException) as refused:
        place.ram(key).list_users(ram.ListUsersRequest())
    assert refused.value.code == code


def test_a_disabled_key_is_refused_until_it_is_enabled(place: Place) -> None:
    key = made_key(place, "switched")
    client = place.ram()
    client.update_access_key(ram.UpdateAccessKeyRequest("Inactive", key.id, key.owner))
    with pytest.raises(ClientException) as refused:
        place.ram(key).list_access_keys(ram.ListAccessKeysRequest())
    assert refused.value.code == "InvalidAccessKeyId.Inactive"
    used = ram.GetAccessKeyLastUsedRequest(user_access_key_id=key.id, user_name=key.owner)
    assert client.get_access_key_last_used(used).body.access_key_last_used.last_used_date == ""
    client.update_access_key(ram.UpdateAccessKeyRequest("Active", key.id, key.owner))
    with pytest.raises(ClientException) as refused:
        place.ram(key).list_access_keys(ram.ListAccessKeysRequest())
    assert refused.value.code == "NoPermission"
    assert client.get_access_key_last_used(used).body.access_key_last_used.last_used_date.endswith("Z")


def test_what_was_written_comes_back(place: Place) -> None:
    """Also what only a faithful check of signatures lets pass: spaces, plus signs, umlauts, JSON."""
    client = place.ram()
    text = json.dumps(json.loads(document("cr:*", "oss:Get*")), indent=4)
    attach(place, cloud.STRANGER.owner, "kept", text)
    policy = client.get_policy(ram.GetPolicyRequest(policy_name="kept", policy_type="Custom")).body
    assert policy.default_policy_version.policy_document == text
    assert (policy.policy.description, policy.policy.attachment_count) == ("a b+c", 1)
    holders = client.list_entities_for_policy(ram.ListEntitiesForPolicyRequest("kept", "Custom")).body
    assert [user.user_name for user in holders.users.user] == [cloud.STRANGER.owner]
    with pytest.raises(ClientException) as refused:
        client.delete_policy(ram.DeletePolicyRequest(policy_name="kept"))
    assert (refused.value.status_code, refused.value.code) == (409, "DeleteConflict.Policy.User")
    client.detach_policy_from_user(ram.DetachPolicyFromUserRequest("kept", "Custom", user_name=cloud.STRANGER.owner))
    client.delete_policy(ram.DeletePolicyRequest(policy_name="kept"))


async def test_the_sdks_asynchronous_half_signs_the_same(place: Place) -> None:
    answer = await place.ram().list_users_async(ram.ListUsersRequest(max_items=2))
    assert (len(answer.body.users.user), answer.body.is_truncated) == (2, True)


def test_only_the_configured_ca_makes_the_lab_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """At an endpoint of its own: the SDK keeps connections to an endpoint, and with them the CA of the first call."""
    with started() as fresh:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(fresh.lab.authority.certificate))
        with pytest.raises(UnretryableException, match=r"(?i)certificate verify failed"):
            fresh.ram(ca=None).list_users(ram.ListUsersRequest())
        fresh.ram().list_users(ram.ListUsersRequest())


def test_a_proxy_is_used_even_for_loopback(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{place.calls_port}")
    with pytest.raises(UnretryableException, match=r"(?i)proxy"):
        place.ram().list_users(ram.ListUsersRequest())
