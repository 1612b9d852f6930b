"""What a container runtime sees when it may not have something, or when it can't be had."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from p2p.store.pieces import SMALLEST

from tests.integration.p2p.agent.conftest import Origin, Pushed, fetch, resolve
from tests.integration.p2p.agent.node import NAME, Node, make_node, running, until
from tests.lab import registry

MIB = 1 << 20


@pytest.fixture
def held(started: Node, origin: Origin) -> Pushed:
    """An image whose blobs this node holds, as somebody was let have them."""
    image = origin.push(1, MIB)
    resolve(started, image, origin.bearer())
    until("the layer is there", lambda: started.metric("p2p_layers_complete") == 1)
    return image


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer wrong"}], ids=["none", "wrong"])
def test_without_a_good_credential_the_answer_is_the_origins_own_challenge(
    started: Node, origin: Origin, held: Pushed, authorization: dict[str, str]
) -> None:
    for path in (held.manifest_path(held.tag), held.manifest_path(held.manifest), held.blob_path()):
        for method in ("GET", "HEAD"):
            answer = started.ask(method, path, authorization)
            assert answer.status == 401
            assert origin.place.url("127.0.0.2") in answer.headers["WWW-Authenticate"]
    assert started.ask("GET", "/v2/", authorization).status == 401
    assert started.metric('p2p_sent_bytes_total{to="runtime"}') == 0


def test_a_credential_for_one_repository_opens_no_other(started: Node, origin: Origin, held: Pushed) -> None:
    registry.write_users(origin.lab, {**registry.USERS, "other": {"password": "word", "rights": {"other/*": ["pull"]}}})
    stranger = origin.bearer("other/app", ("other", "word"))
    assert started.ask("GET", held.blob_path(), stranger).status == 401
    assert started.ask("GET", held.manifest_path(held.manifest), stranger).status == 401
    assert started.ask("GET", f"/v2/other/app/blobs/{held.layers[0]}", stranger).status == 404
    assert started.metric('p2p_sent_bytes_total{to="runtime"}') == 0


def test_a_blob_that_another_repository_lists_too_is_the_origins_to_decide(started: Node, origin: Origin, held: Pushed) -> None:
    """The same layers pushed elsewhere: certain for neither, so a question at the origin precedes each answer, once."""
    bearer = origin.bearer("team/copy")
    copy = origin.push(1, MIB, "team/copy", seed=int(held.tag))
    assert copy.layers == held.layers
    resolve(started, copy, bearer)
    assert fetch(started, copy.blob_path(), bearer).data == fetch(started, held.blob_path(), origin.bearer()).data


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/team/app/blobs/uploads/", 405),
        ("DELETE", "/v2/team/app/manifests/1", 405),
        ("GET", "/v2/team/app/tags/list", 404),
        ("GET", "/v2/_catalog", 404),
        ("GET", "/v2/team/app/blobs/1", 404),
        ("GET", "/v2/Team/app/manifests/1", 404),
        ("GET", "/v2/team/app/manifests/not-there", 404),
        ("GET", f"/v2/team/app/blobs/sha256:{'0' * 64}", 404),
        ("GET", "/", 404),
    ],
)
def test_there_is_nothing_but_manifests_and_blobs(started: Node, origin: Origin, method: str, path: str, status: int) -> None:
    assert started.ask(method, path, origin.bearer()).status == status


def test_an_unknown_name_is_no_open_proxy(started: Node, origin: Origin, held: Pushed) -> None:
    for name in ("", "registry.example.com:65001", NAME.upper(), origin.url):
        assert started.ask("GET", held.manifest_path(held.tag), origin.bearer(), ns=name).status == 404


def test_with_the_origin_away_the_runtime_is_sent_on_within_two_seconds(tmp_path: Path, origin: Origin) -> None:
    node = make_node(tmp_path, "https://127.0.0.9:9", origin.ca_file)
    with running(node):
        assert node.ask("GET", "/v2/team/app/manifests/1", origin.bearer()).status == 503


@pytest.mark.parametrize(("size", "most"), [(MIB, 0), (33 * MIB, 33 * MIB - SMALLEST)])
def test_wrong_bytes_from_the_origin_are_cut_by_fin_before_the_last_piece(
    started: Node, origin: Origin, size: int, most: int
) -> None:
    image, bearer = origin.push(1, size), origin.bearer()
    with origin.stored(image.layers[0]).open("r+b") as file:
        file.seek(size // 2)
        file.write(b"changed")
    resolve(started, image, bearer)
    where = urlsplit(started.ask("GET", image.blob_path(), bearer).headers["Location"])
    connection = http.client.HTTPConnection("127.0.0.2", started.port)
    connection.request("GET", where.path)
    answer = connection.getresponse()
    # A reset would be a ConnectionResetError here.
    with pytest.raises(http.client.IncompleteRead) as cut:
        answer.read()
    connection.close()
    assert len(cut.value.partial) <= most
    resumed = started.ask("GET", image.blob_path(), bearer | {"Range": f"bytes={len(cut.value.partial)}-"})
    assert resumed.status == 503
