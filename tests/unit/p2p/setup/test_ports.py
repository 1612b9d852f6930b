from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from p2p.setup.ports import Wanted, complaint


@pytest.mark.parametrize("held", ["127.0.0.6", "0.0.0.0", "::"])
def test_the_holder_of_a_port_is_named_with_the_way_out(held: str) -> None:
    family = socket.AF_INET6 if ":" in held else socket.AF_INET
    with socket.create_server((held, 0), family=family, dualstack_ipv6=family == socket.AF_INET6) as server:
        port = server.getsockname()[1]
        comm = Path("/proc/self/comm").read_text().strip()
        line = complaint(Wanted("127.0.0.6", port, "p2p.port"), Path("/proc"))
        assert line == f"port {port} on 127.0.0.6 is held by {comm} (pid {os.getpid()}); free it or set p2p.port"
    assert complaint(Wanted("127.0.0.6", port, "p2p.port"), Path("/proc")) == ""


def test_a_holder_that_can_not_be_seen_is_another_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.6", 0)) as server:
        port = server.getsockname()[1]
        line = complaint(Wanted("127.0.0.6", port, "p2p.metricsPort"), tmp_path)
    assert line == f"port {port} on 127.0.0.6 is held by another process; free it or set p2p.metricsPort"
