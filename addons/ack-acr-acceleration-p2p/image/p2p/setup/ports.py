"""Whether the agent's addresses are free, and who has them if not."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

_LISTENS = "0A"  # include/net/tcp_states.h


@dataclass(frozen=True)
class Wanted:
    """An address that the agent will bind; `setting` is the chart's value that moves it elsewhere."""

    address: str
    port: int
    setting: str


def complaint(wanted: Wanted, proc: Path) -> str:
    """Who has the address and what to do, in one line; empty when it is free. `proc` is the node's /proc."""
    if _is_free(wanted.address, wanted.port):
        return ""
    holder = _holder(wanted, proc) or "another process"
    return f"port {wanted.port} on {wanted.address} is held by {holder}; free it or set {wanted.setting}"


def _is_free(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        # As the agent does: old connections that wait for their end are no obstacle.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError:
            return False
    return True


def _holder(wanted: Wanted, proc: Path) -> str:
    inodes = {f"socket:[{inode}]" for inode in _listeners(wanted, proc)}
    for process in proc.glob("[0-9]*"):
        if inodes & _open_files(process):
            return f"{_command(process)} (pid {process.name})"
    return ""


def _listeners(wanted: Wanted, proc: Path) -> list[str]:
    """Inodes of the sockets that listen at the address, or at every address (proc_pid_net(5))."""
    mine = {wanted.address, "0.0.0.0", "::"}
    found = []
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            host, _, port = fields[1].partition(":")
            if fields[3] == _LISTENS and int(port, 16) == wanted.port and _address(host) in mine:
                found.append(fields[9])
    return found


def _address(text: str) -> str:
    """Words of 32 bits in the order of this machine, which is little-endian wherever images are built for."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8)]
    return str(ip_address(b"".join(words)))


def _open_files(process: Path) -> set[str]:
    found = set()
    try:
        for entry in (process / "fd").iterdir():
            found.add(str(entry.readlink()))
    except OSError:
        # It has ended meanwhile, or may not be looked at.
        return found
    return found


def _command(process: Path) -> str:
    return (process / "comm").read_text().strip()
