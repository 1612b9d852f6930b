"""The client against a small origin on loopback, whose answers each test writes."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from p2p.registry.errors import Refused, Unavailable
from p2p.registry.origin import Origin

BLOB = b"0123456789"
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"
MANIFEST = json.dumps({"config": {"digest": DIGEST, "size": 10}, "layers": []}).encode()
MANIFEST_DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
CREDENTIAL = "Bearer secret"

Answer = tuple[int, dict[str, str], bytes]
Answers = Callable[[str, str, dict[str, str]], Answer]  # of a request's method, path and headers


def always(status: int, headers: dict[str, str], body: bytes) -> Answers:
    return lambda *_: (status, headers, body)


@dataclass
class Fake:
    """`registry` and `storage` are the same server under two addresses of loopback."""

    port: int = 0
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answer: Answers = field(default=always(404, {}, b""))

    @property
    def registry(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage(self) -> str:
        return f"http://127.0.0.2:{self.port}"


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.title(): value for name, value in self.headers.items()}
            fake.asked.append((self.command, self.path, headers))
            status, more, body = fake.answer(self.command, self.path, headers)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that hangs up is part of some tests."""

    server = Server(("0.0.0.0", 0), Handler)
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def origin(fake: Fake) -> Iterator[Origin]:
    origin = Origin(fake.registry)
    yield origin
    origin.close()


def ranged(headers: dict[str, str]) -> Answer:
    start, _, last = headers["Range"].removeprefix("bytes=").partition("-")
    part = BLOB[int(start) : int(last) + 1]
    return 206, {"Content-Range": f"bytes {start}-{last}/{len(BLOB)}"}, part


def read(origin: Origin, start: int, end: int) -> bytes:
    with origin.open_blob("team/app", DIGEST, CREDENTIAL, start, end) as body:
        buffer = bytearray(100)
        return bytes(buffer[: body.readinto(memoryview(buffer))])


def redirecting(fake: Fake) -> Answers:
    def answer(_method: str, path: str, headers: dict[str, str]) -> Answer:
        if path.startswith("/v2/"):
            return 307, {"Location": f"{fake.storage}/signed?n={len(fake.asked)}"}, b""
        return ranged(headers)

    return answer


def test_the_redirect_is_followed_without_the_credential_and_used_again(fake: Fake, origin: Origin) -> None:
    fake.answer = redirecting(fake)
    assert [read(origin, 0, 4), read(origin, 4, 8), read(origin, 8, 10)] == [b"0123", b"4567", b"89"]
    assert [path for _, path, _ in fake.asked] == [f"/v2/team/app/blobs/{DIGEST}", *["/signed?n=1"] * 3]
    assert [headers.get("Authorization") for _, _, headers in fake.asked] == [CREDENTIAL, None, None, None]
    assert {headers["Accept-Encoding"] for _, _, headers in fake.asked} == {"identity"}


def test_an_address_that_expired_is_asked_for_anew(fake: Fake, origin: Origin) -> None:
    fake.answer = redirecting(fake)
    read(origin, 0, 4)
    follow = fake.answer
    fake.answer = lambda method, path, headers: (
        (403, {}, b"expired") if path == "/signed?n=1" else follow(method, path, headers)
    )
    assert read(origin, 4, 8) == b"4567"
    assert [path for _, path, _ in fake.asked][2:] == ["/signed?n=1", f"/v2/team/app/blobs/{DIGEST}", "/signed?n=4"]


def test_a_credential_that_was_left_behind_does_not_come_back(fake: Fake, origin: Origin) -> None:
    def answer(_method: str, path: str, headers: dict[str, str]) -> Answer:
        hops = {f"/v2/team/app/blobs/{DIGEST}": f"{fake.storage}/1", "/1": f"{fake.registry}/2"}
        return (302, {"Location": hops[path]}, b"") if path in hops else ranged(headers)

    fake.answer = answer
    assert read(origin, 0, 4) == b"0123"
    assert [headers.get("Authorization") for _, _, headers in fake.asked] == [CREDENTIAL, None, None]


def test_redirects_without_end_are_given_up(fake: Fake, origin: Origin) -> None:
    fake.answer = always(302, {"Location": "/again"}, b"")
    with pytest.raises(Unavailable, match="more than 3 times"):
        read(origin, 0, 4)
    assert len(fake.asked) == 4


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, BLOB + b"more"),
        (206, {"Content-Range": "bytes 1-4/10"}, BLOB[1:5]),
        (429, {}, b""),
        (500, {}, b""),
    ],
)
def test_an_answer_that_is_not_the_range_asked_for_is_no_answer(fake: Fake, origin: Origin, answer: Answer) -> None:
    fake.answer = always(*answer)
    with pytest.raises(Unavailable):
        read(origin, 0, 4)


def test_a_body_that_breaks_off_is_unavailable(fake: Fake, origin: Origin) -> None:
    fake.answer = always(206, {"Content-Range": "bytes 0-9/10", "Content-Length": "10", "Connection": "close"}, BLOB[:5])
    buffer = memoryview(bytearray(10))
    with origin.open_blob("team/app", DIGEST, CREDENTIAL, 0, 10) as body:
        assert body.readinto(buffer) == 5
        with pytest.raises(Unavailable, match="ProtocolError"):
            body.readinto(buffer)


def test_a_refusal_carries_the_origins_challenge(fake: Fake, origin: Origin) -> None:
    fake.answer = always(401, {"WWW-Authenticate": 'Bearer realm="x"'}, b"")
    with pytest.raises(Refused) as refused:
        origin.ping("")
    assert (refused.value.status, refused.value.challenge) == (401, 'Bearer realm="x"')


def test_a_manifest_has_to_be_what_its_digest_says(fake: Fake, origin: Origin) -> None:
    fake.answer = always(200, {"Docker-Content-Digest": MANIFEST_DIGEST}, MANIFEST)
    assert origin.check_manifest("team/app", MANIFEST_DIGEST, CREDENTIAL) == {DIGEST}
    assert origin.manifest("GET", "team/app", "1", CREDENTIAL, "*/*").digest == MANIFEST_DIGEST
    fake.answer = always(200, {"Docker-Content-Digest": MANIFEST_DIGEST}, MANIFEST + b" ")
    for reference in (MANIFEST_DIGEST, "1"):
        with pytest.raises(Unavailable, match="what its digest says"):
            origin.manifest("GET", "team/app", reference, CREDENTIAL, "*/*")


def test_a_head_that_does_not_tell_enough_is_made_up_for_by_a_get(fake: Fake, origin: Origin) -> None:
    fake.answer = always(200, {"Content-Type": "x"}, MANIFEST)
    head = origin.manifest("HEAD", "team/app", "1", CREDENTIAL, "y")
    assert (head.digest, head.size, head.body, head.media_type) == (MANIFEST_DIGEST, len(MANIFEST), b"", "x")
    assert [(method, headers["Accept"]) for method, _, headers in fake.asked] == [("HEAD", "y"), ("GET", "y")]


def test_a_blobs_size_comes_from_a_head(fake: Fake, origin: Origin) -> None:
    fake.answer = always(200, {}, BLOB)
    assert origin.blob_size("team/app", DIGEST, CREDENTIAL) == 10
    assert fake.asked[0][0] == "HEAD"


def test_nobody_there_is_unavailable_and_names_the_host_only() -> None:
    origin = Origin("http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"^127\.0\.0\.1:9: NewConnectionError$"):
        origin.ping(CREDENTIAL)
