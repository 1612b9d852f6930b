"""One node: setup and agent as processes of their own, and a client that does what a container runtime does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from p2p.config.origins import Name, Origins

from tests.lab.stand_in import free_port

IMAGE = Path(__file__).parents[4] / "addons/ack-acr-acceleration-p2p/image"
ADDRESS = "127.0.0.4"
NAME = "test-registry.distributed.cn-hangzhou.cr.aliyuncs.com:65001"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def until(what: str, condition: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Node:
    directory: Path
    port: int
    metrics_port: int
    order_key: Ed25519PrivateKey
    environment: Mapping[str, str]

    @property
    def hosts_dir(self) -> Path:
        return self.directory / "etc/containerd/certs.d"

    @property
    def run_dir(self) -> Path:
        return self.directory / "run"

    @property
    def origins_file(self) -> Path:
        return self.directory / "origins.json"

    @contextmanager
    def role(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.directory / f"{words[0]}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "p2p", *words], env=self.environment, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def log(self, role: str) -> str:
        return (self.directory / f"{role}.log").read_text()

    def setup_says(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.run_dir / "setup.json").read_text())
        return found

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, ns: str = NAME) -> urllib3.BaseHTTPResponse:
        """A request at the door for the runtime, answered as a whole. A redirect is not followed."""
        with urllib3.PoolManager(ca_certs=str(self.run_dir / "ca.crt"), retries=False) as http:
            url = f"https://127.0.0.1:{self.port}{path}?ns={ns}"
            return http.request(method, url, headers=headers, redirect=False)

    def is_ready(self) -> bool:
        if not (self.run_dir / "ca.crt").exists():
            return False
        try:
            return self.ask("GET", "/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def metric(self, name: str) -> float:
        """A sample of the metrics port, by its name with labels."""
        with urllib.request.urlopen(f"http://{ADDRESS}:{self.metrics_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))


def make_node(directory: Path, origin: str, ca_file: Path, **more: str) -> Node:
    """Nothing is started yet. `more` are further variables of the environment."""
    port, metrics_port = free_port(), free_port()
    key = Ed25519PrivateKey.generate()
    for name in ("run", "store"):
        (directory / name).mkdir()
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    origins = Origins(port=port, names=(Name(NAME, origin),), order_keys=(public,))
    (directory / "origins.json").write_text(origins.to_json())
    environment = {
        "NODE_ADDRESS": ADDRESS,
        "P2P_PORT": str(port),
        "P2P_METRICS_PORT": str(metrics_port),
        "P2P_RATELIMIT": "",
        "P2P_CACHE_TTL": "24h",
        "P2P_CACHE_CAPACITY": "20Gi",
        "P2P_HOSTS_DIR": str(directory / "etc/containerd/certs.d"),
        "P2P_ORIGINS": str(directory / "origins.json"),
        "P2P_RUN_DIR": str(directory / "run"),
        "P2P_STORE_DIR": str(directory / "store"),
        "P2P_TOKEN_FILE": str(directory / "token"),
        "P2P_CA_FILE": str(ca_file),
    }
    (directory / "etc").mkdir()
    return Node(directory, port, metrics_port, key, {**os.environ, "PYTHONPATH": str(IMAGE), **environment, **more})


@contextmanager
def running(node: Node) -> Iterator[subprocess.Popen[bytes]]:
    """Setup and agent, ready; the agent's process."""
    with node.role("setup"), node.role("agent") as agent:
        until("the agent is ready", node.is_ready)
        yield agent


def stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(10)
