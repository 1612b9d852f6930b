"""The lab by hand: python -m tests.lab up | down | status | shell NODE | build | helm ARGS | kubectl ARGS."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from tests.lab import claim, images, products
from tests.lab.cluster import Lab, on_interrupt
from tests.lab.shell import LabError

BUILDS: tuple[Callable[[], object], ...] = (
    products.kube, products.helm, products.coredns, products.containerd, images.pause, images.base)  # fmt: skip


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in PROGRAMS:
        PROGRAMS[sys.argv[1]](sys.argv[2:])
    parser = argparse.ArgumentParser(prog="nox -s lab --", description="A Kubernetes cluster of several nodes on this machine.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("build", help="build what is missing")
    upper = verbs.add_parser("up", help="start a cluster")
    upper.add_argument("--nodes", type=int, default=3)
    upper.add_argument("--mbit", type=float, help="limit every node's and the registry's link")
    upper.add_argument("--containerd", choices=("2", "1.6"), default="2")
    verbs.add_parser("down", help="remove this checkout's cluster and every trace of it")
    verbs.add_parser("status", help="say what runs")
    shell = verbs.add_parser("shell", help="a shell on a node")
    shell.add_argument("node", help="for example node-1")
    for program in PROGRAMS:
        verbs.add_parser(program, help=f"the lab's own {program}; what follows is its own")
    args = parser.parse_args()
    on_interrupt(lambda number: sys.exit(128 + number))
    try:
        run_verb(args)
    except LabError as why:
        print(f"Error: {why}", file=sys.stderr)
        return 1
    return 0


def run_verb(args: argparse.Namespace) -> None:
    match args.verb:
        case "build":
            build()
        case "up":
            up(args)
        case "down":
            Lab.here().down()
        case "status":
            status(Lab.here())
        case "shell":
            Lab.here().node(args.node).shell()


def helm(words: list[str]) -> NoReturn:
    os.execv(products.helm() / "helm", ["helm", *words])


def kubectl(words: list[str]) -> NoReturn:
    environment = os.environ | {"KUBECONFIG": str(Lab.here().kubeconfig)}
    os.execve(products.kube() / "kubectl", ["kubectl", *words], environment)


def build() -> None:
    for make in BUILDS:
        start = time.monotonic()
        product = make()
        print(f"{make.__name__}: {time.monotonic() - start:.1f} s, {product}")


def up(args: argparse.Namespace) -> None:
    start = time.monotonic()
    lab = Lab.up(args.nodes, args.containerd, args.mbit, keep=True)
    print(f"{args.nodes} nodes Ready after {time.monotonic() - start:.1f} s; logs in {lab.directory}")
    print(f"export KUBECONFIG={lab.kubeconfig}")


def status(lab: Lab) -> None:
    found = claim.current()
    if found and found.holds():
        print(f"lab {found.id} of {found.checkout}")
    if not lab.net.namespaces():
        print("this checkout has no lab running")
        return
    print(f"hosts: {', '.join(lab.net.hosts())}")
    print(lab.kubectl("get", "nodes", "--output=wide"))


# Taken before the parser sees them: it would take their options for its own.
PROGRAMS: dict[str, Callable[[list[str]], NoReturn]] = {"helm": helm, "kubectl": kubectl}


if __name__ == "__main__":
    sys.exit(main())
