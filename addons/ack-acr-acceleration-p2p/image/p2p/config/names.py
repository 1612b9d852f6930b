"""Names under which images are pulled through the agents, and addresses as text."""

from __future__ import annotations


def p2p_name(domain: str, port: int) -> str:
    """The name that stands for an ACR instance's domain: `distributed` after its first label, and the agents' port."""
    instance, _, rest = domain.partition(".")
    return f"{instance}.distributed.{rest}:{port}"


def hosts_directory(name: str) -> str:
    """Where containerd looks first for the hosts file of `host:port` (it takes `host_port_` on every file system)."""
    host, _, port = name.rpartition(":")
    return f"{host}_{port}_"


def join_address(address: str, port: int) -> str:
    """An IP address and a port as a URL has them: IPv6 in brackets (RFC 3986, section 3.2.2)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
