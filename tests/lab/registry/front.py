"""The registry's front: what ACR puts before its registry. Blobs are answered by a redirect to the object storage."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from tests.lab.registry.server import Request
from tests.lab.registry.storage import Storage

BLOB = re.compile(r"/v2/(?P<repository>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})(\?.*)?")
# RFC 9110, 7.6.1, and what this side sets anew.
OWN = {"connection", "keep-alive", "transfer-encoding", "host", "expect", "content-length", "date", "server"}
COPY = 1 << 20


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
        upstream = self._connect()
        upstream.request("HEAD", request.path, headers=_kept(request.headers.items()) | self._forwarded(request))
        with upstream.getresponse() as answer:
            return answer.status == HTTPStatus.OK

    def _relay(self, request: Request) -> None:
        upstream = self._connect()
        length = int(request.headers.get("Content-Length", 0))
        headers = _kept(request.headers.items()) | self._forwarded(request) | {"Content-Length": str(length)}
        upstream.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            upstream.putheader(name, value)
        upstream.endheaders()
        while length:
            chunk = request.rfile.read(min(COPY, length))
            if not chunk:
                raise ConnectionError("the client hung up in the middle of its body")
            upstream.send(chunk)
            length -= len(chunk)
        with upstream.getresponse() as answer:
            self._give_back(request, answer)

    def _give_back(self, request: Request, answer: http.client.HTTPResponse) -> None:
        body = answer.read()
        length = answer.getheader("Content-Length") or str(len(body))
        request.send_response(answer.status)
        for name, value in _kept(answer.getheaders()).items():
            request.send_header(name, value)
        request.send_header("Content-Length", length)
        request.end_headers()
        request.wfile.write(body)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)

    def _forwarded(self, request: Request) -> dict[str, str]:
        return {"Host": request.headers["Host"], "X-Forwarded-Proto": "https"}


def _kept(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in OWN}
