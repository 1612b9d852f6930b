"""What is mounted: the origins, and the scheduler's keys. Both change while it runs, and are read again when they do."""

from __future__ import annotations

import ssl
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2p.config.errors import ConfigError
from p2p.config.origins import Origins
from p2p.registry.origin import Origin
from p2p.swarm.signing import PublicKeys, private_key, public_keys


class Mounted:
    """`read()` takes all of it anew; the kubelet swaps whole directories, so that a reader sees one state."""

    def __init__(self, origins: Path, keys: Path, ca_file: Path | None) -> None:
        self._origins_file, self._keys_directory, self._ca_file = origins, keys, ca_file
        self._registries: dict[str, Origin] = {}
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.read()

    def read(self) -> None:
        """Raises ConfigError: what is malformed or missing, and who writes it."""
        origins = Origins.load(self._origins_file)
        try:
            signing_key = private_key((self._keys_directory / "ticket.key").read_bytes())
            known_keys = [signing_key.public_key(), *public_keys(origins.ticket_keys)]
            self.tls.load_cert_chain(self._keys_directory / "scheduler.crt", self._keys_directory / "scheduler.key")
        except (OSError, ValueError) as error:
            raise ConfigError(f"a key in {self._keys_directory} can't be used: {error}; the webhook writes it") from None
        self._signing_key: Ed25519PrivateKey = signing_key
        self._known_keys: PublicKeys = known_keys
        self._urls = {name.origin for name in origins.names}

    def signing_key(self) -> Ed25519PrivateKey:
        return self._signing_key

    def known_keys(self) -> PublicKeys:
        return self._known_keys

    def registry(self, url: str) -> Origin | None:
        """The client of an origin of this cluster."""
        if url not in self._urls:
            return None
        return self._registries.setdefault(url, Origin(url, self._ca_file))
