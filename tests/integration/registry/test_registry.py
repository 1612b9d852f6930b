"""The lab's registry on loopback: a real docker-registry behind the front."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.lab import images, registry
from tests.lab.registry.client import Door, token
from tests.lab.shell import LabError
from tests.lab.stand_in import StandIn, free_port, stand_in


@dataclass(frozen=True)
class Pushed:
    lab: StandIn
    ports: registry.Ports
    layer: dict[str, str]
    size: int

    def door(self, name: str) -> Door:
        return Door(("127.0.0.1", self.ports.front), name, self.lab.authority.certificate)

    def bearer(self, repository: str, user: str = registry.USER, password: str = registry.PASSWORD) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.door(registry.VPC), repository, (user, password))}"}

    def get(self, path: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        return self.door(registry.VPC).ask("GET", path, headers)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    with stand_in() as lab:
        ports = registry.Ports(free_port(), free_port(), free_port())
        registry.start(lab, ports, life=2)
        layout = images.random_image(tmp_path_factory.mktemp("image") / "layout", 1, 1 << 20, seed=1)
        registry.push(lab, layout, registry.INTERNET, "team/app:1", ports)
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
        yield Pushed(lab, ports, manifest["layers"][0], 1 << 20)


def blob_path(pushed: Pushed) -> str:
    return f"/v2/team/app/blobs/{pushed.layer['digest']}"


def test_a_blob_is_answered_by_a_redirect_whose_payload_is_counted(pushed: Pushed) -> None:
    registry.reset(pushed.lab, pushed.ports)
    answer = pushed.get(blob_path(pushed), pushed.bearer("team/app"))
    where = urlsplit(answer.headers["Location"])
    assert (answer.status, where.hostname) == (307, registry.STORAGE_HOST)
    storage = pushed.door(registry.STORAGE_HOST)
    body = storage.ask("GET", f"{where.path}?{where.query}", {})
    assert "sha256:" + hashlib.sha256(body.data).hexdigest() == pushed.layer["digest"]
    part = storage.ask("GET", f"{where.path}?{where.query}", {"Range": "bytes=10-19"})
    assert (part.status, part.data) == (206, body.data[10:20])
    assert registry.sent(pushed.lab, pushed.ports) == {pushed.layer["digest"]: pushed.size + 10}


def test_a_signed_address_can_not_be_changed(pushed: Pushed) -> None:
    where = urlsplit(pushed.get(blob_path(pushed), pushed.bearer("team/app")).headers["Location"])
    later = where.query.replace("Expires=", "Expires=9")
    assert pushed.door(registry.STORAGE_HOST).ask("GET", f"{where.path}?{later}", {}).status == 403


@pytest.mark.parametrize("repository", ["team/other", "team"])
def test_a_token_for_another_repository_is_refused(pushed: Pushed, repository: str) -> None:
    assert pushed.get(blob_path(pushed), pushed.bearer(repository)).status == 401


def test_without_a_token_the_challenge_names_the_token_server(pushed: Pushed) -> None:
    answer = pushed.get("/v2/team/app/manifests/1", {})
    assert answer.status == 401
    assert f'realm="https://{registry.TOKEN_HOST}' in answer.headers["WWW-Authenticate"]
    assert 'scope="repository:team/app:pull"' in answer.headers["WWW-Authenticate"]


def test_a_wrong_password_gets_no_token(pushed: Pushed) -> None:
    with pytest.raises(LabError, match="401"):
        pushed.bearer("team/app", password="wrong")


def test_a_user_who_loses_a_right_gets_a_token_without_it(pushed: Pushed) -> None:
    users = json.loads(registry.users_file(pushed.lab).read_text())
    registry.users_file(pushed.lab).write_text(json.dumps(users | {"guest": {"password": "p", "rights": {}}}))
    assert pushed.get(blob_path(pushed), pushed.bearer("team/app", "guest", "p")).status == 401


def test_anybody_may_pull_what_is_public(pushed: Pushed, tmp_path: object) -> None:
    door = pushed.door(registry.PUBLIC)
    query = f"/auth?service={registry.SERVICE}&scope=repository:onectl/app:pull,push"
    answer = pushed.door(registry.TOKEN_HOST).ask("GET", query, {})
    headers = {"Authorization": f"Bearer {json.loads(answer.data)['token']}"}
    assert door.ask("GET", "/v2/onectl/app/manifests/1", headers).status == 404
    assert door.ask("POST", "/v2/onectl/app/blobs/uploads/", headers).status == 401
