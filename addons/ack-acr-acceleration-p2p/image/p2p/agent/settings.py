"""What may change while the agent runs: the mounted origins, what setup has put in place, the door's certificate."""

from __future__ import annotations

import json
import logging
import ssl
from pathlib import Path

from p2p.config.errors import ConfigError
from p2p.config.origins import Origins
from p2p.registry.origin import Origin

_log = logging.getLogger(__name__)


class Settings:
    """As they were at the last poll(), which is to be called every second or so."""

    def __init__(self, origins_file: Path, run_dir: Path, ca_file: Path | None) -> None:
        self._file, self._run_dir, self._ca_file = origins_file, run_dir, ca_file
        self._clients: dict[str, Origin] = {}
        self._complaint = ""
        self._certificate: tuple[float, ...] = ()
        self.origins = Origins(port=0)
        self.in_place: frozenset[str] = frozenset()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def poll(self) -> None:
        try:
            self.origins, complaint = Origins.load(self._file), ""
        except ConfigError as error:
            complaint = str(error)
        if complaint not in ("", self._complaint):
            _log.warning("the origins stay as they are: %s", complaint)
        self._complaint = complaint
        self.in_place = _names_in_place(self._run_dir / "setup.json")
        self._load_certificate()

    def has_certificate(self) -> bool:
        return bool(self._certificate)

    def is_ready(self) -> bool:
        """Whether the runtime's hosts files of all origins lead to this agent."""
        names = {name.name for name in self.origins.names}
        return bool(self.origins.sha256) and names <= self.in_place and self.has_certificate()

    def origin(self, name: str) -> Origin | None:
        """The client of the origin that a name stands for."""
        found = self.origins.find(name)
        if found is None:
            return None
        if found.origin not in self._clients:
            self._clients[found.origin] = Origin(found.origin, self._ca_file)
        return self._clients[found.origin]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _load_certificate(self) -> None:
        """A new certificate serves the connections from now on."""
        files = self._run_dir / "door.crt", self._run_dir / "door.key"
        if not all(file.exists() for file in files):
            return
        changed = tuple(file.stat().st_mtime for file in files)
        if changed == self._certificate:
            return
        try:
            self.tls.load_cert_chain(*files)
        except ssl.SSLError:
            return  # setup has replaced one of the two files and not yet the other
        self._certificate = changed


def _names_in_place(file: Path) -> frozenset[str]:
    try:
        setup = json.loads(file.read_text())
    except FileNotFoundError:
        return frozenset()
    return frozenset(setup["names"]) if setup["state"] == "serving" else frozenset()
