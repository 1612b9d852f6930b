"""One round of setup: certificate, hosts files, and a word on what is in place."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from p2p.config.environment import Environment
from p2p.config.errors import ConfigError
from p2p.config.files import replace_file
from p2p.config.names import hosts_directory
from p2p.config.origins import Origins
from p2p.setup.certificate import AGENT_GROUP, CertificateFiles
from p2p.setup.directory import HostsDirectory
from p2p.setup.hosts import Door, Files, hosts_files
from p2p.setup.plan import Found, Leave, plan

VERSION = 1


def wanted_files(origins: Origins, order: Leave | None, door: Door, origin_ca: bytes | None) -> dict[str, Files]:
    """By name. The last word is the order's."""
    if order is None:
        return {name.name: hosts_files(name, door, origin_ca) for name in origins.names}
    return {name.name: hosts_files(name, None, origin_ca) for name in origins.names if name.name in order.keep}


def report(found: Found, wanted: Mapping[str, Files], order: Leave | None, error: str) -> bytes:
    """The text of setup.json: what is in place."""
    in_place = [name for name, files in wanted.items() if found.ours.get(hosts_directory(name)) == files]
    state = "serving" if order is None else "origin-only" if found.ours else "removed"
    done = order.id if order and not error else ""
    wire = {"version": VERSION, "state": state, "names": in_place, "order": done, "error": error}
    return json.dumps(wire).encode()


class Setup:
    """`now` is the wall clock, for the certificate."""

    def __init__(self, environment: Environment, now: Callable[[], datetime.datetime], group: int = AGENT_GROUP) -> None:
        self._env, self._now, self._group = environment, now, group
        self._certificate = CertificateFiles(environment.run_dir, group)
        self._hosts = HostsDirectory(environment.hosts_dir)
        self._reported = b""

    def reconcile(self) -> str:
        """Put in place what is wanted now. The answer is what was in the way, one line, or empty."""
        self._certificate.renew_if_due(self._now())
        order = read_order(self._env.run_dir / "order.json")
        wanted: dict[str, Files] = {}
        error = ""
        try:
            wanted = self._wanted(order)
            self._hosts.carry_out(plan(self._hosts.look(), _by_directory(wanted), order))
        except ConfigError as problem:
            error = str(problem)
        except OSError as problem:
            error = f"{problem.filename or self._env.hosts_dir} can't be written: {problem.strerror}"
        self._report(report(self._hosts.look(), wanted, order, error))
        return error

    def _wanted(self, order: Leave | None) -> dict[str, Files]:
        env = self._env
        if order and not order.keep:
            return {}  # so that it can be carried out without origins too
        origin_ca = env.ca_file.read_bytes() if env.ca_file else None
        door = Door(env.port, self._certificate.ca())
        return wanted_files(Origins.load(env.origins), order, door, origin_ca)

    def _report(self, text: bytes) -> None:
        if text != self._reported:
            replace_file(self._env.run_dir / "setup.json", text, 0o640, self._group)
            self._reported = text


def read_order(path: Path) -> Leave | None:
    """The agent has verified it."""
    if not path.exists():
        return None
    wire = json.loads(path.read_text())
    return Leave(wire["id"], frozenset(wire["keep"]))


def _by_directory(wanted: Mapping[str, Files]) -> dict[str, Files]:
    return {hosts_directory(name): files for name, files in wanted.items()}
