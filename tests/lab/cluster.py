"""The lab: a whole cluster with its registry and its cloud, from nothing and back to nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.lab import cache, cgroups, claim, cloud, control, network, pki, products, registry
from tests.lab.control import Control
from tests.lab.network import Network
from tests.lab.node import Node, Usage
from tests.lab.shell import LabError, ended, marked, run, spawn, until

CHECKOUT = Path(__file__).parents[2]
NODE_SECONDS = 180


@dataclass
class Lab:
    """A running lab. Names and marks carry its id; its state and logs are in `directory`."""

    net: Network
    directory: Path
    containerd: str
    nodes: list[Node] = field(default_factory=list)

    @classmethod
    def up(cls, nodes: int = 3, containerd: str = "2", mbit: float | None = None, keep: bool = False) -> Lab:
        """Start a lab. When that fails or is interrupted, nothing of it is left but the logs. Raises LabError.

        mbit: see `shape_all`. keep: the lab shall outlive this process; else whoever comes next may remove it then.
        """
        if os.geteuid() != 0:
            raise LabError("the lab needs root")
        lab = cls.here(containerd)
        if old := claim.take(CHECKOUT, lab.directory):
            _remove(Network(old.id), Path(old.directory))
        _remove(lab.net, lab.directory)
        lab.directory.mkdir(parents=True)
        try:
            lab._start(nodes, mbit)
            if keep:
                claim.keep()
        except BaseException as why:
            _destroy(lab.net)
            claim.release()
            if isinstance(why, LabError):
                raise LabError(f"{why}\nlogs: {lab.directory}") from why
            raise
        return lab

    @classmethod
    def here(cls, containerd: str = "2") -> Lab:
        """This checkout's lab, running or not."""
        net = Network(claim.lab_id(CHECKOUT))
        directory = cache.directory() / f"run-{net.id}"
        numbers = sorted(int(host[1:]) for host in net.hosts() if host not in network.ADDRESSES)
        return cls(net, directory, containerd, [Node(net, n, directory / f"node-{n}") for n in numbers])

    def down(self) -> None:
        """Remove everything, whoever started it. Goes by what exists, not by what was written down."""
        _remove(self.net, self.directory)
        found = claim.current()
        if found and found.id == self.net.id:
            claim.release()

    @property
    def kubeconfig(self) -> Path:
        return self.control.admin

    @property
    def control(self) -> Control:
        return Control(self.directory, partial(self.spawn, network.CONTROL))

    @property
    def authority(self) -> pki.Authority:
        """Kept with what is built, since images carry its certificate."""
        return pki.authority(cache.directory() / "pki")

    @property
    def programs(self) -> tuple[Path, ...]:
        """Directories with kubectl and helm."""
        return products.kube(), products.helm()

    def kubectl(self, *argv: str | Path, stdin: str | None = None, timeout: float = 120, check: bool = True) -> str:
        return self.control.kubectl(*argv, stdin=stdin, timeout=timeout, check=check)

    def spawn(self, host: str, log: str, *argv: str | Path, env: Mapping[str, str] | None = None) -> int:
        """Start a program on one of the hosts that are not nodes. Its output goes to `<log>.log` in the lab's directory."""
        inside = ("ip", "netns", "exec", self.net.namespace(host))
        return spawn(self.net.id, self.directory / f"{log}.log", *inside, *argv, env=env)

    def address(self, host: str) -> str:
        """Of a host, or of a node by its name."""
        return network.address(host.replace("node-", "n"))

    def add_names(self, names: Mapping[str, str]) -> None:
        self.control.add_names(names)

    def node(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"no node {name!r} runs; there are: {', '.join(node.name for node in self.nodes) or 'none'}")

    def add_node(self) -> Node:
        """Let one more node join, and wait until it is Ready."""
        node = self._start_node()
        until(f"{node.name} Ready", lambda: self.control.nodes_ready() == len(self.nodes), NODE_SECONDS)
        return node

    def measure(self, node: str, words: str) -> Usage:
        return self.node(node).measure(words)

    def shape(self, host: str, mbit: float | None) -> None:
        self.net.shape(host.replace("node-", "n"), mbit)

    def shape_all(self, mbit: float | None) -> None:
        """Shape the links of all nodes and of the registry."""
        for host in (network.REGISTRY, *(node.host for node in self.nodes)):
            self.net.shape(host, mbit)

    def _start(self, nodes: int, mbit: float | None) -> None:
        self.net.create()
        self.control.start()
        registry.start(self)
        cloud.start(self)
        for _ in range(nodes):
            self._start_node()
        until("nodes Ready", lambda: self.control.nodes_ready() == nodes, NODE_SECONDS)
        self.shape_all(mbit)

    def _start_node(self) -> Node:
        number = len(self.nodes) + 1
        node = Node(self.net, number, self.directory / f"node-{number}")
        self.net.add_node(node.host)
        kubeconfig = self.control.kubeconfig(control.kubelet_user(node.name))
        certificate = self.authority.certificate
        node.start(self.containerd, kubeconfig, self.control.kubeconfig(control.PROXY), certificate)
        self.nodes.append(node)
        return node


def _remove(net: Network, directory: Path) -> None:
    _destroy(net)
    if directory.exists():
        shutil.rmtree(directory)


def _destroy(net: Network) -> None:
    """End the lab's processes, then remove its namespaces, links and control groups. Safe to call at any time."""
    # Twice: a process has no environment to be read while it turns into another program.
    for _ in range(2):
        until("the lab's processes gone", partial(_killed, net), 30, 0.1)
        time.sleep(0.1)
    net.destroy()
    cgroups.remove(f"lab-{net.id}-")
    # Mounts that a killed first process had made before its namespace was private.
    for line in Path("/proc/mounts").read_text().splitlines():
        if f"/run-{net.id}/" in line.split()[1]:
            run("umount", "--lazy", line.split()[1], check=False)


def _killed(net: Network) -> bool:
    """Kill what there is, wait until it has ended, and say whether that was nothing.

    Both by mark and by namespace: a program may drop the mark, and one just started may not be in its namespace yet.
    The first process of a node's PID namespace is among these, and does not end before every container of the node has.
    """
    left = marked(net.id) | {pid for host in net.hosts() for pid in net.pids(host)}
    left.discard(os.getpid())
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until("the lab's processes ended", lambda: all(map(ended, left)), 30, 0.01)
    return not left


def on_interrupt(action: Callable[[int], None]) -> None:
    """INT and TERM call the action. (INT too: a shell's background job starts with it ignored.)"""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda which, _: action(which))
