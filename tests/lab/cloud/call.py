"""One call of RAM, and its parameters: each read by its rule, refused by RAM's own code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.lab.cloud.accounts import CUSTOM, SYSTEM, Accounts, Key, Policy, User, Version
from tests.lab.cloud.errors import ApiError

USER_NAME, POLICY_NAME, VERSION_ID = re.compile(r"[A-Za-z0-9._-]+"), re.compile(r"[A-Za-z0-9-]+"), re.compile(r"v[0-9]+")

Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """random: that many random letters and digits."""

    accounts: Accounts
    caller: User
    given: Mapping[str, str]
    now: str
    random: Callable[[int], str]

    def text(self, name: str, longest: int, form: re.Pattern[str] | None = None) -> str:
        """A parameter that must be there. Raises ApiError."""
        if name not in self.given:
            raise ApiError(400, "MissingParameter", f'The input parameter "{name}" that is mandatory is not supplied.')
        value = self.given[name]
        if not 1 <= len(value) <= longest:
            raise ApiError(400, f"InvalidParameter.{name}.Length", f"The length of the parameter {name} is invalid.")
        if form and not form.fullmatch(value):
            raise ApiError(400, f"InvalidParameter.{name}.InvalidChars", f"The parameter {name} has invalid characters.")
        return value

    def optional(self, name: str, longest: int) -> str:
        return self.text(name, longest) if name in self.given else ""

    def choice(self, name: str, among: tuple[str, ...], default: str | None = None) -> str:
        value = self.given.get(name, default)
        if value not in among:
            raise ApiError(400, f"InvalidParameter.{name}", f"The parameter {name} is none of {', '.join(among)}.")
        return value

    def user(self) -> User:
        found = self.accounts.users.get(self.text("UserName", 64, USER_NAME))
        if found is None:
            raise ApiError(404, "EntityNotExist.User", "The user does not exist.")
        return found

    def key(self, user: User) -> Key:
        wanted = self.text("UserAccessKeyId", 64)
        for key in user.keys:
            if key.id == wanted:
                return key
        raise ApiError(404, "EntityNotExist.User.AccessKey", "The access key does not exist.")

    def policy(self, policy_type: str = "") -> Policy:
        """The policy of the type; by default of the one that the parameter PolicyType names."""
        chosen = policy_type or self.choice("PolicyType", (SYSTEM, CUSTOM))
        found = self.accounts.policies.get((chosen, self.text("PolicyName", 128, POLICY_NAME)))
        if found is None:
            raise ApiError(404, "EntityNotExist.Policy", "The policy does not exist.")
        return found

    def version(self, policy: Policy) -> Version:
        wanted = self.given.get("VersionId", "")
        if not VERSION_ID.fullmatch(wanted):
            raise ApiError(400, "InvalidParameter.VersionId.Format", "The format of the version id is invalid.")
        for version in policy.versions:
            if version.id == wanted:
                return version
        raise ApiError(404, "EntityNotExist.Policy.Version", "The policy version does not exist.")
