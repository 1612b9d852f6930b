"""The cloud's process: python -m tests.lab.cloud SETTINGS.json (see `tests.lab.cloud`)."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from tests.lab.cloud.accounts import FULL_ACCESS, Accounts, Key, Policy, User, Version
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
    threading.Thread(target=calls.serve_forever, daemon=True).start()
    server.serve_forever()


def accounts(users: list[dict[str, str]]) -> Accounts:
    """Those that are there from the start; each has a key, and a policy of its own document when one is given."""
    found = Accounts()
    for row in users:
        user = User(row["name"], BEGINNING, [Key(row["keyId"], row["keySecret"])])
        if document := row.get("policy"):
            name = f"{row['name']}-policy"
            text = FULL_ACCESS if document == "*" else document
            found.policies[name] = Policy(name, "", BEGINNING, [Version("v1", text)])
            user.policies.append(name)
        found.users[user.name] = user
    return found


if __name__ == "__main__":
    main()
