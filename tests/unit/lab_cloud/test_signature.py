"""ACS3-HMAC-SHA256: only the very request that was signed, once, in time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.lab.cloud.errors import ApiError
from tests.lab.cloud.signature import MUST_BE_SIGNED, Sent, Verifier

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADERS = {
    "host": "ram.aliyuncs.com",
    "x-acs-action": "GetUser",
    "x-acs-version": "2015-05-01",
    "x-acs-date": "2026-03-01T12:00:00Z",
    "x-acs-signature-nonce": "n1",
    "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
}
# Written out, not computed: the canonical request of the documentation, for query UserName=a b.
CANONICAL = f"""POST
/
UserName=a%20b
host:ram.aliyuncs.com
x-acs-action:GetUser
x-acs-content-sha256:{HEADERS["x-acs-content-sha256"]}
x-acs-date:2026-03-01T12:00:00Z
x-acs-signature-nonce:n1
x-acs-version:2015-05-01

host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version
{HEADERS["x-acs-content-sha256"]}"""


def signature(canonical: str) -> str:
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(b"secret", to_sign.encode(), hashlib.sha256).hexdigest()


def sent(changed: Mapping[str, str] | None = None, signed: set[str] = MUST_BE_SIGNED) -> Sent:
    authorization = f"ACS3-HMAC-SHA256 Credential=id,SignedHeaders={';'.join(sorted(signed))},Signature={signature(CANONICAL)}"
    return Sent("POST", "/", "UserName=a+b", {**HEADERS, "authorization": authorization, **(changed or {})}, b"")


def refusal(request: Sent, now: datetime = NOW, verifier: Verifier | None = None) -> str:
    try:
        (verifier or Verifier()).verify(request, "secret", now)
    except ApiError as no:
        return no.code
    return ""


def test_what_was_signed_is_accepted() -> None:
    assert refusal(sent()) == ""
    assert Verifier().key_id(sent()) == "id"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(sent(), method="GET"), "SignatureDoesNotMatch"),
        (replace(sent(), path="/x"), "SignatureDoesNotMatch"),
        (replace(sent(), query="UserName=a+c"), "SignatureDoesNotMatch"),
        (replace(sent(), query="UserName=a+b&Status=Active"), "SignatureDoesNotMatch"),
        (sent({"host": "cr.aliyuncs.com"}), "SignatureDoesNotMatch"),
        (sent({"x-acs-action": "DeleteUser"}), "SignatureDoesNotMatch"),
        (replace(sent(), body=b"x"), "InvalidBodyDigest"),
        (sent(signed=MUST_BE_SIGNED - {"x-acs-action"}), "IncompleteSignature"),
        (sent(signed=MUST_BE_SIGNED | {"x-acs-security-token"}), "IncompleteSignature"),
        (sent({"authorization": "Basic eDp5"}), "MissingAccessKeyId"),
    ],
)
def test_whatever_else_is_refused(request_: Sent, code: str) -> None:
    assert refusal(request_) == code


@pytest.mark.parametrize("minutes", [-15, 15])
def test_the_date_may_be_a_quarter_of_an_hour_off(minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    beyond = timedelta(seconds=1 if minutes > 0 else -1)
    assert refusal(sent(), at) == ""
    assert refusal(sent(), at + beyond) == "InvalidTimeStamp.Expired"


def test_a_request_is_good_once() -> None:
    verifier = Verifier()
    assert refusal(sent(), verifier=verifier) == ""
    assert refusal(sent(), verifier=verifier) == "SignatureNonceUsed"
