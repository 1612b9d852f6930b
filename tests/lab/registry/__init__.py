"""The lab's registry: docker-registry with token authentication, and before it what makes it behave like ACR.

`start` runs two processes on the host "registry": docker-registry on loopback, and the front (TLS under the names of ACR, blobs by
redirect to an object storage that counts, the token server). Users may be changed while it runs: `users_file`.
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.lab.pki import Authority
from tests.lab.registry.client import push_layout
from tests.lab.shell import LabError, until

HOST = "registry"
USER, PASSWORD = "lab-user", "lab-password"
INTERNET, VPC = "test-registry.cn-hangzhou.cr.aliyuncs.com", "test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"
PUBLIC = "registry.cn-hangzhou.aliyuncs.com"
DOMAINS = (INTERNET, VPC, PUBLIC)
TOKEN_HOST, STORAGE_HOST = "dockerauth.cn-hangzhou.aliyuncs.com", "cri-test-registry.oss-cn-hangzhou.aliyuncs.com"
SERVICE = "registry.aliyuncs.com:cn-hangzhou:26842"
PORT, COUNTER_PORT, UPSTREAM_PORT = 443, 8080, 5000
PYTHONPATH = {"PYTHONPATH": str(Path(__file__).parents[3])}
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
class Ports:
    """Where the registry listens: other ports than the lab's for tests without a cluster."""

    front: int = PORT
    counter: int = COUNTER_PORT
    upstream: int = UPSTREAM_PORT


ACR = Ports()


def start(lab: Where, ports: Ports = ACR, life: int = 60) -> None:
    """Start it and wait until it answers. life: seconds for which a redirect's signed address is valid."""
    here = lab.directory / "registry"
    names = (*DOMAINS, TOKEN_HOST, STORAGE_HOST)
    tls = lab.authority.issue(here / "tls", names, [lab.address(HOST)])
    signer = lab.authority.issue(here / "signer", [TOKEN_HOST])
    users_file(lab).write_text(json.dumps(USERS))
    realm = f"https://{TOKEN_HOST}{'' if ports.front == PORT else f':{ports.front}'}/auth"
    (here / "docker-registry.json").write_text(json.dumps(_upstream(here / "data", realm, ports, signer.certificate)))
    lab.spawn(HOST, "docker-registry", "docker-registry", "serve", here / "docker-registry.json")
    settings = {
        "address": lab.address(HOST), "port": ports.front, "counterPort": ports.counter, "upstream": ports.upstream,
        "domains": DOMAINS, "tokenHost": TOKEN_HOST, "storageHost": STORAGE_HOST, "service": SERVICE, "life": life,
        "root": str(here / "data"), "users": str(users_file(lab)),
        "tls": {"certificate": str(tls.certificate), "key": str(tls.key)},
        "signer": {"certificate": str(signer.certificate), "key": str(signer.key)},
    }  # fmt: skip
    (here / "front.json").write_text(json.dumps(settings))
    lab.spawn(HOST, "registry", sys.executable, "-m", "tests.lab.registry", here / "front.json", env=PYTHONPATH)
    lab.add_names(dict.fromkeys(names, lab.address(HOST)))
    until("the registry's front", lambda: _listens(lab.address(HOST), ports.front), 30, 0.05)


def users_file(lab: Where) -> Path:
    """{user: {"password": …, "rights": {repository pattern: [actions]}}}; what is written here holds from the next request on."""
    return lab.directory / "registry/users.json"


def push(lab: Where, layout: Path, domain: str, name: str, ports: Ports = ACR) -> None:
    """Push the image of an OCI layout as domain/name, e.g. team/app:1."""
    push_layout(layout, (lab.address(HOST), ports.front), domain, name, (USER, PASSWORD), lab.authority.certificate)


def payload(lab: Where, ports: Ports = ACR) -> int:
    """The payload bytes that left the object storage since the last reset."""
    return sum(sent(lab, ports).values())


def sent(lab: Where, ports: Ports = ACR) -> dict[str, int]:
    """The same by digest."""
    with urllib.request.urlopen(_counter(lab, ports) + "/sent", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def reset(lab: Where, ports: Ports = ACR) -> None:
    with urllib.request.urlopen(urllib.request.Request(_counter(lab, ports) + "/reset", method="POST"), timeout=10):
        pass


def _counter(lab: Where, ports: Ports) -> str:
    return f"http://{lab.address(HOST)}:{ports.counter}"


def _upstream(data: Path, realm: str, ports: Ports, trusted: Path) -> dict[str, object]:
    token = {"realm": realm, "service": SERVICE, "issuer": TOKEN_HOST, "rootcertbundle": str(trusted)}
    return {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(data)}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{ports.upstream}", "relativeurls": True},
        "auth": {"token": token},
    }


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1).close()
    except OSError as why:
        raise LabError(f"{address}:{port}: {why}") from why
    return True
