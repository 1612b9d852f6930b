"""What RAM knows: users, their keys, policies and who has them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

FULL_ACCESS = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
LETTERS = string.ascii_letters + string.digits


@dataclass
class Key:
    id: str
    secret: str
    active: bool = True


@dataclass
class User:
    name: str
    created: str
    keys: list[Key] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)


@dataclass
class Version:
    id: str
    document: str


@dataclass
class Policy:
    name: str
    description: str
    created: str
    versions: list[Version]
    default: str = "v1"
    made: int = 1

    def document(self) -> str:
        return next(version.document for version in self.versions if version.id == self.default)


@dataclass
class Accounts:
    users: dict[str, User] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)

    def owner(self, key_id: str) -> tuple[User, Key] | None:
        found = ((user, key) for user in self.users.values() for key in user.keys if key.id == key_id)
        return next(found, None)

    def documents(self, user: User) -> Iterator[str]:
        """The documents of all policies that a user has."""
        return (self.policies[name].document() for name in user.policies)


def new_key() -> Key:
    """Shaped as the real ones: LTAI and 20 characters; a secret of 30."""
    return Key("LTAI5t" + _random(18), _random(30))


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
