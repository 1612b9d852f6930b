"""Ranges, and addresses that are signed for one method and one object until they expire."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from tests.lab.registry.storage import Signer, span_of

PATH = "/docker/registry/v2/blobs/sha256/ab/abcd/data"


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=100-", None),
        ("bytes=20-10", None),
        ("bytes=-0", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
    ],
)
def test_span(header: str | None, span: tuple[int, int] | None) -> None:
    assert span_of(header, 100) == span


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def code(signer: Signer, method: str, path: str, query: dict[str, str]) -> str:
    refusal = signer.refusal(method, path, query)
    return refusal[0] if refusal else ""


def test_a_signed_query_is_good_until_its_last_second() -> None:
    clock = Clock()
    signer = Signer("bucket.oss.example", b"secret", 60, clock)
    query = dict(parse_qsl(signer.query(PATH)))
    assert query["Expires"] == "1060"
    clock.now = 1060
    assert signer.refusal("GET", PATH, query) is None
    clock.now = 1060.5
    assert signer.refusal("GET", PATH, query) == ("AccessDenied", "Request has expired.")


def test_nothing_that_was_signed_can_be_changed() -> None:
    signer = Signer("bucket.oss.example", b"secret", 60, Clock())
    query = dict(parse_qsl(signer.query(PATH)))
    assert code(signer, "HEAD", PATH, query) == "SignatureDoesNotMatch"
    assert code(signer, "GET", PATH + "x", query) == "SignatureDoesNotMatch"
    assert code(signer, "GET", PATH, query | {"Expires": "2000"}) == "SignatureDoesNotMatch"
    assert code(signer, "GET", PATH, query | {"OSSAccessKeyId": "other"}) == "AccessDenied"
    assert code(Signer("bucket.oss.example", b"other", 60, Clock()), "GET", PATH, query) == "SignatureDoesNotMatch"
    assert code(signer, "GET", PATH, {}) == "AccessDenied"
