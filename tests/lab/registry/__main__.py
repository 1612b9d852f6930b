"""The process behind all names of the registry: python -m tests.lab.registry SETTINGS.json (see `tests.lab.registry`)."""

from __future__ import annotations

import json
import secrets
import sys
import threading
from pathlib import Path

from tests.lab.pki import Pair
from tests.lab.registry.counter import Counter
from tests.lab.registry.front import Front
from tests.lab.registry.server import Server, Site
from tests.lab.registry.storage import Signer, Storage
from tests.lab.registry.tokens import Tokens


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    signer = Signer(settings["storageHost"], secrets.token_bytes(32), settings["life"])
    storage = Storage(settings["storageUrl"], Path(settings["root"]), signer)
    sites: dict[str, Site] = dict.fromkeys(settings["domains"], Front(settings["upstream"], storage))
    sites[settings["storageHost"]] = storage
    sites[settings["tokenHost"]] = Tokens(Path(settings["users"]), settings["service"], _pair(settings["signer"]))
    servers = [Server((address, settings["port"]), sites, _pair(settings["tls"])) for address in settings["addresses"]]
    first = settings["addresses"][0]
    servers.append(Server((first, settings["counterPort"]), {first: Counter(storage)}))
    for server in servers:
        threading.Thread(target=server.serve_forever).start()


def _pair(files: dict[str, str]) -> Pair:
    return Pair(Path(files["certificate"]), Path(files["key"]))


if __name__ == "__main__":
    main()
