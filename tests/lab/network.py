"""The lab's network: every host is a network namespace, plugged into one bridge that lives in a namespace too.

    10.90.0.1    cp        the control plane and CoreDNS
    10.90.0.2    registry  the image registry and its object storage
    10.90.0.3    cloud     RAM and CR
    10.90.0.1N   nN        node N (10.90.0.11 is node 1); its Pods have 10.91.N.0/24
    10.90.0.254            the machine itself, so that tests and clients reach everything
    10.96.0.0/16           Services

Nothing leaves the machine: the control plane, everybody's default gateway, answers 'unreachable'. Names on the machine carry
the lab's id: namespace `lab-<id>-<host>`, link `lab-<id>`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.shell import run

CONTROL, REGISTRY, CLOUD, SWITCH = "cp", "registry", "cloud", "switch"
ADDRESSES = {CONTROL: "10.90.0.1", REGISTRY: "10.90.0.2", CLOUD: "10.90.0.3"}
MACHINE_IP, POD_CIDR, SERVICE_CIDR = "10.90.0.254", "10.91.0.0/16", "10.96.0.0/16"


def node_host(number: int) -> str:
    return f"n{number}"


def address(host: str) -> str:
    return ADDRESSES.get(host) or f"10.90.0.{10 + int(host.removeprefix('n'))}"


def pod_cidr(host: str) -> str:
    return f"10.91.{int(host.removeprefix('n'))}.0/24"


@dataclass(frozen=True)
class Network:
    """The namespaces and links of the lab with this id."""

    id: str

    @property
    def link(self) -> str:
        """The machine's own end."""
        return f"lab-{self.id}"

    def namespace(self, host: str) -> str:
        return f"lab-{self.id}-{host}"

    def namespaces(self) -> list[str]:
        """Those that exist now, whoever made them: this is what `destroy` goes by."""
        names = (line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.strip())
        return [name for name in names if name.startswith(f"lab-{self.id}-")]

    def hosts(self) -> list[str]:
        return [host for name in self.namespaces() if (host := name.split("-", 2)[2]) != SWITCH]

    def pids(self, host: str) -> list[int]:
        return [int(pid) for pid in run("ip", "netns", "pids", self.namespace(host), check=False).split()]

    def create(self) -> None:
        """The switch, the machine's link, and the hosts that are not nodes."""
        switch = self.namespace(SWITCH)
        run("ip", "netns", "add", switch)
        self._ip(SWITCH, "link", "set", "lo", "up")
        self._ip(SWITCH, "link", "add", "name", "br0", "type", "bridge")
        self._ip(SWITCH, "link", "set", "br0", "up")
        # Frames between hosts need not pass the switch's own firewall hooks and connection tracking.
        run("ip", "netns", "exec", switch, "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0", check=False)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "machine", "netns", switch)
        self._ip(SWITCH, "link", "set", "machine", "master", "br0", "up")
        run("ip", "addr", "add", f"{MACHINE_IP}/24", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        for host in ADDRESSES:
            self._plug(host)

    def add_node(self, host: str) -> None:
        """Plug a node in, and let everybody route to its Pods."""
        others = self.hosts()
        self._plug(host)
        run("ip", "route", "add", pod_cidr(host), "via", address(host))
        for other in others:
            self._ip(other, "route", "add", pod_cidr(host), "via", address(host))
            if other not in ADDRESSES:
                self._ip(host, "route", "add", pod_cidr(other), "via", address(other))

    def destroy(self) -> None:
        """Remove namespaces and link. Whatever ran in them must be gone before."""
        for name in self.namespaces():
            run("ip", "netns", "del", name)
        run("ip", "link", "del", self.link, check=False)

    def shape(self, host: str, mbit: float | None) -> None:
        """Limit a host's link to mbit/s in each direction, at the end that sends; None lifts the limit."""
        for end, device in self._ends(host):
            run("tc", "-n", self.namespace(end), "qdisc", "del", "dev", device, "root", check=False)
            if mbit is not None:
                limit = ("rate", f"{mbit}mbit", "burst", "256kb", "latency", "50ms")
                run("tc", "-n", self.namespace(end), "qdisc", "add", "dev", device, "root", "tbf", *limit)

    def _ends(self, host: str) -> Iterator[tuple[str, str]]:
        yield host, "eth0"
        yield SWITCH, f"to-{host}"

    def _plug(self, host: str) -> None:
        name, switch = self.namespace(host), self.namespace(SWITCH)
        run("ip", "netns", "add", name)
        self._ip(host, "link", "set", "lo", "up")
        run("ip", "link", "add", f"to-{host}", "netns", switch, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._ip(SWITCH, "link", "set", f"to-{host}", "master", "br0", "up")
        self._ip(host, "addr", "add", f"{address(host)}/24", "dev", "eth0")
        self._ip(host, "link", "set", "eth0", "up")
        run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        # A node needs *some* route to Service addresses: the kernel looks for one before kube-proxy's rules rewrite them.
        route = ("unreachable", "default") if host == CONTROL else ("default", "via", address(CONTROL))
        self._ip(host, "route", "add", *route)

    def _ip(self, host: str, *argv: str) -> None:
        run("ip", "-n", self.namespace(host), *argv)
