"""What a cluster and its nodes consist of, so that two moments can be compared and every difference is named.

An inventory maps a name (`object secrets kube-system/x`, `node-1 file /etc/y`, `node-1 socket …`, `node-1 mount …`,
`node-1 nft …`) to a text that changes when the thing does. What lives and dies by itself is left out: Events, Leases, a
kubelet's own directories, and the containers that run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

Inventory = Mapping[str, str]

# Events expire by themselves and Leases are renewed for ever; the others are views of what is listed anyway.
VOLATILE_KINDS = {"events", "events.events.k8s.io", "leases.coordination.k8s.io", "componentstatuses"}
# Directories in which kubelet and containerd keep what runs; a Pod that is left behind is named as an object.
VOLATILE_PATHS = ("/run/containerd", "/run/cni-ipam", "/run/netns", "/run/old", "/var/lib/cni", "/var/lib/kubelet",
                  "/var/lib/containerd", "/var/log")  # fmt: skip
UPPER = "/run/upper"
PRINT = ("-type", "d", "-printf", r"%p\t%y %m %U %G\n", "-o", "-printf", r"%p\t%y %m %U %G %s %T@\n")


class Node(Protocol):
    """A machine of the cluster."""

    @property
    def name(self) -> str: ...

    def run(self, *argv: str) -> str: ...


class Cluster(Protocol):
    """What can be asked for its objects."""

    def kubectl(self, *argv: str) -> str: ...


def differences(before: Inventory, after: Inventory) -> list[str]:
    """One line for each thing that is new, gone or changed, sorted."""
    new = [f"new: {name}" for name in after.keys() - before.keys()]
    gone = [f"gone: {name}" for name in before.keys() - after.keys()]
    changed = [f"changed: {name}" for name in before.keys() & after.keys() if before[name] != after[name]]
    return sorted(new + gone + changed)


def take(cluster: Cluster, nodes: Iterable[Node]) -> dict[str, str]:
    """The inventory now."""
    found = objects(cluster)
    for node in nodes:
        for part in (files, sockets, mounts, rules):
            found |= {f"{node.name} {name}": text for name, text in part(node).items()}
    return found


def objects(cluster: Cluster) -> dict[str, str]:
    """Every object of every kind that can be listed, and a digest of what somebody wrote into it."""
    kinds = set(cluster.kubectl("api-resources", "--verbs=list", "--output=name").split()) - VOLATILE_KINDS
    listed = json.loads(cluster.kubectl("get", ",".join(sorted(kinds)), "--all-namespaces", "--output=json"))
    return {_object_name(item): _digest(_written(item)) for item in listed["items"]}


def files(node: Node) -> dict[str, str]:
    """What the node itself wrote (the upper layer of its root; see node.sh) and /run: type, mode, owner, size, time of change.

    A directory's times and size are left out: they change when a file in it comes and goes.
    """
    prune = [word for path in VOLATILE_PATHS for word in ("-path", path, "-o", "-path", f"{UPPER}{path}", "-o")]
    text = node.run("find", UPPER, "/run", "-xdev", "(", *prune, "-path", "/run/upper/run", ")", "-prune", "-o", *PRINT)
    return dict(_named("file", line.removeprefix(UPPER)) for line in text.splitlines())


def sockets(node: Node) -> dict[str, str]:
    """Listening TCP and bound UDP sockets."""
    lines = (line.split() for line in node.run("ss", "-H", "-l", "-t", "-u", "-n").splitlines())
    return {f"socket {words[0]} {words[4]}": "" for words in lines}


def mounts(node: Node) -> dict[str, str]:
    """Mount points outside the directories of running containers."""
    points = (line.split()[1] for line in node.run("cat", "/proc/mounts").splitlines())
    return {f"mount {point}": "" for point in points if not point.startswith(VOLATILE_PATHS)}


def rules(node: Node) -> dict[str, str]:
    """nftables' rules, without counters. A chain that is empty is none: kube-proxy drops those of a Service that went at some
    later sync of its own, an hour at the latest."""
    lines = [line.strip() for line in node.run("nft", "-s", "list", "ruleset").splitlines()]
    return {
        f"nft {line}": ""
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if line and not _empty(line, following)
    }


def _empty(line: str, following: str) -> bool:
    return line.startswith("chain ") and following == "}"


def _object_name(item: Mapping[str, Any]) -> str:
    meta = item["metadata"]
    where = f"{meta['namespace']}/" if "namespace" in meta else ""
    return f"object {item['kind']} {where}{meta['name']}"


def _written(item: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an object that controllers do not touch by themselves."""
    meta = item["metadata"]
    body = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    return body | {
        "labels": meta.get("labels"),
        "owners": meta.get("ownerReferences"),
        "finalizers": meta.get("finalizers"),
    }


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _named(kind: str, line: str) -> tuple[str, str]:
    path, text = line.split("\t", 1)
    return f"{kind} {path}", text
