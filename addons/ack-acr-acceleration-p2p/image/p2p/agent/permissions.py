"""Which callers an origin has accepted for which repository."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Callable

LIFE = 300.0  # seconds: what a revocation at the origin takes at most
MOST = 16384  # callers and repositories that are remembered


class Permissions:
    """Keeps no credential, only its HMAC under `key`, which should be random and known to this process alone.

    `clock` is seconds since the epoch, as the end of a token is.
    """

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key, self._clock = key, clock
        self._until: dict[tuple[bytes, str, str], float] = {}

    def grant(self, authorization: str, origin: str, repository: str) -> None:
        """To be called when the origin answered this caller's request for a manifest of the repository."""
        now = self._clock()
        if len(self._until) >= MOST:
            self._until = {entry: until for entry, until in self._until.items() if until > now}
        if len(self._until) < MOST:
            self._until[self._entry(authorization, origin, repository)] = min(now + LIFE, token_end(authorization))

    def has(self, authorization: str, origin: str, repository: str) -> bool:
        return self._until.get(self._entry(authorization, origin, repository), 0.0) > self._clock()

    def _entry(self, authorization: str, origin: str, repository: str) -> tuple[bytes, str, str]:
        return hmac.digest(self._key, authorization.encode(), hashlib.sha256), origin, repository


def token_end(authorization: str) -> float:
    """When a Bearer token says that it ends (RFC 7519, section 4.1.4), else never.

    The claim is not verified: it may only shorten what the origin's own answer allows.
    """
    scheme, _, token = authorization.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return float("inf")
    try:
        return float(json.loads(urlsafe_b64decode(parts[1] + "=="))["exp"])
    except (Error, ValueError, KeyError, TypeError, RecursionError):
        return float("inf")
