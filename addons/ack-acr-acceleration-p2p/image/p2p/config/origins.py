"""The ConfigMap of origins: which names the agents serve, and what they need to know of the scheduler and the keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from p2p.config.errors import ConfigError

VERSION = 1


@dataclass(frozen=True)
class Name:
    """A name in images, `host:port`; the origin's URL that it stands for; the domains whose images are rewritten to it."""

    name: str
    origin: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheduler:
    """`address` is host:port; `ca` (PEM) signs the certificate that it shows for `server_name`."""

    address: str
    server_name: str
    ca: str


@dataclass(frozen=True)
class Origins:
    """`port` is the agents'; keys are the base64 of raw Ed25519 public keys; `sha256` is of the text, in hex."""

    port: int
    names: tuple[Name, ...] = ()
    scheduler: Scheduler | None = None
    ticket_keys: tuple[str, ...] = ()
    order_keys: tuple[str, ...] = ()
    sha256: str = ""

    @classmethod
    def load(cls, path: Path) -> Origins:
        """Raises ConfigError when the file is missing, malformed or of a newer version."""
        try:
            return cls.parse(path.read_text())
        except OSError as error:
            raise ConfigError(f"{path} can't be read: {error.strerror}; the webhook writes it") from None

    @classmethod
    def parse(cls, text: str) -> Origins:
        """Raises ConfigError. Keys that are not known are ignored, so that a newer webhook can add some."""
        try:
            wire = json.loads(text)
            if wire["version"] > VERSION:
                raise ConfigError(f"origins.json is of version {wire['version']}, this program reads {VERSION}: update it")
            return cls(
                port=int(wire["port"]),
                names=tuple(Name(n["name"], n["origin"], tuple(n.get("domains", ()))) for n in wire["names"]),
                scheduler=_scheduler(wire.get("scheduler")),
                ticket_keys=tuple(wire.get("ticketKeys", ())),
                order_keys=tuple(wire.get("orderKeys", ())),
                sha256=hashlib.sha256(text.encode()).hexdigest(),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"origins.json is malformed: {type(error).__name__} {error}") from None

    def find(self, name: str) -> Name | None:
        return next((known for known in self.names if known.name == name), None)

    def to_json(self) -> str:
        """The text of the ConfigMap; the same for the same origins."""
        wire: dict[str, Any] = {
            "version": VERSION,
            "port": self.port,
            "names": [{"name": n.name, "origin": n.origin, "domains": list(n.domains)} for n in self.names],
            "ticketKeys": list(self.ticket_keys),
            "orderKeys": list(self.order_keys),
        }
        if self.scheduler:
            known = self.scheduler
            wire["scheduler"] = {"address": known.address, "serverName": known.server_name, "ca": known.ca}
        return json.dumps(wire, indent=1, sort_keys=True)


def _scheduler(wire: Any) -> Scheduler | None:
    return Scheduler(wire["address"], wire["serverName"], wire["ca"]) if wire else None
