"""RAM, API version 2015-05-01: its operations with their rules, limits and errors. Pure: no clock, no socket.

Limits and codes: "Limits" and "Error messages" of RAM's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.lab.cloud import policy as documents
from tests.lab.cloud.accounts import Accounts, Key, Policy, User, Version, new_key
from tests.lab.cloud.errors import ApiError

USER_NAME, POLICY_NAME = re.compile(r"[A-Za-z0-9._-]+"), re.compile(r"[A-Za-z0-9-]+")
KEYS_PER_USER, POLICIES_PER_USER, VERSIONS, PAGE = 2, 10, 5, 100

Parameters = Mapping[str, str]
Answer = dict[str, Any]


@dataclass(frozen=True)
class Ram:
    accounts: Accounts
    now: Callable[[], str]

    def call(self, action: str, given: Parameters) -> Answer:
        """Carry out one operation. Raises ApiError."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        operation = getattr(self, name, None) if action in OPERATIONS else None
        if operation is None:
            raise ApiError(404, "InvalidAction.NotFound", f"Specified api is not found: {action}.")
        answer: Answer = operation(given)
        return answer

    # Users

    def create_user(self, given: Parameters) -> Answer:
        name = _name(given, "UserName", USER_NAME, 64)
        if name in self.accounts.users:
            raise ApiError(409, "EntityAlreadyExists.User", "The user does already EXIST.")
        self.accounts.users[name] = User(name, self.now())
        return {"User": _user(self.accounts.users[name])}

    def get_user(self, given: Parameters) -> Answer:
        return {"User": _user(self._user(given))}

    def list_users(self, given: Parameters) -> Answer:
        """Paged: Marker is where the next page begins."""
        names = sorted(self.accounts.users)
        start, size = int(given.get("Marker", 0)), int(given.get("MaxItems", PAGE))
        page, more = names[start : start + size], start + size < len(names)
        users = {"User": [_user(self.accounts.users[name]) for name in page]}
        return {"Users": users, "IsTruncated": more} | ({"Marker": str(start + size)} if more else {})

    def delete_user(self, given: Parameters) -> Answer:
        user = self._user(given)
        if user.keys:
            raise ApiError(409, "DeleteConflict.User.AccessKey", "The user can not have any access keys while deleting.")
        if user.policies:
            raise ApiError(409, "DeleteConflict.User.Policy", "The user can not have any policies while deleting.")
        del self.accounts.users[user.name]
        return {}

    # Keys

    def create_access_key(self, given: Parameters) -> Answer:
        user = self._user(given)
        if len(user.keys) >= KEYS_PER_USER:
            raise ApiError(409, "LimitExceeded.User.AccessKey",
                           "The access key count of the user access keys beyond the current limits.")  # fmt: skip
        key = new_key()
        user.keys.append(key)
        return {"AccessKey": {**self._key_body(key), "AccessKeySecret": key.secret}}

    def list_access_keys(self, given: Parameters) -> Answer:
        return {"AccessKeys": {"AccessKey": [self._key_body(key) for key in self._user(given).keys]}}

    def update_access_key(self, given: Parameters) -> Answer:
        self._key(given).active = given["Status"] == "Active"
        return {}

    def delete_access_key(self, given: Parameters) -> Answer:
        self._user(given).keys.remove(self._key(given))
        return {}

    # Policies

    def create_policy(self, given: Parameters) -> Answer:
        name = _name(given, "PolicyName", POLICY_NAME, 128)
        documents.parse(given.get("PolicyDocument", ""))
        if name in self.accounts.policies:
            raise ApiError(409, "EntityAlreadyExists.Policy", "The policy does already EXIST.")
        first = Version("v1", given["PolicyDocument"])
        self.accounts.policies[name] = Policy(name, given.get("Description", ""), self.now(), [first])
        return {"Policy": _policy(self.accounts.policies[name])}

    def get_policy(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        users = sum(policy.name in user.policies for user in self.accounts.users.values())
        default = next(version for version in policy.versions if version.id == policy.default)
        return {"Policy": {**_policy(policy), "AttachmentCount": users}, "DefaultPolicyVersion": _version(policy, default)}

    def delete_policy(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        if any(policy.name in user.policies for user in self.accounts.users.values()):
            raise ApiError(409, "DeleteConflict.Policy.User", "The policy can not be attached to any user while deleting.")
        if len(policy.versions) > 1 and given.get("CascadingDelete") != "true":
            raise ApiError(409, "DeleteConflict.Policy.Version", "The policy has versions beside the default one.")
        del self.accounts.policies[policy.name]
        return {}

    def create_policy_version(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        documents.parse(given.get("PolicyDocument", ""))
        if len(policy.versions) >= VERSIONS:
            self._rotate(policy, given.get("RotateStrategy", "None"))
        policy.made += 1
        version = Version(f"v{policy.made}", given["PolicyDocument"])
        policy.versions.append(version)
        if given.get("SetAsDefault") == "true":
            policy.default = version.id
        return {"PolicyVersion": _version(policy, version)}

    def list_policy_versions(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        return {"PolicyVersions": {"PolicyVersion": [_version(policy, version) for version in policy.versions]}}

    def set_default_policy_version(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        policy.default = self._version(policy, given).id
        return {}

    def delete_policy_version(self, given: Parameters) -> Answer:
        policy = self._policy(given)
        version = self._version(policy, given)
        if version.id == policy.default:
            raise ApiError(409, "DeleteConflict.Policy.Version.Default", "The default version can not be deleted.")
        policy.versions.remove(version)
        return {}

    # Who has which policy

    def attach_policy_to_user(self, given: Parameters) -> Answer:
        user, policy = self._user(given), self._policy(given)
        if policy.name in user.policies:
            raise ApiError(409, "EntityAlreadyExists.User.Policy", "The user has already been attached this policy.")
        if len(user.policies) >= POLICIES_PER_USER:
            raise ApiError(409, "LimitExceeded.User.Policy", "The policies of the user beyond the current limits.")
        user.policies.append(policy.name)
        return {}

    def detach_policy_from_user(self, given: Parameters) -> Answer:
        user, policy = self._user(given), self._policy(given)
        if policy.name not in user.policies:
            raise ApiError(404, "EntityNotExist.User.Policy", "The policy is not attached to the user.")
        user.policies.remove(policy.name)
        return {}

    def list_policies_for_user(self, given: Parameters) -> Answer:
        policies = [_policy(self.accounts.policies[name]) for name in self._user(given).policies]
        return {"Policies": {"Policy": policies}}

    def list_entities_for_policy(self, given: Parameters) -> Answer:
        name = self._policy(given).name
        users = [_user(user) for user in self.accounts.users.values() if name in user.policies]
        return {"Users": {"User": users}, "Roles": {"Role": []}, "Groups": {"Group": []}}

    # Look-ups

    def _user(self, given: Parameters) -> User:
        try:
            return self.accounts.users[given.get("UserName", "")]
        except KeyError as unknown:
            raise ApiError(404, "EntityNotExist.User", "The user does not exist.") from unknown

    def _key(self, given: Parameters) -> Key:
        wanted = given.get("UserAccessKeyId")
        for key in self._user(given).keys:
            if key.id == wanted:
                return key
        raise ApiError(404, "EntityNotExist.User.AccessKey", "The access key does not exist.")

    def _policy(self, given: Parameters) -> Policy:
        if given.get("PolicyType", "Custom") not in ("Custom", "System"):
            raise ApiError(400, "InvalidParameter.PolicyType", "The policy type is invalid.")
        try:
            return self.accounts.policies[given.get("PolicyName", "")]
        except KeyError as unknown:
            raise ApiError(404, "EntityNotExist.Policy", "The policy does not exist.") from unknown

    def _version(self, policy: Policy, given: Parameters) -> Version:
        for version in policy.versions:
            if version.id == given.get("VersionId"):
                return version
        raise ApiError(404, "EntityNotExist.Policy.Version", "The policy version does not exist.")

    def _rotate(self, policy: Policy, strategy: str) -> None:
        if strategy != "DeleteOldestNonDefaultVersionWhenLimitExceeded":
            raise ApiError(409, "LimitExceeded.Policy.Version", "The versions of the policy beyond the current limits.")
        policy.versions.remove(next(version for version in policy.versions if version.id != policy.default))

    def _key_body(self, key: Key) -> Answer:
        return {"AccessKeyId": key.id, "Status": "Active" if key.active else "Inactive", "CreateDate": self.now()}


OPERATIONS = {
    "CreateUser", "GetUser", "ListUsers", "DeleteUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey",
    "DeleteAccessKey", "CreatePolicy", "GetPolicy", "DeletePolicy", "CreatePolicyVersion", "ListPolicyVersions",
    "SetDefaultPolicyVersion", "DeletePolicyVersion", "AttachPolicyToUser", "DetachPolicyFromUser", "ListPoliciesForUser",
    "ListEntitiesForPolicy",
}  # fmt: skip


def _name(given: Parameters, parameter: str, form: re.Pattern[str], longest: int) -> str:
    name = given.get(parameter, "")
    if not 1 <= len(name) <= longest:
        raise ApiError(400, f"InvalidParameter.{parameter}.Length", f"The length of the parameter {parameter} is invalid.")
    if not form.fullmatch(name):
        raise ApiError(400, f"InvalidParameter.{parameter}.InvalidChars", f"The parameter {parameter} has invalid characters.")
    return name


def _user(user: User) -> Answer:
    return {"UserId": f"2{abs(hash(user.name)) % 10**17:017d}", "UserName": user.name, "DisplayName": user.name,
            "CreateDate": user.created}  # fmt: skip


def _policy(policy: Policy) -> Answer:
    return {"PolicyName": policy.name, "PolicyType": "Custom", "Description": policy.description,
            "DefaultVersion": policy.default, "CreateDate": policy.created}  # fmt: skip


def _version(policy: Policy, version: Version) -> Answer:
    return {"VersionId": version.id, "IsDefaultVersion": version.id == policy.default, "PolicyDocument": version.document,
            "CreateDate": policy.created}  # fmt: skip
