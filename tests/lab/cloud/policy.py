"""RAM policies (version 1): read, checked, evaluated."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from typing import Any

from tests.lab.cloud.errors import ApiError

MOST_CHARACTERS = 6144


def parse(text: str) -> list[dict[str, Any]]:
    """The statements of a document. Raises ApiError when RAM would refuse it."""
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise ApiError(400, "InvalidParameter.PolicyDocument.Length", "The length of the policy document is invalid.")
    try:
        document = json.loads(text)
        statements = document["Statement"]
        good = document["Version"] == "1" and all(_well_formed(statement) for statement in statements) and bool(statements)
    except (json.JSONDecodeError, KeyError, TypeError):
        good = False
    if not good:
        raise ApiError(400, "MalformedPolicyDocument", "The policy document is malformed.")
    return list(statements)


def allows(documents: Iterable[str], action: str) -> bool:
    """Whether the documents together allow an action on all resources: a Deny beats every Allow."""
    effects = {s["Effect"] for text in documents for s in parse(text) if _matches(s, action)}
    return "Allow" in effects and "Deny" not in effects


def _matches(statement: dict[str, Any], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in _list(statement["Action"]))


def _well_formed(statement: dict[str, Any]) -> bool:
    named = statement["Action"] and statement["Resource"]
    return statement["Effect"] in ("Allow", "Deny") and bool(named)


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
