from __future__ import annotations

import base64
import json

from p2p.agent.permissions import LIFE, Permissions, token_end

PLACE = ("https://a.example.com", "team/app")


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def bearer(**claims: object) -> str:
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, claims))
    return f"Bearer {head}.{body}.signature"


def test_a_permission_is_for_one_caller_one_origin_and_one_repository() -> None:
    permissions = Permissions(b"key", Clock())
    permissions.grant("Bearer a", *PLACE)
    assert permissions.has("Bearer a", *PLACE)
    assert not permissions.has("Bearer b", *PLACE)
    assert not permissions.has("", *PLACE)
    assert not permissions.has("Bearer a", PLACE[0], "team/other")
    assert not permissions.has("Bearer a", "https://b.example.com", PLACE[1])


def test_a_permission_ends_after_five_minutes() -> None:
    clock = Clock()
    permissions = Permissions(b"key", clock)
    permissions.grant("Bearer a", *PLACE)
    clock.now += LIFE - 1
    assert permissions.has("Bearer a", *PLACE)
    clock.now += 1
    assert not permissions.has("Bearer a", *PLACE)


def test_a_token_that_ends_earlier_takes_the_permission_with_it() -> None:
    clock = Clock()
    permissions = Permissions(b"key", clock)
    short, long = bearer(exp=clock.now + 10), bearer(exp=clock.now + 9999)
    for token in (short, long):
        permissions.grant(token, *PLACE)
    clock.now += 11
    assert not permissions.has(short, *PLACE)
    assert permissions.has(long, *PLACE)
    clock.now += LIFE
    assert not permissions.has(long, *PLACE)


def test_what_tells_no_end_has_none() -> None:
    for authorization in (
        "",
        "Basic dXNlcjpwYXNz",
        "Bearer opaque",
        "Bearer a.b.c",
        bearer(),
        bearer(exp="soon"),
        "Bearer a.é.c",
    ):
        assert token_end(authorization) == float("inf")


def test_no_credential_is_kept() -> None:
    permissions = Permissions(b"key", Clock())
    permissions.grant("Bearer secret", *PLACE)
    assert "secret" not in repr(vars(permissions))
