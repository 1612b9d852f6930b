"""The door for tests, in plain HTTP: what left the object storage, and by whose request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from tests.lab.registry.server import Request
from tests.lab.registry.storage import Storage


@dataclass(frozen=True)
class Counter:
    """GET /sent: payload bytes by digest. GET /log: [{peer, digest, range}], in order. POST /reset forgets both."""

    storage: Storage

    def serve(self, request: Request) -> None:
        match request.command, request.path:
            case "POST", "/reset":
                self.storage.reset()
                request.answer(HTTPStatus.NO_CONTENT)
            case "GET", "/sent":
                self._give(request, self.storage.sent)
            case "GET", "/log":
                self._give(request, self.storage.log)
            case _:
                request.answer(HTTPStatus.NOT_FOUND)

    def _give(self, request: Request, found: object) -> None:
        with self.storage.lock:
            body = json.dumps(found).encode()
        request.answer(HTTPStatus.OK, body, {"Content-Type": "application/json"})
