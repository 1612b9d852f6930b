"""The Kubernetes client against a small HTTP server on loopback that answers as an API server would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from onectl.cluster.client import Client, connect, refusal
from onectl.errors import AccessError, ConflictError, ForbiddenError, NotFoundError, OnectlError, UsageError


class Server(BaseHTTPRequestHandler):
    requests: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        query = parse_qs(at.query)
        if at.path == "/missing":
            self.answer(404, {"kind": "Status", "message": "pods missing not found"})
        elif "continue" in query:
            self.answer(200, {"items": [{"n": 2}], "metadata": {}})
        else:
            self.answer(200, {"items": [{"n": 1}], "metadata": {"continue": "next"}})

    def do_DELETE(self) -> None:
        self.answer(404, {"message": "gone"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201, {"echo": json.loads(body)})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.requests.append((self.command, self.path, self.headers.get("Authorization", "")))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: object) -> None:
        return


def write_kubeconfig(path: Path, server: str) -> str:
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "lab",
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"token": "t0ken"}}],
                "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("lab", "other")],
            }
        )
    )
    return str(path)


@pytest.fixture
def requests() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
def client(tmp_path: Path, requests: list[tuple[str, str, str]]) -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Server,), {"requests": requests}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    client = connect(write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{server.server_port}"), "")
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_collection_is_read_page_by_page_with_the_kubeconfigs_token(
    client: Client, requests: list[tuple[str, str, str]]
) -> None:
    assert client.select("/api/v1/pods", "a=b,c=d") == [{"n": 1}, {"n": 2}]
    assert [path for _, path, _ in requests] == [
        "/api/v1/pods?limit=500&labelSelector=a%3Db%2Cc%3Dd",
        "/api/v1/pods?limit=500&labelSelector=a%3Db%2Cc%3Dd&continue=next",
    ]
    assert {authorization for _, _, authorization in requests} == {"Bearer t0ken"}


def test_objects_travel_as_json_and_errors_have_their_type(client: Client) -> None:
    assert client.create("/api/v1/pods", {"kind": "Pod"}) == {"echo": {"kind": "Pod"}}
    with pytest.raises(NotFoundError, match="pods missing not found"):
        client.get("/missing")
    client.delete("/missing")


def test_a_cluster_that_is_away_is_named_with_its_context(tmp_path: Path) -> None:
    client = connect(write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1"), "other")
    with pytest.raises(AccessError, match=r"the cluster at http://127.0.0.1:1 can't be reached.*refused") as caught:
        client.get("/api")
    assert caught.value.hint.startswith("check context other")
    client.close()


@pytest.mark.parametrize("text", ["", "[]", "a: [", "{kind: Config, contexts: [], clusters: [], users: []}"])
def test_a_kubeconfig_that_makes_no_sense_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(UsageError, match="is not a usable kubeconfig"):
        connect(str(tmp_path / "config"), "")


def test_an_unknown_context_is_answered_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        connect(write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1"), "nope")
    assert caught.value.hint == "there are: lab, other"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessError), (403, ForbiddenError), (404, NotFoundError), (409, ConflictError), (500, OnectlError)],
)
def test_refusals_by_status(status: int, kind: type[OnectlError]) -> None:
    error = refusal(status, b'{"message": "because"}', "GET /x")
    assert type(error) is kind
    assert "because" in error.message
    assert "status 500" in refusal(500, b"<html>", "GET /x").message
