"""The process behind all names of the registry: python -m tests.lab.registry SETTINGS.json (see `tests.lab.registry`)."""

from __future__ import annotations

import json
import secrets
import sys
import threading
from pathlib import Path

from tests.lab.pki import Pair
from tests.lab.registry.front import Front
from tests.lab.registry.server import Server, Site
from tests.lab.registry.storage import Counter, Storage
from tests.lab.registry.tokens import Tokens


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    storage = Storage(settings["storageHost"], Path(settings["root"]), secrets.token_bytes(32), settings["life"])
    signer = Pair(Path(settings["signer"]["certificate"]), Path(settings["signer"]["key"]))
    front = Front(settings["upstream"], storage)
    sites: dict[str, Site] = dict.fromkeys(settings["domains"], front)
    sites[settings["storageHost"]] = storage
    sites[settings["tokenHost"]] = Tokens(Path(settings["users"]), settings["service"], signer)
    tls = Pair(Path(settings["tls"]["certificate"]), Path(settings["tls"]["key"]))
    server = Server((settings["address"], settings["port"]), sites, tls)
    counter = Server((settings["address"], settings["counterPort"]), {settings["address"]: Counter(storage)})
    threading.Thread(target=counter.serve_forever, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
