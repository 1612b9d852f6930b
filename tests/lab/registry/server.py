"""An HTTPS server on threads whose handler is chosen by the Host of each request."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from tests.lab.pki import Pair

COPY = 1 << 20


class Site(Protocol):
    """What answers for one or more hosts."""

    def serve(self, request: Request) -> None: ...


class Request(BaseHTTPRequestHandler):
    """One connection; `serve` of the Host's site is called for each request and has to answer it."""

    protocol_version = "HTTP/1.1"
    server: Server
    body: Iterator[bytes]
    """The request's body as it comes in; what a site leaves of it is read before the answer."""

    def setup(self) -> None:
        # The handshake belongs to this connection's thread: in the accepting one a slow client would hold up all others.
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """A whole answer; the body is left out for HEAD."""
        for _unread in self.body:
            pass
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _serve(self) -> None:
        self.body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._sized()
        site = self.server.sites.get(self.headers.get("Host", "").split(":")[0])
        if site is None:
            self.answer(HTTPStatus.MISDIRECTED_REQUEST)
        else:
            site.serve(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _sized(self) -> Iterator[bytes]:
        left = int(self.headers.get("Content-Length", 0))
        while left:
            yield (chunk := self._read(min(COPY, left)))
            left -= len(chunk)

    def _chunks(self) -> Iterator[bytes]:
        """RFC 9112, 7.1; trailers are passed over."""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self._read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _read(self, size: int) -> bytes:
        chunk = self.rfile.read(size)
        if len(chunk) < size:
            raise ConnectionError("the client hung up in the middle of its body")
        return chunk

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        host = self.headers.get("Host", "") if hasattr(self, "headers") else ""
        print(f"{self.client_address[0]} {host} {format % args}", file=sys.stderr, flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], sites: Mapping[str, Site], tls: Pair | None = None) -> None:
        super().__init__(address, Request)
        self.sites = sites
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is its own affair; anything else is a defect and is shown."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
