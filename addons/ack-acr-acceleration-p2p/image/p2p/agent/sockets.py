"""The addresses of an agent. All are taken before anything is answered, so that nobody can answer at one in its place."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass

from p2p.config.names import join_address
from p2p.swarm.peer_in import peer_socket
from p2p.swarm.sockets import bound_socket

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
            (RUNTIME_ADDRESS, port, bound_socket),
            (HANDOUT_ADDRESS, port, bound_socket),
            (node_address, port, peer_socket),
            (node_address, metrics_port, bound_socket),
        ):
            try:
                sock = bind(address, number)
            except OSError as error:
                raise AddressTaken(f"{join_address(address, number)} can't be bound: {error.strerror}") from None
            opened.append(on_error.enter_context(sock))
        on_error.pop_all()
    return Sockets(*opened)
