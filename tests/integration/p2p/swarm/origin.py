"""A registry over HTTP that knows one manifest and its blobs, wants a password, and counts the bytes of blobs that it sends."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AUTHORIZATION = "Bearer good"


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry(ThreadingHTTPServer):
    """`rate`: bytes per second of each connection, so that downloads last long enough to look at; 0 = as fast as it goes."""

    daemon_threads = True

    def __init__(self, blobs: list[bytes], rate: float, chunk: int, address: str) -> None:
        super().__init__((address, 0), _Handler)
        self.blobs = {digest_of(blob): blob for blob in blobs}
        self.manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": _descriptor("config", blobs[0]),
                "layers": [_descriptor("layer.v1.tar", blob) for blob in blobs[1:]],
            }
        ).encode()
        self.rate, self.chunk = rate, chunk
        self.sent = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    @property
    def digests(self) -> frozenset[str]:
        return frozenset(self.blobs)


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    media_type = f"application/vnd.oci.image.{kind}"
    return {"mediaType": media_type, "digest": digest_of(blob), "size": len(blob)}


@contextmanager
def registry(blobs: list[bytes], rate: float = 0, chunk: int = 16 << 10, address: str = "127.0.0.1") -> Iterator[Registry]:
    with Registry(blobs, rate, chunk, address) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Registry

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""

    def do_GET(self) -> None:
        kind, _, digest = self.path.removeprefix("/v2/team/app/").partition("/")
        body = self.server.blobs.get(digest) if kind == "blobs" else self.server.manifest
        if self.headers["Authorization"] != AUTHORIZATION or body is None:
            self._head(401 if body else 404, 0)
        elif kind == "manifests":
            self._head(200, len(body))
            self.wfile.write(body)
        else:
            self._send_range(body)

    def _send_range(self, body: bytes) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"])
        assert found
        start, end = int(found[1]), int(found[2]) + 1
        self._head(206, end - start, f"bytes {start}-{end - 1}/{len(body)}")
        for offset in range(start, end, self.server.chunk):
            chunk = body[offset : min(offset + self.server.chunk, end)]
            self.wfile.write(chunk)
            with self.server.lock:
                self.server.sent += len(chunk)
            if self.server.rate:
                time.sleep(len(chunk) / self.server.rate)

    def _head(self, status: int, length: int, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()
