"""A client of one origin. It blocks: its methods are to be called on threads, so that bytes go by `readinto`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from p2p.registry.errors import Refused, Unavailable
from p2p.registry.manifest import INDEX_TYPES, MOST_BYTES, digest_of, list_blobs
from p2p.registry.paths import is_digest
from p2p.registry.redirects import MOST_HOPS, STATUSES, Redirects, same_host, target

WORTH_WAKING = 192 << 10  # bytes
MOST_BUFFERED = 32 << 10  # bytes: a TLS record and a reader's buffer, and something over
CONNECTIONS = 32  # to one host that are kept for the next request
CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
MANIFEST_TYPES = ", ".join(
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        *sorted(INDEX_TYPES),
    ]
)


@dataclass(frozen=True)
class Manifest:
    """`size` is that of the body; the body is empty when only the head was asked for."""

    digest: str
    media_type: str
    size: int
    body: bytes


class Body:
    """The bytes of a blob as they come in."""

    def __init__(self, response: urllib3.BaseHTTPResponse, host: str) -> None:
        self._response = response
        self._host = host

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as there are bytes; 0 at the end. Raises Unavailable when the origin breaks off."""
        with _translated(self._host):
            data = self._response.read(_wake_for(self._response, len(buffer)))
        buffer[: len(data)] = data
        return len(data)


