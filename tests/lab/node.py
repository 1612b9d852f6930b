"""A node: containerd, kubelet and kube-proxy in network, mount, UTS and PID namespaces of their own (see node.sh)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import cache, cgroups, images, network, node_files, products
from tests.lab.network import Network
from tests.lab.shell import LabError, run, spawn

NODE_SH = Path(__file__).with_name("node.sh")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process used since it started; memory at its highest."""

    cpu_seconds: float
    rss_mib: float


@dataclass(frozen=True)
class Node:
    net: Network
    number: int
    directory: Path

    @property
    def name(self) -> str:
        return f"node-{self.number}"

    @property
    def host(self) -> str:
        return network.node_host(self.number)

    @property
    def address(self) -> str:
        return network.address(self.host)

    def start(self, runtime: str, kubeconfig: str, proxy_kubeconfig: str, ca: Path) -> None:
        """Write the configuration and start the first process. The node registers itself with the API server."""
        programs = products.runtime(runtime)
        self._write(runtime, kubeconfig, proxy_kubeconfig)
        cgroups.make(self.net.namespace(self.host))
        spawn(
            self.net.id,
            self.directory / "node.log",
            *("nsenter", f"--net=/run/netns/{self.net.namespace(self.host)}"),
            *("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--propagation", "private"),
            *("bash", NODE_SH),
            env={
                "NODE": self.name,
                "ADDRESS": self.address,
                "DIR": str(self.directory),
                "CACHE": str(cache.directory()),
                "PROGRAMS": f"{programs}:{products.kube()}",
                "IMAGES": str(images.pause()),
                "CA": str(ca),
            },
        )

    def run(self, *argv: str | Path, check: bool = True, timeout: float = 120) -> str:
        """Run a command *in* the node: its network, its files, its processes. Returns what it printed."""
        return run(*self._enter(), *argv, check=check, timeout=timeout)

    @contextmanager
    def running(self, *argv: str) -> Iterator[None]:
        """A command that runs in the node until the block ends; it has printed its first line when the block begins."""
        with subprocess.Popen([*self._enter(), *argv], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout
                process.stdout.readline()
                yield
            finally:
                # nsenter has forked into the PID namespace and would not take its child along.
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                for pid in (*map(int, children), process.pid):
                    os.kill(pid, signal.SIGKILL)

    def shell(self) -> None:
        """Become a shell in the node."""
        words = [*self._enter(), "bash"]
        os.execvp(words[0], words)

    def measure(self, words: str) -> Usage:
        """What the node's processes whose command line contains these words used, those of its containers included."""
        processes = Path(f"/proc/{self._first_process()}/root/proc").glob("[0-9]*")
        usages = [_usage(process) for process in processes if words in _command_line(process)]
        if not usages:
            raise LabError(f"no process with {words!r} on {self.name}")
        return Usage(sum(u.cpu_seconds for u in usages), sum(u.rss_mib for u in usages))

    def _enter(self) -> list[str]:
        return ["nsenter", "-t", str(self._first_process()), "--mount", "--uts", "--ipc", "--net", "--pid"]

    def _first_process(self) -> int:
        """Process 1 of the PID namespace that was made inside the network namespace: its last NSpid is 1."""
        for pid in self.net.pids(self.host):
            status = Path(f"/proc/{pid}/status").read_text().splitlines()
            if next(line for line in status if line.startswith("NSpid:")).split()[2:] == ["1"]:
                return pid
        raise LabError(f"{self.name} does not run; see {self.directory}/node.log")

    def _write(self, runtime: str, kubeconfig: str, proxy_kubeconfig: str) -> None:
        etc = self.directory / "etc"
        for folder in ("lab", "containerd/certs.d", "cni/net.d"):
            (etc / folder).mkdir(parents=True, exist_ok=True)
        texts = {
            "hostname": f"{self.name}\n",
            "hosts": f"127.0.0.1 localhost\n{self.address} {self.name}\n",
            "resolv.conf": f"nameserver {network.address(network.CONTROL)}\n",
            "containerd/config.toml": node_files.containerd(runtime),
            "cni/net.d/10-lab.conflist": json.dumps(node_files.cni(self.host)),
            "lab/kubelet.json": json.dumps(node_files.kubelet(self.host, self.net.namespace(self.host))),
            "lab/kubelet.conf": kubeconfig,
            "lab/kube-proxy.json": json.dumps(node_files.kube_proxy(self.name)),
            "lab/kube-proxy.conf": proxy_kubeconfig,
        }
        for name, text in texts.items():
            (etc / name).write_text(text)


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):  # it ended
        return ""


def _usage(process: Path) -> Usage:
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return Usage((int(fields[11]) + int(fields[12])) / TICK, int(status["VmHWM"].split()[0]) / 1024)
