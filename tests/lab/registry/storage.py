"""The object storage behind the registry: signed addresses that expire, ranges, and a count of every payload byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from tests.lab.registry.server import Request

KEY_ID, CHUNK = "LTAI5tLabStorage000000OSS", 256 << 10
OBJECT = re.compile(r"/docker/registry/v2/blobs/sha256/(?P<first>[0-9a-f]{2})/(?P<digest>(?P=first)[0-9a-f]{62})/data")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Signer:
    """Addresses as OSS signs them (signature version 1 in a URL): for one method and one object, until they expire.

    life: seconds for which an address is valid.
    """

    host: str
    secret: bytes
    life: int
    now: Callable[[], float] = time.time

    def query(self, path: str) -> str:
        expires = str(int(self.now()) + self.life)
        return f"Expires={expires}&OSSAccessKeyId={KEY_ID}&Signature={quote(self._sign('GET', path, expires), safe='')}"

    def refusal(self, method: str, path: str, query: Mapping[str, str]) -> tuple[str, str] | None:
        """OSS's code and message when a request is not one that was signed, or comes too late."""
        expires, signature = query.get("Expires", ""), query.get("Signature", "")
        if not expires.isdecimal() or query.get("OSSAccessKeyId") != KEY_ID:
            return "AccessDenied", "The request is not signed."
        if int(expires) < self.now():
            return "AccessDenied", "Request has expired."
        if not hmac.compare_digest(signature.encode(), self._sign(method, path, expires).encode()):
            return "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
        return None

    def _sign(self, method: str, path: str, expires: str) -> str:
        bucket = self.host.partition(".")[0]
        text = f"{method}\n\n\n{expires}\n/{bucket}{path}"
        return base64.b64encode(hmac.digest(self.secret, text.encode(), hashlib.sha1)).decode()


@dataclass
class Storage:
    """url: how its host is reached. root: docker-registry's storage."""

    url: str
    root: Path
    signer: Signer
    sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    log: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self, digest: str) -> str:
        """A signed address for a GET of a blob."""
        path = f"/docker/registry/v2/blobs/sha256/{digest[7:9]}/{digest[7:]}/data"
        return f"{self.url}{path}?{self.signer.query(path)}"

    def serve(self, request: Request) -> None:
        where = urlsplit(request.path)
        found = OBJECT.fullmatch(where.path)
        no = self.signer.refusal(request.command, where.path, dict(parse_qsl(where.query)))
        if "Authorization" in request.headers:
            _refuse(request, HTTPStatus.BAD_REQUEST, "InvalidArgument", "There is a signature in the URL and an Authorization.")
        elif no:
            _refuse(request, HTTPStatus.FORBIDDEN, *no)
        elif not found or not (file := self.root / where.path[1:]).is_file():
            _refuse(request, HTTPStatus.NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
        else:
            self._send(request, file, f"sha256:{found['digest']}")

    def reset(self) -> None:
        with self.lock:
            self.sent.clear()
            self.log.clear()

    def _send(self, request: Request, file: Path, digest: str) -> None:
        size, asked = file.stat().st_size, request.headers.get("Range")
        with self.lock:
            self.log.append({"peer": request.client_address[0], "digest": digest, "range": asked or ""})
        span = span_of(asked, size)
        if span is None:
            request.answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
            return
        start, end = span
        request.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        request.send_header("Content-Length", str(end - start))
        request.send_header("Accept-Ranges", "bytes")
        if asked:
            request.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        request.end_headers()
        self._copy(request, file, digest, start, end)

    def _copy(self, request: Request, file: Path, digest: str, start: int, end: int) -> None:
        """Counts a chunk before it is sent: a connection that breaks may have carried all of it, so the count errs upwards."""
        buffer = memoryview(bytearray(CHUNK))
        with file.open("rb", buffering=0) as source:
            source.seek(start)
            while start < end and (length := source.readinto(buffer[: end - start])):
                with self.lock:
                    self.sent[digest] += length
                request.connection.sendall(buffer[:length])
                start += length


def span_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a Range header (RFC 9110, 14.1.2; one range); None if it can't be satisfied."""
    if header is None:
        return 0, size
    found = RANGE.fullmatch(header)
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    end = min(size, int(last) + 1) if last else size
    return (int(first), end) if int(first) < end else None


def _refuse(request: Request, status: int, code: str, message: str) -> None:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    request.answer(status, body.encode(), {"Content-Type": "application/xml"})
