from __future__ import annotations

import socket

import pytest
from p2p.agent.sockets import AddressTaken, bind_all

NODE = "127.0.0.5"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", NODE, "0.0.0.0"])
def test_with_one_address_taken_all_are_given_up(address: str) -> None:
    port, other = free_port(), free_port()
    with (
        socket.create_server((address, port)),
        pytest.raises(AddressTaken, match=f":{port} can't be bound: Address already in use"),
    ):
        bind_all(NODE, port, other)
    bind_all(NODE, port, other).close()


def test_who_connects_before_anything_is_served_is_refused_at_once() -> None:
    port = free_port()
    sockets = bind_all(NODE, port, free_port())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
    sockets.close()
