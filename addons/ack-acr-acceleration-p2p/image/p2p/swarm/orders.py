"""Orders: what the webhook tells an agent through its peer door, in the webhook's Ed25519 signature."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2p.swarm.codec import Names, Number, Text, decode, dump, load
from p2p.swarm.errors import BadOrder, ProtocolError
from p2p.swarm.frames import MOST_BODY, Kind, pack
from p2p.swarm.signing import PublicKeys, is_signed


@dataclass(frozen=True)
class Order:
    """`do` is "leave": take the hosts files away, save those of the names in `keep`. `expires`: seconds since the epoch."""

    id: Text
    do: Text
    keep: Names
    expires: Number


def order_frame(order: Order, key: Ed25519PrivateKey) -> bytes:
    """The whole ORDER frame; the signature is over the order's JSON with sorted keys and no spaces."""
    unsigned = dump(order)
    signature = b64encode(key.sign(unsigned.encode())).decode()
    body = json.dumps({**json.loads(unsigned), "signature": signature}).encode()
    return pack(Kind.ORDER, len(body)) + body


def verify_order(body: bytes | memoryview, keys: PublicKeys, now: float) -> Order:
    """The order of an ORDER frame's body. Raises BadOrder."""
    try:
        wire = load(body, MOST_BODY)
        order = decode(Order, wire)
        signature = b64decode(str(wire.get("signature")), validate=True)
    except (binascii.Error, ProtocolError):
        raise BadOrder("the order is malformed") from None
    if not is_signed(signature, dump(order).encode(), keys):
        raise BadOrder("nobody known signed the order")
    if now >= order.expires or order.do != "leave":
        raise BadOrder("the order has expired or asks for something unknown")
    return order
