"""What Helm makes of the chart."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.lab import products

CHART = Path(__file__).parents[3] / "addons/ack-acr-acceleration-p2p/chart"
NEEDED = ("--set", "region=cn-hangzhou", "--set", "acrInstances=cri-a")


@cache
def helm() -> str:
    return shutil.which("helm") or str(products.helm() / "helm")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """`helm template` of release r in namespace apps."""
    words = ("template", "r", str(CHART), "--namespace", "apps", "--kube-version", "1.34.0", *words)
    return subprocess.run((helm(), *words), capture_output=True, text=True, check=False)


def render(*words: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Objects by kind and name, with all that is required set."""
    done = run(*NEEDED, *words)
    assert done.returncode == 0, done.stderr
    objects = [body for body in yaml.safe_load_all(done.stdout) if body]
    assert len({(body["kind"], body["metadata"]["name"]) for body in objects}) == len(objects)
    return {(body["kind"], body["metadata"]["name"]): body for body in objects}


def pod_of(body: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = body["spec"]["template"]["spec"]
    return spec


def containers(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    spec = pod_of(body)
    return {one["name"]: one for one in (*spec.get("initContainers", ()), *spec["containers"])}


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one.get("value", "set by Kubernetes") for one in container["env"]}
