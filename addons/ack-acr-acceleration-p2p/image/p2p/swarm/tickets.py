"""Tickets: who may exchange which digests, for how long, in the scheduler's Ed25519 signature."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2p.swarm.codec import Address, Digests, Number, Text, decode, dump, load
from p2p.swarm.errors import BadTicket, ProtocolError
from p2p.swarm.signing import PublicKeys, is_signed

LIFE = 600  # seconds that a ticket is valid
RENEWABLE = 24 * 3600  # seconds after the origin's consent in which the scheduler signs it again
MOST_TICKET = 1 << 16


@dataclass(frozen=True)
class Ticket:
    """The origin let `node` have `digests` of `repository`. Times are seconds since the epoch."""

    node: Text
    address: Address
    origin: Text
    repository: Text
    digests: Digests
    expires: Number
    renewable: Number

    def check(self, *, address: str, digest: str, now: float) -> None:
        """Raises BadTicket unless the peer at `address` may have `digest` now."""
        if now >= self.expires:
            raise BadTicket("the ticket has expired")
        if address != self.address:
            raise BadTicket(f"the ticket is for {self.address}, not {address}")
        if digest not in self.digests:
            raise BadTicket(f"the ticket does not name {digest}")

    def renewed(self, now: float) -> Ticket:
        """Raises BadTicket when the origin's consent is too long ago."""
        if now >= self.renewable:
            raise BadTicket("the ticket can't be renewed any more")
        return replace(self, expires=min(int(now) + LIFE, self.renewable))


def sign(ticket: Ticket, key: Ed25519PrivateKey) -> str:
    body = urlsafe_b64encode(dump(ticket).encode())
    return (body + b"." + urlsafe_b64encode(key.sign(body))).decode()


def verify(text: str, keys: PublicKeys) -> Ticket:
    """The ticket, if one of the keys signed it; whether it has expired is left to check(). Raises BadTicket."""
    body, _, signature = text.encode("ascii", "replace").partition(b".")
    try:
        if not is_signed(urlsafe_b64decode(signature), body, keys):
            raise BadTicket("nobody known signed the ticket")
        return decode(Ticket, load(urlsafe_b64decode(body), MOST_TICKET))
    except (binascii.Error, ProtocolError):
        raise BadTicket("the ticket is malformed") from None
