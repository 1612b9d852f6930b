"""ACS3-HMAC-SHA256, the signature of Alibaba Cloud's SDKs, verified over exactly what was sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from tests.lab.cloud.errors import ApiError

ALGORITHM = "ACS3-HMAC-SHA256"
AUTHORIZATION = re.compile(ALGORITHM + r" Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")
MUST_BE_SIGNED = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
SKEW = timedelta(minutes=15)


@dataclass(frozen=True)
class Sent:
    """A request as it came over the wire; header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Verifier:
    """Remembers nonces: a request is good once."""

    nonces: set[str] = field(default_factory=set)

    def key_id(self, sent: Sent) -> str:
        """Whose key is said to have signed. Raises ApiError when there is no such claim."""
        return _parts(sent)[0]

    def verify(self, sent: Sent, secret: str, now: datetime) -> None:
        """Raises ApiError unless the secret signed this very request, just now, for the first time."""
        _, signed, signature = _parts(sent)
        if missing := sorted((MUST_BE_SIGNED - set(signed)) | (set(signed) - set(sent.headers))):
            raise ApiError(400, "IncompleteSignature", f"Not sent, or not signed: {', '.join(missing)}.")
        if sent.headers["x-acs-content-sha256"] != hashlib.sha256(sent.body).hexdigest():
            raise ApiError(400, "InvalidBodyDigest", "x-acs-content-sha256 is not the digest of the body.")
        to_sign = string_to_sign(sent, signed)
        if not hmac.compare_digest(signature, hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()):
            said = to_sign.replace("\n", " ")
            raise ApiError(400, "SignatureDoesNotMatch",
                           f"Specified signature does not match our calculation. server StringToSign is [{said}]")  # fmt: skip
        if abs(now - _date(sent.headers["x-acs-date"])) > SKEW:
            raise ApiError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        nonce = sent.headers["x-acs-signature-nonce"]
        if nonce in self.nonces:
            raise ApiError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self.nonces.add(nonce)


def string_to_sign(sent: Sent, signed: list[str]) -> str:
    """The query is decoded and quoted anew (RFC 3986), since spaces come as + on the wire."""
    pairs = sorted(parse_qsl(sent.query, keep_blank_values=True))
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
    headers = "".join(f"{name}:{sent.headers[name].strip()}\n" for name in sorted(signed))
    parts = (sent.method, sent.path, query, headers, ";".join(sorted(signed)), sent.headers["x-acs-content-sha256"])
    return f"{ALGORITHM}\n{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()}"


def _date(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ApiError(400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.") from None


def _parts(sent: Sent) -> tuple[str, list[str], str]:
    found = AUTHORIZATION.fullmatch(sent.headers.get("authorization", ""))
    if not found:
        raise ApiError(400, "MissingAccessKeyId", "The request carries no ACS3-HMAC-SHA256 authorization.")
    return found[1], found[2].split(";"), found[3]
