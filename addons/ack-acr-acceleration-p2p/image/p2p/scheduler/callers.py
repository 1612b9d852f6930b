"""Who an agent is: its projected token, reviewed by the API server, names the node that it runs on."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

REMEMBERED = 600.0  # seconds: what a removed node stays in at most


class Denied(Exception):
    """The token is not that of an agent on a node of this cluster."""


class Unsure(Exception):
    """The API server gave no answer."""


@dataclass(frozen=True)
class Caller:
    node: str
    address: str


class Reviewer(Protocol):
    async def review(self, token: str) -> Caller:
        """Raises Denied and Unsure."""
        ...


class Callers:
    """Remembers a token by its HMAC under a key of this process only; `clock` is steady."""

    def __init__(self, reviewer: Reviewer, key: bytes, clock: Callable[[], float]) -> None:
        self._reviewer, self._key, self._clock = reviewer, key, clock
        self._known: dict[bytes, tuple[Caller, float]] = {}

    async def identify(self, token: str) -> Caller:
        """Raises Denied and Unsure."""
        mark = hmac.digest(self._key, token.encode(), hashlib.sha256)
        self._forget()
        if mark not in self._known:
            self._known[mark] = (await self._reviewer.review(token), self._clock() + REMEMBERED)
        return self._known[mark][0]

    def _forget(self) -> None:
        now = self._clock()
        self._known = {mark: known for mark, known in self._known.items() if now < known[1]}
