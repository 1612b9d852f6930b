"""What RAM knows of an account: users, their keys, policies, and who has which."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.lab.cloud.policy import document

SYSTEM, CUSTOM = "System", "Custom"
# Those that an operator of registered clusters has, and the read-only one of RAM.
SYSTEM_POLICIES = {
    "AliyunRAMFullAccess": document("ram:*"),
    "AliyunRAMReadOnlyAccess": document("ram:Get*", "ram:List*"),
    "AliyunCSFullAccess": document("cs:*"),
    "AliyunVPCReadOnlyAccess": document("vpc:Describe*"),
}

Reference = tuple[str, str]
"""Type and name of a policy."""


@dataclass
class Key:
    id: str
    secret: str
    created: str
    active: bool = True
    used: str = ""


@dataclass
class User:
    """policies: when each was attached."""

    name: str
    id: str
    created: str
    details: dict[str, str] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    policies: dict[Reference, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    id: str
    document: str
    created: str


@dataclass
class Policy:
    """made: how many versions there ever were; an id is not used again."""

    type: str
    name: str
    description: str
    created: str
    versions: list[Version] = field(default_factory=list)
    default: str = "v1"
    made: int = 0

    @property
    def reference(self) -> Reference:
        return self.type, self.name

    def add(self, text: str, now: str) -> Version:
        self.made += 1
        self.versions.append(Version(f"v{self.made}", text, now))
        return self.versions[-1]

    def current(self) -> Version:
        return next(version for version in self.versions if version.id == self.default)


class Accounts:
    """One account, with the system policies from the start."""

    def __init__(self, now: str) -> None:
        self.users: dict[str, User] = {}
        self.policies: dict[Reference, Policy] = {}
        self._ids = itertools.count(2 * 10**17)
        for name, text in SYSTEM_POLICIES.items():
            self.add_policy(Policy(SYSTEM, name, "", now), text)

    def add_user(self, name: str, now: str) -> User:
        self.users[name] = User(name, str(next(self._ids)), now)
        return self.users[name]

    def add_policy(self, policy: Policy, text: str) -> Policy:
        policy.add(text, policy.created)
        self.policies[policy.reference] = policy
        return policy

    def owner(self, key_id: str) -> tuple[User, Key] | None:
        found = ((user, key) for user in self.users.values() for key in user.keys if key.id == key_id)
        return next(found, None)

    def holders(self, policy: Policy) -> list[User]:
        return [user for user in self.users.values() if policy.reference in user.policies]

    def documents(self, user: User) -> Iterator[str]:
        """The documents in force of all policies that a user has."""
        return (self.policies[reference].current().document for reference in user.policies)
