"""RAM policies of version 1: read strictly, and evaluated."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable
from typing import Any

from tests.lab.cloud.errors import ApiError

MOST_CHARACTERS = 6144
# NotAction and Condition are RAM's too. Nothing here evaluates them, so a document with one is refused, not half understood.
KEYS = {"Effect", "Action", "Resource"}
ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+")
RESOURCE = re.compile(r"\*|acs:[^:]*:[^:]*:[^:]*:.+")


def document(*actions: str) -> str:
    """A policy that allows actions on everything."""
    statement = {"Action": actions, "Resource": "*", "Effect": "Allow"}
    return json.dumps({"Version": "1", "Statement": [statement]})


def parse(text: str) -> list[dict[str, Any]]:
    """The statements of a document. Raises ApiError when RAM would refuse it."""
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise ApiError(400, "InvalidParameter.PolicyDocument.Length", "The length of the policy document is invalid.")
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    statements = body.get("Statement") if isinstance(body, dict) and body.get("Version") == "1" else None
    if not isinstance(statements, list) or not statements or not all(map(_well_formed, statements)):
        raise ApiError(400, "MalformedPolicyDocument", "The policy document is malformed.")
    return statements


def allows(documents: Iterable[str], action: str) -> bool:
    """Whether documents together allow an action on all resources: a Deny beats every Allow."""
    effects = {s["Effect"] for text in documents for s in parse(text) if _applies(s, action)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: dict[str, Any], action: str) -> bool:
    """Names of actions are the same in any case. A statement on single resources does not apply to all of them."""
    patterns = (pattern.lower() for pattern in _list(statement["Action"]))
    return "*" in _list(statement["Resource"]) and any(fnmatch.fnmatchcase(action.lower(), p) for p in patterns)


def _well_formed(statement: object) -> bool:
    return (
        isinstance(statement, dict)
        and set(statement) == KEYS
        and statement["Effect"] in ("Allow", "Deny")
        and _all_match(statement["Action"], ACTION)
        and _all_match(statement["Resource"], RESOURCE)
    )


def _all_match(value: object, form: re.Pattern[str]) -> bool:
    words = _list(value)
    return bool(words) and all(isinstance(word, str) and form.fullmatch(word) for word in words)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
