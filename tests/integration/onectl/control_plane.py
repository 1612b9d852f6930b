"""A real Kubernetes API on loopback: etcd, API server, controllers. There is no node: a kubelet's words are put in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import products
from tests.lab.shell import run, until
from tests.lab.stand_in import StandIn, free_port, stand_in

ADMIN, MANAGER = "admin", "system:kube-controller-manager"


@dataclass(frozen=True)
class ControlPlane:
    directory: Path
    port: int

    @property
    def admin(self) -> Path:
        return self.directory / "admin.conf"

    def kubectl(self, *words: str) -> str:
        return run(products.kube() / "kubectl", "--kubeconfig", self.admin, *words)

    def ready(self) -> bool:
        return self.kubectl("get", "--raw", "/readyz") == "ok"

    def kubeconfig(self, user: str) -> str:
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.certificate)}
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "lab",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": f"token-{user}"}}],
                "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
            }
        )

    @property
    def certificate(self) -> Path:
        return self.directory / "pki/apiserver.crt"


@contextmanager
def control_plane() -> Iterator[ControlPlane]:
    """Up within seconds, gone with everything that it wrote."""
    with stand_in() as lab:
        plane = ControlPlane(lab.directory, free_port())
        _start(lab, plane)
        yield plane


def _start(lab: StandIn, plane: ControlPlane) -> None:
    here, programs = plane.directory, products.kube()
    etcd, peer = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    run("openssl", "genrsa", "-out", here / "sa.key", "2048")
    lines = [f'token-{ADMIN},{ADMIN},{ADMIN},"system:masters"', f'token-{MANAGER},{MANAGER},{MANAGER},""']
    (here / "tokens.csv").write_text("\n".join(lines))
    plane.admin.write_text(plane.kubeconfig(ADMIN))
    (here / "manager.conf").write_text(plane.kubeconfig(MANAGER))
    lab.spawn("c", "etcd", programs / "etcd", "--data-dir", here / "etcd", "--listen-client-urls", etcd,
              "--advertise-client-urls", etcd, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
              "--initial-cluster", f"default={peer}", "--log-level", "warn", "--unsafe-no-fsync")  # fmt: skip
    lab.spawn("c", "api", programs / "kube-apiserver", "--etcd-servers", etcd, "--cert-dir", here / "pki",
              "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1", "--secure-port", str(plane.port),
              "--token-auth-file", here / "tokens.csv", "--authorization-mode", "RBAC",
              "--service-cluster-ip-range", "10.77.0.0/24", "--service-account-issuer", "https://lab",
              "--service-account-key-file", here / "sa.key",
              "--service-account-signing-key-file", here / "sa.key")  # fmt: skip
    until("the API server", plane.ready, 60)
    lab.spawn("c", "manager", programs / "kube-controller-manager", "--kubeconfig", here / "manager.conf",
              "--leader-elect=false", "--use-service-account-credentials", "--secure-port=0",
              "--service-account-private-key-file", here / "sa.key", "--root-ca-file", plane.certificate)  # fmt: skip
    until("the namespace's ServiceAccount", lambda: "default" in plane.kubectl("-n", "kube-system", "get", "sa"), 60)


READY = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    "container": {"ready": True, "state": {"running": {}}},
}
NO_IMAGE = {"phase": "Pending", "container": {"state": {"waiting": {"reason": "ErrImagePull", "message": "gone"}}}}


def ended(message: str) -> dict[str, Any]:
    """A Pod whose program ended well, with last words."""
    return {"phase": "Succeeded", "container": {"state": {"terminated": {"exitCode": 0, "message": message}}}}


@contextmanager
def kubelet(plane: ControlPlane, pods: Mapping[str, Any]) -> Iterator[None]:
    """Within it, each new Pod whose name begins with a key gets that status: the longest key counts."""
    over = threading.Event()
    thread = threading.Thread(target=_play, args=(plane, pods, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _play(plane: ControlPlane, pods: Mapping[str, Any], over: threading.Event) -> None:
    while not over.wait(0.1):
        for pod in json.loads(plane.kubectl("-n", "kube-system", "get", "pods", "-o", "json"))["items"]:
            name, fits = pod["metadata"]["name"], [key for key in pods if pod["metadata"]["name"].startswith(key)]
            if fits and not pod["status"].get("containerStatuses"):
                patch = json.dumps({"status": _status(pod, pods[max(fits, key=len)])})
                words = ("patch", "pod", name, "--subresource=status", "--type=merge", "-p", patch)
                run(products.kube() / "kubectl", "--kubeconfig", plane.admin, "-n", "kube-system", *words, check=False)


def _status(pod: dict[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    container = pod["spec"]["containers"][0]
    common = {"name": container["name"], "image": container["image"], "imageID": "", "ready": False, "restartCount": 0}
    rest = {key: value for key, value in told.items() if key != "container"}
    return {**rest, "containerStatuses": [{**common, **told["container"]}]}
