"""The lab's registry on loopback: a real docker-registry behind the front."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.lab import images, registry
from tests.lab.registry.client import Door, token
from tests.lab.shell import LabError, until
from tests.lab.stand_in import StandIn, free_port, stand_in

SIZE, REPOSITORY = 1 << 20, "team/app"


@dataclass(frozen=True)
class Pushed:
    """A registry under ACR's names that holds team/app:1, an image of one layer."""

    lab: StandIn
    place: registry.Place
    layer: str

    def door(self, name: str) -> Door:
        return Door(("127.0.0.1", self.place.port), name, self.lab.authority.certificate)

    def bearer(self, repository: str, user: str = registry.USER, password: str = registry.PASSWORD) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.door(registry.VPC), repository, (user, password))}"}

    def get(self, path: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        return self.door(registry.VPC).ask("GET", path, headers)

    @property
    def blob(self) -> str:
        return f"/v2/{REPOSITORY}/blobs/{self.layer}"

    def signed(self) -> str:
        """A fresh signed path at the object storage for the layer."""
        answer = self.get(self.blob, self.bearer(REPOSITORY))
        assert answer.status == 307
        where = urlsplit(answer.headers["Location"])
        assert (where.hostname, where.port) == (self.place.storage_host, self.place.port)
        return f"{where.path}?{where.query}"

    def fetch(self, path: str, method: str = "GET", **headers: str) -> urllib3.BaseHTTPResponse:
        return self.door(self.place.storage_host).ask(method, path, headers)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return images.random_image(tmp_path_factory.mktemp("image") / "layout", 1, SIZE, seed=1)


def layer_of(layout: Path) -> str:
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
    digest: str = manifest["layers"][0]["digest"]
    return digest


@pytest.fixture(scope="module")
def pushed(layout: Path) -> Iterator[Pushed]:
    with stand_in() as lab:
        place = registry.Place(port=free_port(), counter_port=free_port(), upstream_port=free_port())
        registry.start(lab, place, life=2)
        registry.push(lab, layout, registry.INTERNET, f"{REPOSITORY}:1", place)
        yield Pushed(lab, place, layer_of(layout))


def test_a_blob_is_answered_by_a_redirect_whose_payload_is_counted(pushed: Pushed) -> None:
    registry.reset(pushed.lab, pushed.place)
    path = pushed.signed()
    body = pushed.fetch(path)
    part = pushed.fetch(path, Range="bytes=10-19")
    assert "sha256:" + hashlib.sha256(body.data).hexdigest() == pushed.layer
    assert (part.status, part.data, part.headers["Content-Range"]) == (206, body.data[10:20], f"bytes 10-19/{SIZE}")
    assert registry.sent(pushed.lab, pushed.place) == {pushed.layer: SIZE + 10}
    assert [entry["range"] for entry in registry.log(pushed.lab, pushed.place)] == ["", "bytes=10-19"]


def test_a_range_past_the_end_carries_nothing(pushed: Pushed) -> None:
    path = pushed.signed()
    registry.reset(pushed.lab, pushed.place)
    answer = pushed.fetch(path, Range=f"bytes={SIZE}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{SIZE}")
    assert registry.payload(pushed.lab, pushed.place) == 0


def test_a_signed_address_is_for_one_method_and_can_not_be_changed(pushed: Pushed) -> None:
    path = pushed.signed()
    assert pushed.fetch(path, method="HEAD").status == 403
    later = pushed.fetch(path.replace("Expires=", "Expires=9"))
    assert (later.status, b"<Code>SignatureDoesNotMatch</Code>" in later.data) == (403, True)


def test_a_signed_address_expires(pushed: Pushed) -> None:
    """After the two seconds that the fixture gives it."""
    path, asked = pushed.signed(), time.monotonic()
    until("expired", lambda: pushed.fetch(path, Range="bytes=0-0").status == 403, 10)
    assert b"Request has expired" in pushed.fetch(path).data
    assert time.monotonic() - asked >= 1


def test_a_credential_must_not_reach_the_storage(pushed: Pushed) -> None:
    assert pushed.fetch(pushed.signed(), Authorization="Bearer x").status == 400


def test_a_head_of_a_blob_is_answered_by_the_registry_itself(pushed: Pushed) -> None:
    answer = pushed.door(registry.VPC).ask("HEAD", pushed.blob, pushed.bearer(REPOSITORY))
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(SIZE))


@pytest.mark.parametrize("repository", ["team/other", "team"])
def test_a_token_for_another_repository_is_refused(pushed: Pushed, repository: str) -> None:
    assert pushed.get(pushed.blob, pushed.bearer(repository)).status == 401


def test_a_blob_of_another_repository_is_not_found(pushed: Pushed) -> None:
    path = f"/v2/team/other/blobs/{pushed.layer}"
    assert pushed.get(path, pushed.bearer("team/other")).status == 404


