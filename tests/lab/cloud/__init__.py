"""The lab's cloud: RAM and CR for the real SDKs, behind TLS with the lab's CA, on the host "cloud".

From the start there are three users: the operator, who may do everything; a stranger, who may nothing; and the one that somebody
made in the console, with the document's policy (the console path). A client reaches it by its address as endpoint.
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.shell import LabError, until

if TYPE_CHECKING:
    from tests.lab.registry import Where

HOST, PORT, CALLS_PORT = "cloud", 443, 8080
REGION = "cn-hangzhou"
NAMES = ("ram.aliyuncs.com", f"cr.{REGION}.aliyuncs.com")
PYTHONPATH = {"PYTHONPATH": str(Path(__file__).parents[3])}
POLICY = ('{"Version":"1","Statement":[{"Action":["cr:ListInstanceEndpoint","cr:GetInstanceVpcEndpoint"],"Resource":"*",'
          '"Effect":"Allow"}]}')  # fmt: skip
INSTANCES = [
    {
        "id": "cri-test",
        "region": REGION,
        "internet": ["test-registry.cn-hangzhou.cr.aliyuncs.com"],
        "vpc": ["test-registry-vpc.cn-hangzhou.cr.aliyuncs.com"],
        "custom": [],
    }
]


@dataclass(frozen=True)
class LabKey:
    """A key that the lab's cloud knows from the start. Its secret is worth nothing anywhere else."""

    owner: str
    id: str
    secret: str

    def environment(self) -> dict[str, str]:
        """Where the SDK's default chain looks first."""
        return {"ALIBABA_CLOUD_ACCESS_KEY_ID": self.id, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.secret}


OPERATOR = LabKey("operator", "LTAI5tLabOperator00000OP", "lab-operator-secret-0000000000")
STRANGER = LabKey("stranger", "LTAI5tLabStranger00000ST", "lab-stranger-secret-0000000000")
CONSOLE = LabKey("console-user", "LTAI5tLabConsole000000CO", "lab-console-secret-00000000000")


def start(lab: Where, port: int = PORT, calls_port: int = CALLS_PORT) -> None:
    """Start it and wait until it answers."""
    here = lab.directory / "cloud"
    tls = lab.authority.issue(here / "tls", NAMES, [lab.address(HOST)])
    rights = {OPERATOR: "*", STRANGER: "", CONSOLE: POLICY}
    users = [{"name": k.owner, "keyId": k.id, "keySecret": k.secret, "policy": policy} for k, policy in rights.items()]
    settings = {
        "address": lab.address(HOST), "port": port, "callsPort": calls_port, "names": NAMES, "instances": INSTANCES,
        "users": users, "tls": {"certificate": str(tls.certificate), "key": str(tls.key)},
    }  # fmt: skip
    (here / "cloud.json").write_text(json.dumps(settings))
    lab.spawn(HOST, "cloud", sys.executable, "-m", "tests.lab.cloud", here / "cloud.json", env=PYTHONPATH)
    lab.add_names(dict.fromkeys(NAMES, lab.address(HOST)))
    until("the cloud", lambda: _listens(lab.address(HOST), port), 30, 0.05)


def endpoints(lab: Where, port: int = PORT) -> dict[str, str]:
    """What to write into onectl's configuration."""
    where = lab.address(HOST) if port == 443 else f"{lab.address(HOST)}:{port}"
    return {"ram": where, "cr": where}


def actions(lab: Where, calls_port: int = CALLS_PORT) -> list[str]:
    """The names of the operations that were called, in order."""
    with urllib.request.urlopen(f"http://{lab.address(HOST)}:{calls_port}/calls", timeout=10) as answer:
        return [call["action"] for call in json.load(answer)]


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1).close()
    except OSError as why:
        raise LabError(f"{address}:{port}: {why}") from why
    return True
