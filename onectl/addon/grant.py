"""`ram-user grant`: the addon's AccessKey may do what the addon's policy says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from onectl.addon import key
from onectl.addon.manifest import Manifest
from onectl.cloud.key import AccessKey
from onectl.cluster.api import Api
from onectl.cluster.objects import SYSTEM, cluster_uid, may
from onectl.errors import ForbiddenError, NotFoundError, OnectlError
from onectl.output.talk import Talk

WARNING = (
    "Warning: Configure AccessKey pair-based policies for network access control to restrict invocation sources to "
    "trusted network environments."
)


class Accounts(Protocol):
    """RAM; `onectl.cloud.ram.Ram` says what each call means. Raises AccessError or OnectlError."""

    def users(self) -> Iterable[str]: ...

    def has_user(self, name: str) -> bool: ...

    def create_user(self, name: str) -> None: ...

    def delete_user(self, name: str) -> None: ...

    def keys(self, user: str) -> dict[str, bool]: ...

    def create_key(self, user: str) -> AccessKey: ...

    def delete_key(self, user: str, key_id: str) -> None: ...

    def policy(self, name: str) -> Mapping[str, Any] | None: ...

    def create_policy(self, name: str, document: Mapping[str, Any], description: str) -> None: ...

    def change_policy(self, name: str, document: Mapping[str, Any]) -> None: ...

    def attached(self, user: str) -> set[str]: ...

    def attach(self, user: str, policy: str) -> None: ...


@dataclass(frozen=True)
class Grant:
    policy: str
    user: str


def grant(manifest: Manifest, api: Api, accounts: Accounts, talk: Talk) -> Grant:
    """Make what is missing of user, key, Secret, policy and attachment; what is there stays. Raises OnectlError."""
    if manifest.ram_policy is None:
        raise OnectlError(f"addon {manifest.name} needs no RAM permission", "install it without a grant")
    access_key = key.read(api)
    usual = user_name(cluster_uid(api))
    user = owner(access_key, accounts, usual) if access_key else _new_user(api, accounts, usual, talk)
    policy = f"ack-one-registered-cluster-policy-{manifest.name}"
    _set_policy(accounts, policy, manifest, talk)
    if policy not in accounts.attached(user):
        accounts.attach(user, policy)
        talk.say(f"Attached the policy to {user}")
    if access_key is None:
        talk.say(WARNING)
    return Grant(policy, user)


def user_name(uid: str) -> str:
    """The RAM user of a cluster, by the UID of its kube-system: the same at each run, another for each cluster."""
    return f"ack-one-user-{hashlib.sha256(uid.encode()).hexdigest()[:10]}"


def owner(access_key: AccessKey, accounts: Accounts, usual: str) -> str:
    """The user whose key that is. Raises OnectlError when it is nobody's, or not active."""
    where = f"{access_key.hint} in Secret {SYSTEM}/{key.NAME}"
    for user in _likely_first(accounts, usual):
        active = _keys(accounts, user).get(access_key.id)
        if active:
            return user
        if active is False:
            raise OnectlError(f"{where} is inactive", f"activate it for {user} in the RAM console, or delete the Secret")
    raise OnectlError(
        f"{where} belongs to no RAM user of this account",
        "write a working key into the Secret, or delete the Secret and run this again",
    )


def _likely_first(accounts: Accounts, usual: str) -> Iterable[str]:
    # One call a user is slow with thousands of them; most often it is the one that onectl made.
    yield usual
    yield from (user for user in accounts.users() if user != usual)


def _keys(accounts: Accounts, user: str) -> dict[str, bool]:
    try:
        return accounts.keys(user)
    except NotFoundError:
        return {}


def _new_user(api: Api, accounts: Accounts, user: str, talk: Talk) -> str:
    """Make the user and a key, and write the key to the Secret; if that fails they go again."""
    if not may(api, "create", "", "secrets", SYSTEM):
        raise ForbiddenError(f"you may not create secrets in namespace {SYSTEM}", "ask an administrator for that right")
    existed = accounts.has_user(user)
    if not existed:
        accounts.create_user(user)
        talk.say(f"Made RAM user {user}")
    made: AccessKey | None = None
    try:
        made = accounts.create_key(user)
        key.write(api, made)
    except BaseException:
        if made:
            accounts.delete_key(user, made.id)
        if not existed:
            accounts.delete_user(user)
        talk.say("Nothing of it was kept")
        raise
    talk.say(f"Made {made.hint} and wrote it to Secret {SYSTEM}/{key.NAME}")
    return user


def _set_policy(accounts: Accounts, name: str, manifest: Manifest, talk: Talk) -> None:
    wanted = manifest.ram_policy or {}
    current = accounts.policy(name)
    if current is None:
        accounts.create_policy(name, wanted, f"What addon {manifest.name} needs, by onectl")
        talk.say(f"Made policy {name}")
    elif current != wanted:
        accounts.change_policy(name, wanted)
        talk.say(f"Gave policy {name} a new default version")
