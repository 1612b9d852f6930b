"""RAM's operations on policies, their versions, and who has them."""

from __future__ import annotations

from tests.lab.cloud.accounts import CUSTOM, SYSTEM, Policy, Version
from tests.lab.cloud.call import POLICY_NAME, Answer, Call
from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.policy import parse
from tests.lab.cloud.users import user_body

MOST_POLICIES, VERSIONS = 1500, 5
PER_USER = {CUSTOM: 10, SYSTEM: 20}
ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def create_policy(call: Call) -> Answer:
    name, description = call.text("PolicyName", 128, POLICY_NAME), call.optional("Description", 1024)
    text = _document(call)
    if (CUSTOM, name) in call.accounts.policies:
        raise ApiError(409, "EntityAlreadyExists.Policy", "The policy does already EXIST.")
    if sum(policy.type == CUSTOM for policy in call.accounts.policies.values()) >= MOST_POLICIES:
        raise ApiError(409, "LimitExceeded.Policy", "The count of the policies beyond the current limits.")
    return {"Policy": _body(call.accounts.add_policy(Policy(CUSTOM, name, description, call.now), text))}


def get_policy(call: Call) -> Answer:
    policy = call.policy()
    count = {"AttachmentCount": len(call.accounts.holders(policy))}
    return {"Policy": _body(policy) | count, "DefaultPolicyVersion": _version_body(policy, policy.current())}


def delete_policy(call: Call) -> Answer:
    policy = call.policy(CUSTOM)
    if call.accounts.holders(policy):
        raise ApiError(409, "DeleteConflict.Policy.User", "The policy can not be attached to any user while deleting.")
    if len(policy.versions) > 1 and call.given.get("CascadingDelete") != "true":
        raise ApiError(409, "DeleteConflict.Policy.Version", "The policy can not have any version beside the default one.")
    del call.accounts.policies[policy.reference]
    return {}


def create_policy_version(call: Call) -> Answer:
    policy, text = call.policy(CUSTOM), _document(call)
    strategy = call.choice("RotateStrategy", ("None", ROTATE), "None")
    if len(policy.versions) >= VERSIONS:
        if strategy != ROTATE:
            raise ApiError(409, "LimitExceeded.Policy.Version", "The count of the policy versions beyond the current limits.")
        policy.versions.remove(next(version for version in policy.versions if version.id != policy.default))
    version = policy.add(text, call.now)
    if call.given.get("SetAsDefault") == "true":
        policy.default = version.id
    return {"PolicyVersion": _version_body(policy, version)}


def list_policy_versions(call: Call) -> Answer:
    policy = call.policy()
    return {"PolicyVersions": {"PolicyVersion": [_version_body(policy, version) for version in policy.versions]}}


def set_default_policy_version(call: Call) -> Answer:
    policy = call.policy(CUSTOM)
    policy.default = call.version(policy).id
    return {}


def delete_policy_version(call: Call) -> Answer:
    policy = call.policy(CUSTOM)
    version = call.version(policy)
    if version.id == policy.default:
        raise ApiError(409, "DeleteConflict.Policy.Version.Default", "The default policy version can not be deleted.")
    policy.versions.remove(version)
    return {}


def attach_policy_to_user(call: Call) -> Answer:
    user, policy = call.user(), call.policy()
    if policy.reference in user.policies:
        raise ApiError(409, "EntityAlreadyExists.User.Policy", "The user has already been attached this policy.")
    if sum(kind == policy.type for kind, _ in user.policies) >= PER_USER[policy.type]:
        raise ApiError(409, "LimitExceeded.User.Policy", "The count of the user's policies beyond the current limits.")
    user.policies[policy.reference] = call.now
    return {}


def detach_policy_from_user(call: Call) -> Answer:
    user, policy = call.user(), call.policy()
    if policy.reference not in user.policies:
        raise ApiError(404, "EntityNotExist.User.Policy", "The user has not been attached this policy.")
    del user.policies[policy.reference]
    return {}


def list_policies_for_user(call: Call) -> Answer:
    attached = call.user().policies.items()
    return {"Policies": {"Policy": [_body(call.accounts.policies[ref]) | {"AttachDate": date} for ref, date in attached]}}


def list_entities_for_policy(call: Call) -> Answer:
    policy = call.policy()
    users = [user_body(user) | {"AttachDate": user.policies[policy.reference]} for user in call.accounts.holders(policy)]
    return {"Users": {"User": users}, "Roles": {"Role": []}, "Groups": {"Group": []}}


def _document(call: Call) -> str:
    text = call.given.get("PolicyDocument", "")
    parse(text)
    return text


def _body(policy: Policy) -> Answer:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default,
        "CreateDate": policy.created,
        "UpdateDate": policy.versions[-1].created,
    }


def _version_body(policy: Policy, version: Version) -> Answer:
    return {"VersionId": version.id, "IsDefaultVersion": version.id == policy.default, "PolicyDocument": version.document,
            "CreateDate": version.created}  # fmt: skip
