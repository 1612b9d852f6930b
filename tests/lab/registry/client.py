"""Pushing an OCI layout: a client of the distribution API that reaches a registry by its address, under any of its names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from tests.lab.shell import LabError


@dataclass(frozen=True)
class Door:
    """One name of the front at an address, with its own TLS name and Host."""

    address: tuple[str, int]
    name: str
    ca: Path

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | Iterator[bytes] | None = None
    ) -> urllib3.BaseHTTPResponse:
        with urllib3.HTTPSConnectionPool(
            *self.address, ca_certs=str(self.ca), server_hostname=self.name, assert_hostname=self.name, retries=False
        ) as pool:
            port = "" if self.address[1] == 443 else f":{self.address[1]}"
            return pool.request(method, path, body=body, headers={**headers, "Host": f"{self.name}{port}"})


def push_layout(layout: Path, address: tuple[str, int], domain: str, name: str, credential: tuple[str, str], ca: Path) -> None:
    """Push the one image of a layout as domain/name. Raises LabError with what the registry answered."""
    repository, _, tag = name.rpartition(":")
    door = Door(address, domain, ca)
    authorization = {"Authorization": f"Bearer {token(door, repository, credential)}"}
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = _content(layout, entry)
    body = json.loads(manifest)
    for descriptor in (body["config"], *body["layers"]):
        _push_blob(door, authorization, repository, descriptor, _content(layout, descriptor))
    headers = authorization | {"Content-Type": entry["mediaType"]}
    _expect(door.ask("PUT", f"/v2/{repository}/manifests/{tag}", headers, manifest), 201)


def token(door: Door, repository: str, credential: tuple[str, str]) -> str:
    """Follow the registry's challenge to its token server, which is at the same address."""
    challenge = _expect(door.ask("GET", "/v2/", {}), 401).headers["WWW-Authenticate"]
    words = dict(word.split("=", 1) for word in challenge.removeprefix("Bearer ").split(","))
    realm, service = (urlsplit(words["realm"].strip('"')), words["service"].strip('"'))
    server = Door(door.address, realm.hostname or "", door.ca)
    basic = urllib3.make_headers(basic_auth=":".join(credential))
    path = f"{realm.path}?service={quote(service)}&scope=repository:{repository}:pull,push"
    found: str = json.loads(_expect(server.ask("GET", path, basic), 200).data)["token"]
    return found


def _push_blob(
    door: Door, authorization: Mapping[str, str], repository: str, descriptor: Mapping[str, Any], content: bytes
) -> None:
    digest = descriptor["digest"]
    if door.ask("HEAD", f"/v2/{repository}/blobs/{digest}", authorization).status == 200:
        return
    upload = _expect(door.ask("POST", f"/v2/{repository}/blobs/uploads/", authorization), 202).headers["Location"]
    where = urlsplit(upload)
    path = f"{where.path}?{where.query}{'&' if where.query else ''}digest={digest}"
    headers = {**authorization, "Content-Type": "application/octet-stream"}
    _expect(door.ask("PUT", path, headers, content), 201)


def _content(layout: Path, descriptor: Mapping[str, Any]) -> bytes:
    algorithm, _, encoded = str(descriptor["digest"]).partition(":")
    return (layout / "blobs" / algorithm / encoded).read_bytes()


def _expect(answer: urllib3.BaseHTTPResponse, status: int) -> urllib3.BaseHTTPResponse:
    if answer.status != status:
        raise LabError(f"{answer.url}: {answer.status}, not {status}: {answer.data[:500]!r}")
    return answer
