"""The runtime's hosts files (containerd's docs/hosts.md): what is to be there for which name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from p2p.config.origins import Name

MARK = "# Written by ack-acr-acceleration-p2p, which also takes it away; changes are overwritten."
HOSTS_FILE = "hosts.toml"
DOOR_CA_FILE = "ca.crt"
ORIGIN_CA_FILE = "origin-ca.crt"

Files = Mapping[str, bytes]  # by name, in one directory


@dataclass(frozen=True)
class Door:
    """The agent's door for the runtime; `ca` is the PEM that its certificate goes back to."""

    port: int
    ca: bytes


def hosts_files(name: Name, door: Door | None, origin_ca: bytes | None) -> Files:
    """The files of a name's directory. The origin comes last, as `server`: it serves when the agent does not.

    Without a door only the origin is left. File names in it are relative to its directory. `origin_ca` is trusted at the door
    too: its challenge leads to the origin's token server, which the runtime asks as it asks the door.
    """
    lines = [MARK, f'server = "{name.origin}"']
    files: dict[str, bytes] = {}
    if origin_ca:
        lines.append(f'ca = "{ORIGIN_CA_FILE}"')
        files[ORIGIN_CA_FILE] = origin_ca
    if door:
        lines += [
            "",
            f'[host."https://127.0.0.1:{door.port}"]',
            'capabilities = ["pull", "resolve"]',
            f"ca = {json.dumps([DOOR_CA_FILE, *files])}",
            'dial_timeout = "1s"',
        ]
        files[DOOR_CA_FILE] = door.ca
    # The hosts file comes last: when it is there, what it names is there too.
    return {**files, HOSTS_FILE: ("\n".join(lines) + "\n").encode()}
