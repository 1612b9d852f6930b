"""Tickets and orders: what a signature vouches for."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from p2p.swarm.errors import BadOrder, BadTicket
from p2p.swarm.frames import HEADER_SIZE, Kind, unpack
from p2p.swarm.orders import Order, order_frame, verify_order
from p2p.swarm.signing import private_key, public_keys
from p2p.swarm.tickets import LIFE, Ticket, sign, verify

NOW = 1_000_000
DIGEST = "sha256:" + "ab" * 32
TICKET = Ticket("node-1", "10.0.0.1", "https://o.example", "team/app", frozenset({DIGEST}), NOW + 60, NOW + 1000)
OLD, NEW, FOREIGN = (Ed25519PrivateKey.generate() for _ in range(3))
KEYS = [OLD.public_key(), NEW.public_key()]


@pytest.mark.parametrize("key", [OLD, NEW])
def test_old_and_new_keys_overlap(key: Ed25519PrivateKey) -> None:
    assert verify(sign(TICKET, key), KEYS) == TICKET


def test_a_ticket_is_good_for_its_address_and_digests_until_it_ends() -> None:
    TICKET.check(address="10.0.0.1", digest=DIGEST, now=NOW)
    for wrong in (
        {"address": "10.0.0.2", "digest": DIGEST, "now": NOW},
        {"address": "10.0.0.1", "digest": "sha256:" + "00" * 32, "now": NOW},
        {"address": "10.0.0.1", "digest": DIGEST, "now": NOW + 60},
    ):
        with pytest.raises(BadTicket):
            TICKET.check(**wrong)  # type: ignore[arg-type]


def changed(text: str) -> str:
    body, _, signature = text.partition(".")
    wire = json.loads(urlsafe_b64decode(body)) | {"address": "10.0.0.2"}
    return urlsafe_b64encode(json.dumps(wire).encode()).decode() + "." + signature


@pytest.mark.parametrize(
    "text",
    [
        sign(TICKET, FOREIGN),
        changed(sign(TICKET, OLD)),
        sign(TICKET, OLD)[:-8],
        sign(TICKET, OLD).partition(".")[0],
        "",
        ".",
        "é.\ud800",
        sign(replace(TICKET, address="not an address"), OLD),
    ],
)
def test_what_nobody_signed_is_refused(text: str) -> None:
    with pytest.raises(BadTicket):
        verify(text, KEYS)


def test_renewal_ends_when_the_origins_consent_is_old() -> None:
    assert TICKET.renewed(NOW + 100).expires == NOW + 100 + LIFE
    assert TICKET.renewed(NOW + 999).expires == NOW + 1000
    with pytest.raises(BadTicket):
        TICKET.renewed(NOW + 1000)


ORDER = Order("7", "leave", ("a.example:65001",), NOW + 60)


def body_of(frame: bytes) -> bytes:
    assert unpack(frame[:HEADER_SIZE]).kind is Kind.ORDER
    return frame[HEADER_SIZE:]


def test_an_order_is_read_as_it_was_signed() -> None:
    assert verify_order(body_of(order_frame(ORDER, NEW)), KEYS, NOW) == ORDER


@pytest.mark.parametrize(
    ("body", "now"),
    [
        (body_of(order_frame(ORDER, FOREIGN)), NOW),
        (body_of(order_frame(ORDER, NEW)).replace(b"a.example", b"b.example"), NOW),
        (body_of(order_frame(ORDER, NEW)), NOW + 60),
        (body_of(order_frame(replace(ORDER, do="dance"), NEW)), NOW),
        (b"{}", NOW),
        (b"", NOW),
    ],
)
def test_an_order_that_is_not_the_webhooks_is_refused(body: bytes, now: int) -> None:
    with pytest.raises(BadOrder):
        verify_order(body, KEYS, now)


def test_keys_are_read_from_their_files() -> None:
    pem = NEW.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text = b64encode(private_key(pem).public_key().public_bytes_raw()).decode()
    assert verify(sign(TICKET, NEW), public_keys([text])) == TICKET
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="Ed25519"):
        private_key(other)
    with pytest.raises(ValueError, match=r"base64|32 bytes|padding"):
        public_keys(["AAAA"])
