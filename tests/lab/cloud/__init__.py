"""The lab's cloud: RAM and CR for the real SDKs, behind TLS with the lab's CA, on the host "cloud".

From the start there are three users: the operator, who may do everything in RAM and nothing in CR; a stranger, who may nothing;
and the one that somebody made in the console, with the document's policy (the console path).

How the SDKs are led here (tea-openapi 0.4, darabonba 1.0; `tests/integration/cloud` holds it):
- `Config(endpoint=…)` takes "host" or "host:port"; the region is then not needed.
- `Config(ca=FILE)`, or `ca` of a call's RuntimeOptions, names a PEM file; so does SSL_CERT_FILE in the environment, while
  REQUESTS_CA_BUNDLE is not looked at. `ca` adds to certifi's and the system's CAs, which go on being trusted. Connections to an
  endpoint are kept for the life of the process, and with them the CA of the first call.
- HTTPS_PROXY is used even for 127.0.0.1, whatever NO_PROXY says: unset it.
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab.cloud.policy import document
from tests.lab.shell import LabError, until

if TYPE_CHECKING:
    from tests.lab.registry import Where

HOST, PORT, CALLS_PORT = "cloud", 443, 8080
REGION = "cn-hangzhou"
NAMES = ("ram.aliyuncs.com", f"cr.{REGION}.aliyuncs.com")
PYTHONPATH = {"PYTHONPATH": str(Path(__file__).parents[3])}
ASKS_CR = document("cr:ListInstanceEndpoint", "cr:GetInstanceVpcEndpoint")
OPERATORS = ["AliyunCSFullAccess", "AliyunRAMFullAccess", "AliyunVPCReadOnlyAccess"]
# Whatever proxy the environment names: the lab's own doors are reached directly.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
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
    users = [_user(OPERATOR, system=OPERATORS), _user(STRANGER), _user(CONSOLE, document=ASKS_CR)]
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


def calls(lab: Where, calls_port: int = CALLS_PORT) -> list[dict[str, Any]]:
    """What was received, in order: {action, key, status, code}."""
    with DIRECT.open(f"http://{lab.address(HOST)}:{calls_port}/_calls", timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
        return found


def actions(lab: Where, calls_port: int = CALLS_PORT) -> list[str]:
    """The names of the operations that were called, in order."""
    return [call["action"] for call in calls(lab, calls_port)]


def _user(key: LabKey, system: Sequence[str] = (), document: str = "") -> dict[str, object]:
    return {"name": key.owner, "keyId": key.id, "keySecret": key.secret, "system": system, "document": document}


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1).close()
    except OSError as why:
        raise LabError(f"{address}:{port}: {why}") from why
    return True