def test_without_a_token_the_challenge_names_the_token_server(pushed: Pushed) -> None:
    answer = pushed.get(f"/v2/{REPOSITORY}/manifests/1", {})
    assert answer.status == 401
    words = answer.headers["WWW-Authenticate"]
    assert words.startswith(f'Bearer realm="{pushed.place.url(pushed.place.token_host)}/auth",service="{registry.SERVICE}"')
    assert f'scope="repository:{REPOSITORY}:pull"' in words


def test_a_wrong_password_gets_no_token(pushed: Pushed) -> None:
    with pytest.raises(LabError, match="401"):
        pushed.bearer(REPOSITORY, password="wrong")


def test_a_post_for_a_token_makes_clients_turn_to_get(pushed: Pushed) -> None:
    """With a form as containerd sends it; an anonymous token instead would fail every private pull."""
    form = f"grant_type=password&service={registry.SERVICE}&username=u&password=p".encode()
    door = pushed.door(pushed.place.token_host)
    assert door.ask("POST", "/auth", {"Content-Type": "application/x-www-form-urlencoded"}, form).status == 405


def test_a_user_is_revoked_while_it_runs(pushed: Pushed) -> None:
    guest = {"password": "p", "rights": {"team/*": ["pull"]}}
    registry.write_users(pushed.lab, registry.USERS | {"guest": guest})
    assert pushed.get(pushed.blob, pushed.bearer(REPOSITORY, "guest", "p")).status == 307
    registry.write_users(pushed.lab, registry.USERS | {"guest": guest | {"rights": {}}})
    assert pushed.get(pushed.blob, pushed.bearer(REPOSITORY, "guest", "p")).status == 401
    registry.write_users(pushed.lab, registry.USERS)
    with pytest.raises(LabError, match="401"):
        pushed.bearer(REPOSITORY, "guest", "p")


def test_anybody_may_pull_what_is_public_but_not_push(pushed: Pushed) -> None:
    query = f"/auth?service={registry.SERVICE}&scope=repository:onectl/app:pull,push"
    answer = pushed.door(pushed.place.token_host).ask("GET", query, {})
    headers = {"Authorization": f"Bearer {json.loads(answer.data)['token']}"}
    door = pushed.door(registry.PUBLIC)
    assert door.ask("GET", "/v2/onectl/app/manifests/1", headers).status == 404
    assert door.ask("POST", "/v2/onectl/app/blobs/uploads/", headers).status == 401


def test_an_upload_in_chunks_of_unknown_length_arrives(pushed: Pushed) -> None:
    """As docker and buildah push."""
    content = [b"a" * 70_000, b"b" * 70_000]
    digest = "sha256:" + hashlib.sha256(b"".join(content)).hexdigest()
    door, headers = pushed.door(registry.VPC), pushed.bearer(REPOSITORY)
    where = urlsplit(door.ask("POST", f"/v2/{REPOSITORY}/blobs/uploads/", headers).headers["Location"])
    patched = door.ask("PATCH", f"{where.path}?{where.query}", headers, iter(content))
    assert patched.status == 202
    where = urlsplit(patched.headers["Location"])
    assert door.ask("PUT", f"{where.path}?{where.query}&digest={digest}", headers).status == 201
    assert door.ask("HEAD", f"/v2/{REPOSITORY}/blobs/{digest}", headers).headers["Content-Length"] == "140000"


def test_an_unknown_host_is_misdirected(pushed: Pushed) -> None:
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", pushed.place.port, ca_certs=str(pushed.lab.authority.certificate))
    with pool:
        assert pool.request("GET", "/v2/", headers={"Host": "example.com"}).status == 421


def test_clients_that_resolve_no_names_follow_it_on_loopback(layout: Path) -> None:
    """Challenge, token server and redirect all lead to addresses."""
    with stand_in() as lab:
        place = registry.loopback()
        registry.start(lab, place)
        registry.push(lab, layout, "127.0.0.1", f"{REPOSITORY}:1", place)
        with urllib3.PoolManager(ca_certs=str(lab.authority.certificate)) as http:
            basic = urllib3.make_headers(basic_auth=f"{registry.USER}:{registry.PASSWORD}")
            query = f"service={registry.SERVICE}&scope=repository:{REPOSITORY}:pull"
            bearer = json.loads(http.request("GET", f"{place.url(place.token_host)}/auth?{query}", headers=basic).data)["token"]
            url = f"{place.url('127.0.0.1')}/v2/{REPOSITORY}/blobs/{layer_of(layout)}"
            body = http.request("GET", url, headers={"Authorization": f"Bearer {bearer}"}).data
        assert "sha256:" + hashlib.sha256(body).hexdigest() == layer_of(layout)
