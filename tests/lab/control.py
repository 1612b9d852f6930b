"""The control plane: etcd, API server, controller manager, scheduler and CoreDNS, in one network namespace."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab import network, products
from tests.lab.shell import LabError, run, until

API = f"https://{network.ADDRESSES[network.CONTROL]}:6443"
ETCD = "http://127.0.0.1:2379"
MOST_NODES = 64


@dataclass(frozen=True)
class User:
    name: str
    group: str = ""

    @property
    def token(self) -> str:
        """Not secret: the API server listens on the lab's own network only."""
        return "token-" + self.name.replace(":", "-")


ADMIN = User("admin", "system:masters")
NOBODY = User("nobody")  # authenticated, but allowed nothing: for tests of missing rights
MANAGER = User("system:kube-controller-manager")
SCHEDULER = User("system:kube-scheduler")
PROXY = User("system:kube-proxy")
DNS = User("coredns", "system:masters")  # it only reads; a role of its own would have to be made first


def kubelet_user(name: str) -> User:
    return User(f"system:node:{name}", "system:nodes")


@dataclass(frozen=True)
class Control:
    """directory: where all of it keeps its state. spawn(log, *argv) starts a program on the control plane's host."""

    directory: Path
    spawn: Callable[..., int]

    @property
    def admin(self) -> Path:
        return self.directory / "admin.conf"

    @property
    def names(self) -> Path:
        """The names that the lab gives, as /etc/hosts has them; CoreDNS reads the file again every second."""
        return self.directory / "names"

    def kubeconfig(self, user: User) -> str:
        """JSON is YAML. The API server's own certificate, which it makes at its first start, is also its CA."""
        ca = base64.b64encode((self.directory / "pki/apiserver.crt").read_bytes()).decode()
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "lab", "cluster": {"server": API, "certificate-authority-data": ca}}],
                "users": [{"name": user.name, "user": {"token": user.token}}],
                "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user.name}}],
                "current-context": "lab",
            }
        )

    def start(self) -> None:
        """Start it all and wait until the API server calls itself ready."""
        here, programs = self.directory, products.kube()
        run("openssl", "genrsa", "-out", here / "sa.key", "2048")
        self._write_tokens()
        self._start_api(programs)
        until("API server ready", self._ready, 60, 0.1)
        for user, file in ((MANAGER, "manager.conf"), (SCHEDULER, "scheduler.conf"), (DNS, "coredns.conf")):
            (here / file).write_text(self.kubeconfig(user))
        self.spawn("controller-manager", programs / "kube-controller-manager", "--kubeconfig", here / "manager.conf",
                   "--leader-elect=false", "--use-service-account-credentials",
                   "--service-account-private-key-file", here / "sa.key",
                   "--root-ca-file", here / "pki/apiserver.crt")  # fmt: skip
        self.spawn("scheduler", programs / "kube-scheduler", "--kubeconfig", here / "scheduler.conf",
                   "--leader-elect=false")  # fmt: skip
        self.names.touch()
        (here / "Corefile").write_text(_corefile(self.names, here / "coredns.conf"))
        self.spawn("coredns", products.coredns() / "coredns", "-conf", here / "Corefile")

    def add_names(self, names: Mapping[str, str]) -> None:
        """Let every node and Pod resolve names (name → address), a second or so later."""
        with self.names.open("a") as out:
            out.writelines(f"{address} {name}\n" for name, address in names.items())

    def kubectl(self, *argv: str | Path, stdin: str | None = None, timeout: float = 120, check: bool = True) -> str:
        program = products.kube() / "kubectl"
        return run(program, "--kubeconfig", self.admin, *argv, stdin=stdin, timeout=timeout, check=check)

    def nodes_ready(self) -> int:
        """How many nodes call themselves Ready."""
        path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{" "}{end}'
        return self.kubectl("get", "nodes", "-o", f"jsonpath={path}").split().count("True")

    def _write_tokens(self) -> None:
        kubelets = (kubelet_user(f"node-{number}") for number in range(1, MOST_NODES + 1))
        users = [ADMIN, NOBODY, MANAGER, SCHEDULER, PROXY, DNS, *kubelets]
        lines = (f'{user.token},{user.name},{user.name},"{user.group}"\n' for user in users)
        (self.directory / "tokens.csv").write_text("".join(lines))

    def _start_api(self, programs: Path) -> None:
        here, peer = self.directory, "http://127.0.0.1:2380"
        address = network.ADDRESSES[network.CONTROL]
        self.spawn("etcd", programs / "etcd", "--data-dir", here / "etcd", "--listen-client-urls", ETCD,
                   "--advertise-client-urls", ETCD, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                   "--initial-cluster", f"default={peer}", "--log-level", "warn", "--unsafe-no-fsync")  # fmt: skip
        self.spawn("apiserver", programs / "kube-apiserver", "--etcd-servers", ETCD, "--cert-dir", here / "pki",
                   "--bind-address", address, "--advertise-address", address, "--secure-port", "6443",
                   "--token-auth-file", here / "tokens.csv", "--authorization-mode", "Node,RBAC",
                   "--enable-admission-plugins", "NodeRestriction", "--allow-privileged",
                   "--service-cluster-ip-range", network.SERVICE_CIDR,
                   "--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
                   "--service-account-key-file", here / "sa.key",
                   "--service-account-signing-key-file", here / "sa.key",
                   "--kubelet-preferred-address-types", "InternalIP",
                   # Webhooks are reached at their Pods' addresses: no kube-proxy serves the control plane's namespace.
                   "--enable-aggregator-routing=true")  # fmt: skip

    def _ready(self) -> bool:
        if not (self.directory / "pki/apiserver.crt").exists():
            raise LabError("no certificate yet")
        self.admin.write_text(self.kubeconfig(ADMIN))
        return self.kubectl("get", "--raw", "/readyz") == "ok"


def _corefile(names: Path, kubeconfig: Path) -> str:
    """Names that the lab gives come from a file; Services from the API server; all others do not exist."""
    return f""".:53 {{
    errors
    hosts {names} {{
        ttl 1
        reload 1s
        fallthrough
    }}
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 1
    }}
}}
"""
