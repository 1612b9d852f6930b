"""RAM's rules, limits and codes; an operation that is refused changes nothing."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.lab.cloud.accounts import Accounts
from tests.lab.cloud.call import Call
from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.policy import document
from tests.lab.cloud.ram import carry_out

NOW, DOCUMENT = "2026-03-01T12:00:00Z", document("cr:*")
ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


@dataclass
class Account:
    """One user `u` and one custom policy `p`, not attached."""

    accounts: Accounts = field(default_factory=lambda: Accounts(NOW))
    letters: int = 0

    def __post_init__(self) -> None:
        self.accounts.add_user("caller", NOW)
        self.call("CreateUser", UserName="u")
        self.call("CreatePolicy", PolicyName="p", PolicyDocument=DOCUMENT)

    def call(self, action: str, **given: str) -> dict[str, Any]:
        return carry_out(action, Call(self.accounts, self.accounts.users["caller"], given, NOW, self.random))

    def refused(self, action: str, **given: str) -> tuple[int, str]:
        before = vars(copy.deepcopy(self.accounts))
        with pytest.raises(ApiError) as caught:
            self.call(action, **given)
        after = vars(self.accounts)
        assert (after["users"], after["policies"]) == (before["users"], before["policies"])
        return caught.value.status, caught.value.code

    def random(self, length: int) -> str:
        self.letters += 1
        return str(self.letters).rjust(length, "a")

    def versions(self) -> dict[str, bool]:
        found = self.call("ListPolicyVersions", PolicyName="p", PolicyType="Custom")["PolicyVersions"]["PolicyVersion"]
        return {version["VersionId"]: version["IsDefaultVersion"] for version in found}


@pytest.fixture
def account() -> Account:
    return Account()


U, P = {"UserName": "u"}, {"PolicyName": "p", "PolicyType": "Custom"}


@pytest.mark.parametrize(
    ("action", "given", "status", "code"),
    [
        ("Nothing", {}, 404, "InvalidAction.NotFound"),
        ("CreateUser", {}, 400, "MissingParameter"),
        ("CreateUser", {"UserName": "a b"}, 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", {"UserName": "a" * 65}, 400, "InvalidParameter.UserName.Length"),
        ("CreateUser", {"UserName": ""}, 400, "InvalidParameter.UserName.Length"),
        ("CreateUser", {"UserName": "v", "Comments": "a" * 129}, 400, "InvalidParameter.Comments.Length"),
        ("CreateUser", U, 409, "EntityAlreadyExists.User"),
        ("GetUser", {"UserName": "v"}, 404, "EntityNotExist.User"),
        ("ListUsers", {"MaxItems": "0"}, 400, "InvalidParameter.MaxItems"),
        ("ListUsers", {"MaxItems": "many"}, 400, "InvalidParameter.MaxItems"),
        ("ListUsers", {"Marker": "?"}, 400, "InvalidParameter.Marker"),
        ("DeleteAccessKey", U | {"UserAccessKeyId": "none"}, 404, "EntityNotExist.User.AccessKey"),
        ("CreatePolicy", {"PolicyName": "p_q", "PolicyDocument": DOCUMENT}, 400, "InvalidParameter.PolicyName.InvalidChars"),
        ("CreatePolicy", {"PolicyName": "p" * 129, "PolicyDocument": DOCUMENT}, 400, "InvalidParameter.PolicyName.Length"),
        ("CreatePolicy", {"PolicyName": "q", "PolicyDocument": "{}"}, 400, "MalformedPolicyDocument"),
        ("CreatePolicy", {"PolicyName": "q", "PolicyDocument": "x" * 6145}, 400, "InvalidParameter.PolicyDocument.Length"),
        ("CreatePolicy", {"PolicyName": "q", "PolicyDocument": DOCUMENT, "Description": "x" * 1025}, 400,
         "InvalidParameter.Description.Length"),
        ("CreatePolicy", {"PolicyName": "p", "PolicyDocument": DOCUMENT}, 409, "EntityAlreadyExists.Policy"),
        ("GetPolicy", {"PolicyName": "p"}, 400, "InvalidParameter.PolicyType"),
        ("GetPolicy", P | {"PolicyType": "Own"}, 400, "InvalidParameter.PolicyType"),
        ("GetPolicy", P | {"PolicyType": "System"}, 404, "EntityNotExist.Policy"),
        ("DeletePolicy", {"PolicyName": "AliyunRAMFullAccess"}, 404, "EntityNotExist.Policy"),
        ("CreatePolicyVersion", P | {"PolicyDocument": DOCUMENT, "RotateStrategy": "x"}, 400,
         "InvalidParameter.RotateStrategy"),
        ("SetDefaultPolicyVersion", P | {"VersionId": "2"}, 400, "InvalidParameter.VersionId.Format"),
        ("SetDefaultPolicyVersion", P | {"VersionId": "v2"}, 404, "EntityNotExist.Policy.Version"),
        ("DeletePolicyVersion", P | {"VersionId": "v1"}, 409, "DeleteConflict.Policy.Version.Default"),
        ("AttachPolicyToUser", U | P | {"PolicyName": "q"}, 404, "EntityNotExist.Policy"),
        ("DetachPolicyFromUser", U | P, 404, "EntityNotExist.User.Policy"),
    ],
)  # fmt: skip
def test_refusals(account: Account, action: str, given: dict[str, str], status: int, code: str) -> None:
    assert account.refused(action, **given) == (status, code)


def test_a_user_has_two_keys_whose_secrets_are_told_once(account: Account) -> None:
    keys = [account.call("CreateAccessKey", **U)["AccessKey"] for _ in range(2)]
    assert {(len(key["AccessKeyId"]), len(key["AccessKeySecret"])) for key in keys} == {(24, 30)}
    assert account.refused("CreateAccessKey", **U) == (409, "LimitExceeded.User.AccessKey")
    listed = account.call("ListAccessKeys", **U)["AccessKeys"]["AccessKey"]
    assert [set(key) for key in listed] == [{"AccessKeyId", "Status", "CreateDate"}] * 2
    assert account.call("ListAccessKeys")["AccessKeys"]["AccessKey"] == []


def test_a_key_is_disabled_and_deleted(account: Account) -> None:
    which = U | {"UserAccessKeyId": account.call("CreateAccessKey", **U)["AccessKey"]["AccessKeyId"]}
    assert account.refused("UpdateAccessKey", **which, Status="Off") == (400, "InvalidParameter.Status")
    account.call("UpdateAccessKey", **which, Status="Inactive")
    assert account.call("ListAccessKeys", **U)["AccessKeys"]["AccessKey"][0]["Status"] == "Inactive"
    assert account.refused("DeleteUser", **U) == (409, "DeleteConflict.User.AccessKey")
    account.call("DeleteAccessKey", **which)
    account.call("DeleteUser", **U)
    assert account.refused("GetUser", **U) == (404, "EntityNotExist.User")


def test_users_come_in_pages_without_gap_or_repetition(account: Account) -> None:
    """Also when one that was on the page before is deleted in between."""
    for number in range(5):
        account.call("CreateUser", UserName=f"x{number}")
    first = account.call("ListUsers", MaxItems="3")
    assert [user["UserName"] for user in first["Users"]["User"]] == ["caller", "u", "x0"]
    account.call("DeleteUser", UserName="x0")
    second = account.call("ListUsers", MaxItems="3", Marker=first["Marker"])
    assert [user["UserName"] for user in second["Users"]["User"]] == ["x1", "x2", "x3"]
    third = account.call("ListUsers", MaxItems="3", Marker=second["Marker"])
    assert [user["UserName"] for user in third["Users"]["User"]] == ["x4"]
    assert (third["IsTruncated"], "Marker" in third) == (False, False)


def test_ten_custom_policies_a_user_and_system_ones_beside_them(account: Account) -> None:
    for number in range(11):
        account.call("CreatePolicy", PolicyName=f"p{number}", PolicyDocument=DOCUMENT)
    for number in range(10):
        account.call("AttachPolicyToUser", **U, PolicyName=f"p{number}", PolicyType="Custom")
    assert (
        account.refused("AttachPolicyToUser", **U, PolicyName="p0", PolicyType="Custom")[1] == "EntityAlreadyExists.User.Policy"
    )
    assert account.refused("AttachPolicyToUser", **U, PolicyName="p10", PolicyType="Custom")[1] == "LimitExceeded.User.Policy"
    account.call("AttachPolicyToUser", **U, PolicyName="AliyunRAMFullAccess", PolicyType="System")
    listed = account.call("ListPoliciesForUser", **U)["Policies"]["Policy"]
    assert [policy["PolicyType"] for policy in listed] == ["Custom"] * 10 + ["System"]
    assert account.refused("DeleteUser", **U) == (409, "DeleteConflict.User.Policy")
    assert account.refused("DeletePolicy", PolicyName="p0") == (409, "DeleteConflict.Policy.User")


def test_a_policy_has_five_versions_and_rotates_only_when_told_to(account: Account) -> None:
    for _ in range(4):
        account.call("CreatePolicyVersion", PolicyName="p", PolicyDocument=DOCUMENT)
    assert account.versions() == {"v1": True, "v2": False, "v3": False, "v4": False, "v5": False}
    more = {"PolicyName": "p", "PolicyDocument": DOCUMENT}
    assert account.refused("CreatePolicyVersion", **more) == (409, "LimitExceeded.Policy.Version")
    account.call("CreatePolicyVersion", **more, RotateStrategy=ROTATE, SetAsDefault="true")
    assert account.versions() == {"v1": False, "v3": False, "v4": False, "v5": False, "v6": True}
    account.call("SetDefaultPolicyVersion", PolicyName="p", VersionId="v3")
    account.call("DeletePolicyVersion", PolicyName="p", VersionId="v6")
    assert account.versions() == {"v1": False, "v3": True, "v4": False, "v5": False}


def test_versions_go_with_their_policy_only_when_told_to(account: Account) -> None:
    account.call("CreatePolicyVersion", PolicyName="p", PolicyDocument=DOCUMENT)
    assert account.refused("DeletePolicy", PolicyName="p") == (409, "DeleteConflict.Policy.Version")
    account.call("DeletePolicy", PolicyName="p", CascadingDelete="true")
    assert account.refused("GetPolicy", **P) == (404, "EntityNotExist.Policy")
