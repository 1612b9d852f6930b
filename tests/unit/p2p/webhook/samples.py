"""The document's example: its instance, its Secret, its Pod."""

from __future__ import annotations

import base64
import json
from pathlib import PurePosixPath
from typing import Any

from p2p.config.origins import Name, Origins
from p2p.webhook.settings import Settings
from p2p.webhook.state import Agent, Nodes, State

INTERNET, VPC = (f"test-registry{part}.cn-hangzhou.cr.aliyuncs.com" for part in ("", "-vpc"))
P2P = "test-registry.distributed.cn-hangzhou.cr.aliyuncs.com:65001"
NAME = Name(P2P, f"https://{INTERNET}", (INTERNET, VPC))
TABLE = {INTERNET: P2P, VPC: P2P, P2P: P2P}
IMAGE, P2P_IMAGE = f"{VPC}/docker-builder/nginx:latest", f"{P2P}/docker-builder/nginx:latest"
SETTINGS = Settings("r", "addons", 65001, 65003, ("cri-test",), True, "cr.example", True,
                    PurePosixPath("/etc/containerd/certs.d"), None)  # fmt: skip
READY = Nodes({"agent-1": Agent("node-1", "10.0.0.1", True), "agent-2": Agent("node-2", "10.0.0.2", False)})


def pull_secret(auths: dict[str, str], name: str = "test-registry", legacy: bool = False) -> dict[str, Any]:
    """auths: registry → its credential, whatever text."""
    entries = {registry: {"auth": auth} for registry, auth in auths.items()}
    kind = "kubernetes.io/dockercfg" if legacy else "kubernetes.io/dockerconfigjson"
    text = json.dumps(entries if legacy else {"auths": entries})
    return {
        "apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-of-{name}"},
        "data": {".dockercfg" if legacy else ".dockerconfigjson": base64.b64encode(text.encode()).decode()},
    }  # fmt: skip


def pod(image: str = IMAGE, **spec: Any) -> dict[str, Any]:
    """As the API server hands it to the webhook."""
    containers = [{"name": "test", "image": image, "command": ["sleep", "3600"]}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "test-1", "namespace": "default", "labels": {"k8s.aliyun.com/image-accelerate-mode": "p2p"}},
        "spec": {"containers": containers, "imagePullSecrets": [{"name": "test-registry"}], **spec},
    }


def issued_state() -> State:
    return State(Origins(65001, (NAME,)), frozenset({P2P}), READY)


def admission_review(subject: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "u-1", "namespace": "default", "object": subject, **request},
    }
