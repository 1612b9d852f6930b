"""The cloud's process: python -m tests.lab.cloud SETTINGS.json (see `tests.lab.cloud`)."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.lab.cloud.accounts import CUSTOM, SYSTEM, Accounts, Key, Policy
from tests.lab.cloud.cr import Cr, Instance
from tests.lab.cloud.server import Calls, Cloud
from tests.lab.pki import Pair
from tests.lab.registry.server import Server

BEGINNING = "2026-01-01T00:00:00Z"


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    instances = {row["id"]: Instance(**row) for row in settings["instances"]}
    cloud = Cloud(accounts(settings["users"]), Cr(instances))
    tls = Pair(Path(settings["tls"]["certificate"]), Path(settings["tls"]["key"]))
    address = settings["address"]
    server = Server((address, settings["port"]), dict.fromkeys([address, *settings["names"]], cloud), tls)
    calls = Server((address, settings["callsPort"]), {address: Calls(cloud)})
    for each in (server, calls):
        threading.Thread(target=each.serve_forever).start()


def accounts(users: Iterable[Mapping[str, Any]]) -> Accounts:
    """Those that are there from the start. system: names of system policies; document: that of a policy of its own."""
    found = Accounts(BEGINNING)
    for row in users:
        user = found.add_user(row["name"], BEGINNING)
        user.keys.append(Key(row["keyId"], row["keySecret"], BEGINNING))
        user.policies |= {(SYSTEM, name): BEGINNING for name in row["system"]}
        if row["document"]:
            policy = found.add_policy(Policy(CUSTOM, f"{user.name}-policy", "", BEGINNING), row["document"])
            user.policies[policy.reference] = BEGINNING
    return found


if __name__ == "__main__":
    main()
