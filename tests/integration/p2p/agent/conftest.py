"""A registry that behaves like ACR, and a node that pulls from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import urllib3

from tests.integration.p2p.agent.node import MANIFEST, Node, make_node, running
from tests.lab import images, registry
from tests.lab.registry.client import Door, token
from tests.lab.stand_in import StandIn, stand_in

REPOSITORY = "team/app"


@dataclass(frozen=True)
class Origin:
    lab: StandIn
    place: registry.Place
    directory: Path
    seeds: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    @property
    def url(self) -> str:
        return self.place.url("127.0.0.1")

    @property
    def ca_file(self) -> Path:
        return self.lab.authority.certificate

    def push(self, layers: int, size: int, repository: str = REPOSITORY, seed: int = 0) -> Pushed:
        """An image of random bytes, new ones unless a seed is given; its tag is the seed."""
        seed = seed or next(self.seeds)
        layout = images.random_image(self.directory / f"{repository}/{seed}", layers, size, seed)
        name = f"{repository}:{seed}"
        registry.push(self.lab, layout, "127.0.0.1", name, self.place)
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        manifest = json.loads((layout / "blobs" / entry["digest"].replace(":", "/")).read_text())
        return Pushed(repository, str(seed), entry["digest"], [layer["digest"] for layer in manifest["layers"]])

    def bearer(
        self, repository: str = REPOSITORY, credential: tuple[str, str] = (registry.USER, registry.PASSWORD)
    ) -> dict[str, str]:
        door = Door(("127.0.0.1", self.place.port), "127.0.0.1", self.ca_file)
        return {"Authorization": f"Bearer {token(door, repository, credential)}"}

    def stored(self, digest: str) -> Path:
        """The file that the object storage gives out for a blob."""
        return self.lab.directory / f"registry/data/docker/registry/v2/blobs/sha256/{digest[7:9]}/{digest[7:]}/data"

    def payload(self) -> int:
        return registry.payload(self.lab, self.place)


@dataclass(frozen=True)
class Pushed:
    repository: str
    tag: str
    manifest: str
    layers: list[str]

    def manifest_path(self, reference: str) -> str:
        return f"/v2/{self.repository}/manifests/{reference}"

    def blob_path(self, number: int = 0) -> str:
        return f"/v2/{self.repository}/blobs/{self.layers[number]}"


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    with stand_in() as lab:
        place = registry.loopback()
        registry.start(lab, place)
        yield Origin(lab, place, tmp_path_factory.mktemp("layouts"))


@pytest.fixture
def node(tmp_path: Path, origin: Origin) -> Node:
    """Not started."""
    return make_node(tmp_path, origin.url, origin.ca_file)


@pytest.fixture
def started(node: Node) -> Iterator[Node]:
    with running(node):
        yield node


def resolve(node: Node, image: Pushed, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    """The manifest, as a runtime gets it: HEAD by tag, GET by the digest that this told."""
    accept = {**headers, "Accept": MANIFEST}
    head = node.ask("HEAD", image.manifest_path(image.tag), accept)
    assert (head.status, head.headers["Docker-Content-Digest"]) == (200, image.manifest)
    answer = node.ask("GET", image.manifest_path(image.manifest), accept)
    assert answer.status == 200
    assert f"sha256:{hashlib.sha256(answer.data).hexdigest()}" == image.manifest
    assert head.headers["Content-Length"] == str(len(answer.data))
    assert head.headers["Content-Type"] == answer.headers["Content-Type"] == MANIFEST
    return answer


def fetch(node: Node, path: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
    """A blob, whose redirect is followed without the credential. The body is still to be read."""
    answer = node.ask("GET", path, headers)
    assert answer.status == 307, answer.data
    location = answer.headers["Location"]
    assert location.startswith(f"http://127.0.0.2:{node.port}/b/")
    kept = {name: value for name, value in headers.items() if name != "Authorization"}
    return urllib3.request("GET", location, headers=kept, retries=False, preload_content=False)
