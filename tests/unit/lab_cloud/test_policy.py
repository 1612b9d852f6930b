"""Policy documents: what is refused, and what is allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.policy import MOST_CHARACTERS, allows, document, parse

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "cr:ListInstanceEndpoint", "Resource": "*"}


def text(*statements: object, version: object = "1") -> str:
    return json.dumps({"Version": version, "Statement": statements})


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no JSON",
        "[]",
        json.dumps({"Version": "1"}),
        json.dumps({"Version": "1", "Statement": {}}),
        text(),
        text(GOOD, version="2"),
        text(GOOD, version=1),
        text("statement"),
        text(GOOD | {"Effect": "allow"}),
        text(GOOD | {"Action": []}),
        text(GOOD | {"Action": [1]}),
        text(GOOD | {"Action": "ListInstanceEndpoint"}),
        text(GOOD | {"Resource": "everything"}),
        text(GOOD | {"Condition": {}}),
        text({"Effect": "Allow", "Action": "cr:*"}),
        text(GOOD) + " " * MOST_CHARACTERS,
    ],
)
def test_what_ram_would_not_take(document: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(document)
    long = not 0 < len(document) <= MOST_CHARACTERS
    code = "InvalidParameter.PolicyDocument.Length" if long else "MalformedPolicyDocument"
    assert (refused.value.status, refused.value.code) == (400, code)


def test_the_longest_document_is_taken() -> None:
    assert parse(text(GOOD).ljust(MOST_CHARACTERS)) == [GOOD]


@pytest.mark.parametrize(
    ("documents", "allowed"),
    [
        ([], False),
        ([document("cr:ListInstanceEndpoint")], True),
        ([document("cr:listinstanceendpoint")], True),
        ([document("cr:List*")], True),
        ([document("*")], True),
        ([document("cr:ListInstance")], False),
        ([document("cs:*", "ram:*")], False),
        ([document("cr:*"), text(GOOD | {"Effect": "Deny"})], False),
        ([document("cr:*"), text(GOOD | {"Effect": "Deny", "Action": "cr:Get*"})], True),
        ([text(GOOD | {"Resource": "acs:cr:*:*:instance/cri-test"})], False),
    ],
)
def test_allows(documents: list[str], allowed: bool) -> None:
    assert allows(documents, "cr:ListInstanceEndpoint") is allowed
