"""The object storage behind the registry: signed addresses that expire, ranges, and a count of every payload byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from tests.lab.registry.server import Request

KEY_ID, CHUNK = "lab-oss-key", 256 << 10
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Storage:
    """root: docker-registry's storage. life: seconds for which a signed address is valid."""

    host: str
    root: Path
    secret: bytes
    life: int = 60
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self, digest: str) -> str:
        """A signed address for a blob, as OSS's presigned GET has it."""
        path = f"/docker/registry/v2/blobs/sha256/{digest[7:9]}/{digest[7:]}/data"
        expires = int(time.time()) + self.life
        signature = quote(self._sign(path, expires), safe="")
        return f"https://{self.host}{path}?Expires={expires}&OSSAccessKeyId={KEY_ID}&Signature={signature}"

    def serve(self, request: Request) -> None:
        where = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        file = self.root / where.path.lstrip("/")
        if not self._valid(where.path, query):
            request.answer(HTTPStatus.FORBIDDEN, b"<Error><Code>AccessDenied</Code></Error>")
        elif request.command not in ("GET", "HEAD") or ".." in where.path or not file.is_file():
            request.answer(HTTPStatus.NOT_FOUND, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._send(request, file, f"sha256:{file.parent.name}")

    def counts(self) -> dict[str, int]:
        with self.lock:
            return dict(self.sent)

    def reset(self) -> None:
        with self.lock:
            self.sent.clear()

    def _send(self, request: Request, file: Path, digest: str) -> None:
        size = file.stat().st_size
        span = span_of(request.headers.get("Range"), size)
        if span is None:
            request.answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
            return
        start, end = span
        partial = "Range" in request.headers
        request.send_response(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK)
        request.send_header("Content-Length", str(end - start))
        request.send_header("Accept-Ranges", "bytes")
        if partial:
            request.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        request.end_headers()
        if request.command == "GET":
            self._copy(request, file, digest, start, end)

    def _copy(self, request: Request, file: Path, digest: str, start: int, end: int) -> None:
        with file.open("rb") as source:
            source.seek(start)
            while start < end and (chunk := source.read(min(CHUNK, end - start))):
                with self.lock:  # before it is sent: a connection that breaks may have carried all of it
                    self.sent[digest] += len(chunk)
                request.connection.sendall(chunk)
                start += len(chunk)

    def _valid(self, path: str, query: dict[str, str]) -> bool:
        expires = query.get("Expires", "")
        if not expires.isdigit() or query.get("OSSAccessKeyId") != KEY_ID or int(expires) < time.time():
            return False
        return hmac.compare_digest(query.get("Signature", "").encode(), self._sign(path, int(expires)).encode())

    def _sign(self, path: str, expires: int) -> str:
        return base64.b64encode(hmac.digest(self.secret, f"GET\n{expires}\n{path}".encode(), hashlib.sha1)).decode()


@dataclass(frozen=True)
class Counter:
    """The door for tests: GET /sent is what was sent of each digest, POST /reset forgets it."""

    storage: Storage

    def serve(self, request: Request) -> None:
        if request.command == "POST":
            self.storage.reset()
        request.answer(HTTPStatus.OK, json.dumps(self.storage.counts()).encode())


def span_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a Range header (RFC 9110, 14.1.2; one range); None if it can't be satisfied."""
    if header is None:
        return 0, size
    found = RANGE.fullmatch(header)
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    end = min(size, int(last) + 1) if last else size
    return (int(first), end) if int(first) < end else None
