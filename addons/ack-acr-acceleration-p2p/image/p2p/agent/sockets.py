"""The addresses of an agent. All are taken before anything is answered, so that nobody can answer at one in its place."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass

from p2p.config.names import join_address
from p2p.swarm.peer_in import peer_socket

RUNTIME_ADDRESS = "127.0.0.1"
HANDOUT_ADDRESS = "127.0.0.2"


class AddressTaken(Exception):
    """Another process has one of the addresses."""


@dataclass(frozen=True)
class Sockets:
    """Bound, and not listening yet: until they are served, who connects is refused at once."""

    runtime: socket.socket
    handout: socket.socket
    peers: socket.socket
    metrics: socket.socket

    def close(self) -> None:
        for sock in (self.runtime, self.handout, self.peers, self.metrics):
            sock.close()


def bind_all(node_address: str, port: int, metrics_port: int) -> Sockets:
    """Raises AddressTaken."""
    with ExitStack() as on_error:
        opened = []
        for address, number, bind in (
            (RUNTIME_ADDRESS, port, _bound),
            (HANDOUT_ADDRESS, port, _bound),
            (node_address, port, peer_socket),
            (node_address, metrics_port, _bound),
        ):
            try:
                sock = bind(address, number)
            except OSError as error:
                raise AddressTaken(f"{join_address(address, number)} can't be bound: {error.strerror}") from None
            opened.append(on_error.enter_context(sock))
        on_error.pop_all()
    return Sockets(*opened)


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    # What an earlier agent's connections left in TIME_WAIT is no obstacle; a socket that listens still is.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock
