"""The lab's registry: docker-registry with token authentication, and before it what makes it behave like ACR.

`start` runs two processes on the host "registry": docker-registry on loopback, and the front. The front is TLS under the names
of ACR, the token server, and an object storage to which blobs are redirected and which counts what it sends.

Users can be changed while it runs (`write_users`). Without a cluster: `tests.lab.stand_in`, and `loopback()` for the place.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from urllib3.exceptions import HTTPError

from tests.lab.pki import Authority
from tests.lab.registry.client import Door, push_layout
from tests.lab.registry.tokens import ISSUER
from tests.lab.shell import LabError, until
from tests.lab.stand_in import free_port

HOST = "registry"
USER, PASSWORD = "lab-user", "lab-password"
INTERNET, VPC = "test-registry.cn-hangzhou.cr.aliyuncs.com", "test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
PUBLIC = "registry.cn-hangzhou.aliyuncs.com"
SERVICE = "registry.aliyuncs.com:cn-hangzhou:26842"
PYTHONPATH = {"PYTHONPATH": str(Path(__file__).parents[3])}
# Whatever proxy the environment names: the lab's own doors are reached directly.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ALL = ["pull", "push"]
USERS = {USER: {"password": PASSWORD, "rights": {"*": ALL}}, "": {"rights": {"onectl/*": ["pull"]}}}


class Where(Protocol):
    """What the registry needs of the lab."""

    directory: Path

    @property
    def authority(self) -> Authority: ...

    def address(self, host: str) -> str: ...

    def add_names(self, names: Mapping[str, str]) -> None: ...

    def spawn(self, host: str, log: str, *argv: str | Path, env: Mapping[str, str] | None = None) -> int: ...


@dataclass(frozen=True)
class Place:
    """Under which names, and at which ports of its host, the registry is found. A name may be one of the host's addresses."""

    domains: Sequence[str] = (INTERNET, VPC, PUBLIC)
    token_host: str = "dockerauth.cn-hangzhou.aliyuncs.com"
    storage_host: str = "cri-test-registry.oss-cn-hangzhou.aliyuncs.com"
    port: int = 443
    counter_port: int = 8080
    upstream_port: int = 5000

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.domains, self.token_host, self.storage_host)

    def url(self, name: str) -> str:
        """How one of the names is reached."""
        return f"https://{name}{'' if self.port == 443 else f':{self.port}'}"


ACR = Place()


def loopback() -> Place:
    """Where clients that resolve no names reach it: the registry is 127.0.0.1, its token server and storage are others."""
    return Place(("127.0.0.1",), "127.0.0.2", "127.0.0.3", free_port(), free_port(), free_port())


def start(lab: Where, place: Place = ACR, life: int = 60) -> None:
    """Start it and wait until it answers. life: seconds for which a redirect's signed address is valid."""
    here, address = lab.directory / "registry", lab.address(HOST)
    addresses = {name for name in place.names if _is_address(name)} | {address}
    tls = lab.authority.issue(here / "tls", set(place.names) - addresses, addresses)
    signer = lab.authority.issue(here / "signer", [place.token_host])
    write_users(lab, USERS)
    (here / "docker-registry.json").write_text(json.dumps(_upstream(here / "data", place, signer.certificate)))
    lab.spawn(HOST, "docker-registry", "docker-registry", "serve", here / "docker-registry.json")
    settings = {
        "addresses": sorted(addresses), "port": place.port, "counterPort": place.counter_port, "upstream": place.upstream_port,
        "domains": place.domains, "tokenHost": place.token_host, "storageHost": place.storage_host, "service": SERVICE,
        "storageUrl": place.url(place.storage_host), "life": life, "root": str(here / "data"), "users": str(users_file(lab)),
        "tls": {"certificate": str(tls.certificate), "key": str(tls.key)},
        "signer": {"certificate": str(signer.certificate), "key": str(signer.key)},
    }  # fmt: skip
    (here / "front.json").write_text(json.dumps(settings))
    lab.spawn(HOST, "registry", sys.executable, "-m", "tests.lab.registry", here / "front.json", env=PYTHONPATH)
    lab.add_names(names(lab, place))
    until("the registry", lambda: _answers(lab, place), 30, 0.05)


def names(lab: Where, place: Place = ACR) -> dict[str, str]:
    """What the lab's nodes have to resolve."""
    return {name: lab.address(HOST) for name in place.names if not _is_address(name)}


def users_file(lab: Where) -> Path:
    """{user: {"password": …, "rights": {repository pattern: [actions]}}}; what is in it holds from the next token on."""
    return lab.directory / "registry/users.json"


def write_users(lab: Where, users: Mapping[str, object]) -> None:
    """Replace the users in one step: the token server may be reading."""
    fresh = users_file(lab).with_suffix(".new")
    fresh.write_text(json.dumps(users))
    fresh.replace(users_file(lab))


def push(lab: Where, layout: Path, domain: str, name: str, place: Place = ACR) -> None:
    """Push the image of an OCI layout as domain/name, e.g. team/app:1."""
    push_layout(layout, (lab.address(HOST), place.port), domain, name, (USER, PASSWORD), lab.authority.certificate)


def payload(lab: Where, place: Place = ACR) -> int:
    """The payload bytes that left the object storage since the last reset."""
    return sum(sent(lab, place).values())


def sent(lab: Where, place: Place = ACR) -> dict[str, int]:
    """The same by digest."""
    found: dict[str, int] = json.loads(_counter(lab, place, "GET", "/sent"))
    return found


def log(lab: Where, place: Place = ACR) -> list[dict[str, str]]:
    """The requests that the object storage granted since then: {peer, digest, range}."""
    found: list[dict[str, str]] = json.loads(_counter(lab, place, "GET", "/log"))
    return found


def reset(lab: Where, place: Place = ACR) -> None:
    """Begin to count anew."""
    _counter(lab, place, "POST", "/reset")


def _counter(lab: Where, place: Place, method: str, path: str) -> bytes:
    request = urllib.request.Request(f"http://{lab.address(HOST)}:{place.counter_port}{path}", method=method)
    with DIRECT.open(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def _upstream(data: Path, place: Place, trusted: Path) -> dict[str, object]:
    token = {
        "realm": f"{place.url(place.token_host)}/auth",
        "service": SERVICE,
        "issuer": ISSUER,
        "rootcertbundle": str(trusted),
    }
    return {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(data)}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{place.upstream_port}", "relativeurls": True},
        "auth": {"token": token},
    }


def _answers(lab: Where, place: Place) -> bool:
    """Whether front and docker-registry both do: 401 is the registry's answer to a stranger."""
    try:
        door = Door((lab.address(HOST), place.port), place.domains[0], lab.authority.certificate)
        return door.ask("GET", "/v2/", {}).status == HTTPStatus.UNAUTHORIZED
    except HTTPError as why:
        raise LabError(f"{lab.address(HOST)}:{place.port}: {why}") from why


def _is_address(name: str) -> bool:
    return name.replace(".", "").isdecimal()
