"""The registry's front: what ACR puts before its registry. Blobs are answered by a redirect to the object storage."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus

from tests.lab.registry.server import Request
from tests.lab.registry.storage import Storage

BLOB = re.compile(r"/v2/(?P<repository>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})(\?.*)?")
# RFC 9110, 7.6.1, and what this side sets anew.
OWN = {"connection", "keep-alive", "transfer-encoding", "host", "expect", "date", "server"}


@dataclass(frozen=True)
class Front:
    """upstream: docker-registry's port on loopback."""

    upstream: int
    storage: Storage

    def serve(self, request: Request) -> None:
        blob = BLOB.fullmatch(request.path)
        if blob and request.command == "GET" and self._may_read(request):
            request.answer(HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": self.storage.address(blob["digest"])})
        else:
            self._relay(request)

    def _may_read(self, request: Request) -> bool:
        """Whether docker-registry would give this very caller the blob."""
        headers = {name: value for name, value in _forwarded(request).items() if name.lower() != "range"}
        with closing(self._connect()) as upstream:
            upstream.request("HEAD", request.path, headers=headers)
            return upstream.getresponse().status == HTTPStatus.OK

    def _relay(self, request: Request) -> None:
        body = request.body if request.command in ("POST", "PUT", "PATCH") else None
        with closing(self._connect()) as upstream:
            # Without a Content-Length among the headers it is sent in chunks, as it came.
            upstream.request(request.command, request.path, body, _forwarded(request))
            self._give_back(request, upstream.getresponse())

    def _give_back(self, request: Request, answer: http.client.HTTPResponse) -> None:
        body = answer.read()
        headers = _kept(answer.getheaders())
        headers.setdefault("Content-Length", str(len(body)))
        request.answer(answer.status, body, headers)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)


def _forwarded(request: Request) -> dict[str, str]:
    return _kept(request.headers.items()) | {"Host": request.headers["Host"], "X-Forwarded-Proto": "https"}


def _kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in OWN}
