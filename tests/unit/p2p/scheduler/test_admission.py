"""Whom the scheduler gives a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from p2p.registry.errors import Refused, Unavailable
from p2p.scheduler.admission import Admission
from p2p.scheduler.callers import Caller
from p2p.swarm.errors import BadTicket, TicketRefused
from p2p.swarm.messages import AskTicket
from p2p.swarm.tickets import LIFE, RENEWABLE, Ticket, sign, verify

URL = "https://registry.example"
LISTED = frozenset(f"sha256:{number:064x}" for number in range(3))
OTHER = f"sha256:{9:064x}"
ASK = AskTicket(1, URL, "team/app", f"sha256:{7:064x}", "Bearer good", LISTED)
CALLER = Caller("node-1", "10.0.0.1")
KEY = Ed25519PrivateKey.generate()
NOW = 1_000_000


class Registry:
    def check_manifest(self, repository: str, digest: str, authorization: str) -> frozenset[str]:
        if authorization == "Bearer slow":
            raise Unavailable("too slow")
        if (repository, digest, authorization) != (ASK.repository, ASK.manifest, ASK.authorization):
            raise Refused("answered 403", 403)
        return LISTED


@pytest.fixture
def admission() -> Iterator[Admission]:
    with ThreadPoolExecutor(1) as threads:
        yield Admission(
            lambda url: Registry() if url == URL else None, lambda: KEY, lambda: [KEY.public_key()], threads, lambda: NOW
        )


def read(text: str) -> Ticket:
    return verify(text, [KEY.public_key()])


async def test_a_ticket_says_what_was_checked(admission: Admission) -> None:
    ask = replace(ASK, digests=frozenset(list(LISTED)[:1]))
    assert read(await admission.grant(ask, CALLER)) == Ticket(
        "node-1", "10.0.0.1", URL, "team/app", ask.digests, NOW + LIFE, NOW + RENEWABLE
    )


@pytest.mark.parametrize(
    "change",
    [
        {"authorization": "Bearer bad"},
        {"authorization": "Bearer slow"},
        {"repository": "team/secret"},
        {"origin": "https://evil.example"},
        {"digests": LISTED | {OTHER}},
    ],
)
async def test_what_the_origin_did_not_grant_is_refused(admission: Admission, change: dict[str, str]) -> None:
    with pytest.raises(TicketRefused):
        await admission.grant(replace(ASK, **change), CALLER)  # type: ignore[arg-type]


async def test_a_ticket_is_renewed_for_its_own_node_only(admission: Admission) -> None:
    old = sign(replace(read(await admission.grant(ASK, CALLER)), expires=NOW - 1), KEY)
    assert read(admission.renew(old, CALLER)).expires == NOW + LIFE
    for caller in (Caller("node-2", "10.0.0.1"), Caller("node-1", "10.0.0.2")):
        with pytest.raises(TicketRefused):
            admission.renew(old, caller)


async def test_joining_takes_a_ticket_that_is_the_callers_and_names_the_blob(admission: Admission) -> None:
    text = await admission.grant(ASK, CALLER)
    digest = min(LISTED)
    admission.check(text, digest, CALLER)
    expired = sign(replace(read(text), expires=NOW), KEY)
    for wrong in (
        (text, OTHER, CALLER),
        (text, digest, Caller("node-2", "10.0.0.1")),
        (text, digest, Caller("node-1", "10.0.0.2")),
        (expired, digest, CALLER),
    ):
        with pytest.raises(BadTicket):
            admission.check(*wrong)
