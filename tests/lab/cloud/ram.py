"""RAM, API version 2015-05-01: its operations with their rules, limits and errors. Pure: no clock, no socket.

Limits and codes are those of RAM's documentation, "Limits" and "Error messages".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.lab.cloud import policies, users
from tests.lab.cloud.call import Answer, Call
from tests.lab.cloud.errors import ApiError

OPERATIONS: Mapping[str, Callable[[Call], Answer]] = {
    "CreateUser": users.create_user,
    "GetUser": users.get_user,
    "ListUsers": users.list_users,
    "DeleteUser": users.delete_user,
    "CreateAccessKey": users.create_access_key,
    "ListAccessKeys": users.list_access_keys,
    "UpdateAccessKey": users.update_access_key,
    "DeleteAccessKey": users.delete_access_key,
    "GetAccessKeyLastUsed": users.get_access_key_last_used,
    "CreatePolicy": policies.create_policy,
    "GetPolicy": policies.get_policy,
    "DeletePolicy": policies.delete_policy,
    "CreatePolicyVersion": policies.create_policy_version,
    "ListPolicyVersions": policies.list_policy_versions,
    "SetDefaultPolicyVersion": policies.set_default_policy_version,
    "DeletePolicyVersion": policies.delete_policy_version,
    "AttachPolicyToUser": policies.attach_policy_to_user,
    "DetachPolicyFromUser": policies.detach_policy_from_user,
    "ListPoliciesForUser": policies.list_policies_for_user,
    "ListEntitiesForPolicy": policies.list_entities_for_policy,
}


def carry_out(action: str, call: Call) -> Answer:
    """Change the account as the operation says, and answer. Raises ApiError, and then nothing has changed."""
    if action not in OPERATIONS:
        raise ApiError(404, "InvalidAction.NotFound", f"Specified api is not found: {action}.")
    return OPERATIONS[action](call)
