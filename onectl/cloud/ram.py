"""Resource Access Management (2015-05-01): users, their keys and policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client

from onectl.cloud.key import AccessKey
from onectl.cloud.session import config, translated
from onectl.errors import ConflictError, NotFoundError

ENDPOINT = "ram.aliyuncs.com"
_CUSTOM = "Custom"


class Ram:
    """Implements onectl.addon.grant.Accounts. Calls raise AccessError, OnectlError and what they name."""

    def __init__(self, key: AccessKey, endpoint: str, ca_file: str) -> None:
        self._endpoint = endpoint or ENDPOINT
        self._client = Client(config(key, self._endpoint, ca_file))

    def users(self) -> Iterator[str]:
        """The names of all users, page by page."""
        marker = None
        while True:
            body = self._call("list_users", models.ListUsersRequest(marker=marker, max_items=1000))
            yield from (user.user_name for user in body.users.user or [])
            if not body.is_truncated:
                return
            marker = body.marker

    def has_user(self, name: str) -> bool:
        try:
            self._call("get_user", models.GetUserRequest(user_name=name))
        except NotFoundError:
            return False
        return True

    def create_user(self, name: str) -> None:
        comments = "Made by onectl for the addons of a registered cluster"
        self._call("create_user", models.CreateUserRequest(user_name=name, display_name=name, comments=comments))

    def delete_user(self, name: str) -> None:
        self._call("delete_user", models.DeleteUserRequest(user_name=name))

    def keys(self, user: str) -> dict[str, bool]:
        """The IDs of a user's keys, and whether each is active."""
        body = self._call("list_access_keys", models.ListAccessKeysRequest(user_name=user))
        return {key.access_key_id: key.status == "Active" for key in body.access_keys.access_key or []}

    def create_key(self, user: str) -> AccessKey:
        """The only time that the secret half of a key is told."""
        key = self._call("create_access_key", models.CreateAccessKeyRequest(user_name=user)).access_key
        return AccessKey(key.access_key_id, key.access_key_secret)

    def delete_key(self, user: str, key_id: str) -> None:
        self._call("delete_access_key", models.DeleteAccessKeyRequest(user_name=user, user_access_key_id=key_id))

    def policy(self, name: str) -> Mapping[str, Any] | None:
        """The document of a custom policy's default version, None when there is no such policy."""
        try:
            body = self._call("get_policy", models.GetPolicyRequest(policy_name=name, policy_type=_CUSTOM))
        except NotFoundError:
            return None
        document: Mapping[str, Any] = json.loads(body.default_policy_version.policy_document)
        return document

    def create_policy(self, name: str, document: Mapping[str, Any], description: str) -> None:
        text = json.dumps(document, indent=4)
        request = models.CreatePolicyRequest(policy_name=name, policy_document=text, description=description)
        self._call("create_policy", request)

    def change_policy(self, name: str, document: Mapping[str, Any]) -> None:
        """Make a new default version; of five versions the oldest that is not the default goes."""
        request = models.CreatePolicyVersionRequest(
            policy_name=name,
            policy_document=json.dumps(document, indent=4),
            rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
        )
        version = self._call("create_policy_version", request).policy_version.version_id
        # Not by SetAsDefault: the SDK writes booleans as Python does, and nothing says that RAM reads True as true.
        default = models.SetDefaultPolicyVersionRequest(policy_name=name, version_id=version)
        self._call("set_default_policy_version", default)

    def attached(self, user: str) -> set[str]:
        """The names of the custom policies that a user has."""
        body = self._call("list_policies_for_user", models.ListPoliciesForUserRequest(user_name=user))
        return {policy.policy_name for policy in body.policies.policy or [] if policy.policy_type == _CUSTOM}

    def attach(self, user: str, policy: str) -> None:
        request = models.AttachPolicyToUserRequest(policy_name=policy, policy_type=_CUSTOM, user_name=user)
        try:
            self._call("attach_policy_to_user", request)
        except ConflictError:
            # Somebody else attached it in the meantime.
            return

    def _call(self, method: str, request: Any) -> Any:
        with translated(self._endpoint):
            return getattr(self._client, method)(request).body