class Origin:
    """`url` is scheme, host and port. Every method raises Refused and Unavailable; no error carries a credential."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self.url = url.rstrip("/")
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._http = urllib3.PoolManager(maxsize=CONNECTIONS, ssl_context=context, timeout=timeout, retries=False)
        self._redirects = Redirects()

    def close(self) -> None:
        self._http.clear()

    def ping(self, authorization: str) -> None:
        """Whether the origin lets this caller in at all (OCI distribution specification, end-1)."""
        with _ended(self._send("GET", f"{self.url}/v2/", _headers(authorization))) as response:
            _check(response, self.url)

    def manifest(self, method: str, repository: str, reference: str, authorization: str, accept: str) -> Manifest:
        """The head (HEAD) or the whole (GET) of a manifest; a whole one is what its digest says."""
        url = f"{self.url}/v2/{repository}/manifests/{reference}"
        with _ended(self._send(method, url, _headers(authorization, Accept=accept))) as response:
            _check(response, self.url)
            digest = response.headers.get("Docker-Content-Digest", "")
            media_type = response.headers.get("Content-Type", "")
            size = response.headers.get("Content-Length", "")
            with _translated(self.url):
                body = response.read(MOST_BYTES + 1)
        if method == "GET":
            return _whole(reference, digest, media_type, body)
        if not is_digest(digest) or not size.isdecimal():
            whole = self.manifest("GET", repository, reference, authorization, accept)
            return Manifest(whole.digest, whole.media_type, whole.size, b"")
        return Manifest(digest, media_type, int(size), b"")

    def check_manifest(self, repository: str, digest: str, authorization: str) -> frozenset[str]:
        """The digests of the blobs that a manifest lists, if the origin lets this caller have it."""
        found = self.manifest("GET", repository, digest, authorization, MANIFEST_TYPES)
        return frozenset(blob.digest for blob in list_blobs(found.body))

    def blob_size(self, repository: str, digest: str, authorization: str) -> int:
        """The size of a blob, if the origin lets this caller have it from this repository."""
        with _ended(self._blob("HEAD", repository, digest, _headers(authorization))) as response:
            size = response.headers.get("Content-Length", "")
        if not size.isdecimal():
            raise Unavailable(f"{self.url} does not say how large {digest} is")
        return int(size)

    @contextmanager
    def open_blob(self, repository: str, digest: str, authorization: str, start: int, end: int) -> Iterator[Body]:
        """The bytes of a blob from `start` up to, not including, `end`."""
        headers = _headers(authorization, Range=f"bytes={start}-{end - 1}")
        with _ended(self._blob("GET", repository, digest, headers)) as response:
            _check_range(response, start, end, self.url)
            yield Body(response, self.url)

    def _blob(self, method: str, repository: str, digest: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """The good answer to a request for a blob, from where it was redirected to last time, or else wherever it is now."""
        known = self._redirects.get(repository, digest)
        if known and method == "GET":
            try:
                response = self._send(method, known, _without_credential(headers))
            except Unavailable:
                self._redirects.drop(repository, digest)
                raise
            if response.status < 300:
                return response
            _end(response)
            self._redirects.drop(repository, digest)
        response, url = self._follow(method, f"{self.url}/v2/{repository}/blobs/{digest}", headers)
        if method == "GET" and not same_host(url, self.url):
            self._redirects.keep(repository, digest, url)
        return response

    def _follow(self, method: str, url: str, headers: dict[str, str]) -> tuple[urllib3.BaseHTTPResponse, str]:
        """The good answer at the end of the redirects, and its address. The credential stays with the origin."""
        for _hop in range(MOST_HOPS + 1):
            response = self._send(method, url, headers)
            if response.status not in STATUSES:
                _check(response, self.url)
                return response, url
            _end(response)
            url = target(url, response.headers.get("Location"), urlsplit(self.url).scheme)
            if not same_host(url, self.url):
                headers = _without_credential(headers)
        raise Unavailable(f"{urlsplit(self.url).netloc} redirects more than {MOST_HOPS} times")

    def _send(self, method: str, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        with _translated(url):
            return self._http.request(method, url, headers=headers, redirect=False, preload_content=False, decode_content=False)


def _wake_for(response: urllib3.BaseHTTPResponse, wanted: int) -> int:
    """Let the thread sleep until there is a good part of the body: TLS would wake it for each of its records.

    Returns how much of what is wanted to read so: SO_RCVLOWAT (socket(7)) must never be more than is still to come on the wire,
    and some of that may be buffered here already.
    """
    sock = getattr(response.connection, "sock", None)
    in_parts = min(wanted, (response.length_remaining or 0) - WORTH_WAKING - MOST_BUFFERED)
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, WORTH_WAKING if in_parts > 0 else 1)
    return in_parts if in_parts > 0 else wanted


@contextmanager
def _ended(response: urllib3.BaseHTTPResponse) -> Iterator[urllib3.BaseHTTPResponse]:
    try:
        yield response
    finally:
        _end(response)


def _end(response: urllib3.BaseHTTPResponse) -> None:
    """The connection is used again if the answer was read to its end, else closed."""
    if response.length_remaining == 0:
        response.release_conn()
    response.close()


def _headers(authorization: str, **more: str) -> dict[str, str]:
    own = {"Accept-Encoding": "identity", "User-Agent": "ack-acr-acceleration-p2p", **more}
    return {**own, "Authorization": authorization} if authorization else own


def _without_credential(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "Authorization"}


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Names the host only: the rest of an address may be signed."""
    try:
        yield
    except (HTTPError, OSError) as error:
        raise Unavailable(f"{urlsplit(url).netloc}: {type(error).__name__}") from None


def _check(response: urllib3.BaseHTTPResponse, url: str) -> None:
    if 200 <= response.status < 300:
        return
    _end(response)
    message = f"{urlsplit(url).netloc} answered {response.status}"
    if response.status in (401, 403, 404):
        raise Refused(message, response.status, response.headers.get("WWW-Authenticate", ""))
    raise Unavailable(message)


def _check_range(response: urllib3.BaseHTTPResponse, start: int, end: int, url: str) -> None:
    """200 with the whole is a range too, if the whole was asked for (RFC 9110, section 14.2)."""
    whole = response.status == 200 and start == 0 and response.headers.get("Content-Length") == str(end)
    part = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-{end - 1}/")
    if not whole and not part:
        raise Unavailable(f"{urlsplit(url).netloc} does not give the range that was asked for")


def _whole(reference: str, digest: str, media_type: str, body: bytes) -> Manifest:
    expected = reference if is_digest(reference) else digest if is_digest(digest) else digest_of(body)
    if len(body) > MOST_BYTES or digest_of(body, expected.partition(":")[0]) != expected:
        raise Unavailable("the origin's manifest is too large, or not what its digest says")
    return Manifest(expected, media_type, len(body), body)
