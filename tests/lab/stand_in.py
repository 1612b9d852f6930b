"""The lab without a cluster: its registry and its cloud on loopback, for integration tests."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import pki
from tests.lab.shell import spawn


@dataclass
class StandIn:
    """Has what `tests.lab.registry` and `tests.lab.cloud` need of a lab. Programs run on this machine, marked."""

    directory: Path
    authority: pki.Authority
    pids: list[int] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def address(self, host: str) -> str:
        return "127.0.0.1"

    def add_names(self, names: Mapping[str, str]) -> None:
        self.names |= names

    def spawn(self, host: str, log: str, *argv: str | Path, env: Mapping[str, str] | None = None) -> int:
        self.pids.append(spawn("stand-in", self.directory / f"{log}.log", *argv, env=env))
        return self.pids[-1]


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Ends what it started, by id."""
    with tempfile.TemporaryDirectory(prefix="onectl-stand-in-") as folder:
        lab = StandIn(Path(folder), pki.authority(Path(folder) / "pki"))
        try:
            yield lab
        finally:
            for pid in lab.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
