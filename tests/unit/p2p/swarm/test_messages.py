"""Messages between agent and scheduler: what is written can be read, and nothing else."""

from __future__ import annotations

import json

import pytest
from p2p.swarm.errors import ProtocolError
from p2p.swarm.messages import (
    MOST_MESSAGE,
    Adopt,
    AskTicket,
    FromAgent,
    FromScheduler,
    Gone,
    Got,
    Granted,
    Join,
    Lease,
    Leave,
    Missing,
    Peer,
    Push,
    Refused,
    Release,
    Renew,
    Want,
    read_from_agent,
    read_from_scheduler,
    write,
)

DIGEST = "sha256:" + "ab" * 32
SECRET = "Bearer a-secret"


@pytest.mark.parametrize(
    "message",
    [
        AskTicket(1, "https://registry.example", "team/app", DIGEST, SECRET, frozenset({DIGEST})),
        Renew(2, "old"),
        Join(DIGEST, 100_000, 65_536, "ticket", 0b101),
        Want(DIGEST, 0),
        Got(DIGEST, 0b110, 3),
        Missing(DIGEST, 1),
        Release(DIGEST, 1),
        Leave(DIGEST),
    ],
)
def test_from_agent(message: FromAgent) -> None:
    assert read_from_agent(write(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        Granted(1, "ticket"),
        Refused(1, "no"),
        Peer(DIGEST, "node-1", "fd00::1", 0),
        Lease(DIGEST, 3, 4),
        Push(DIGEST, 0b11, "node-1"),
        Adopt(DIGEST, 0b11, ("node-1", "node-2")),
        Gone(DIGEST, "node-1"),
    ],
)
def test_from_scheduler(message: FromScheduler) -> None:
    assert read_from_scheduler(write(message)) == message


def test_the_wire_is_as_documented() -> None:
    assert json.loads(write(Join(DIGEST, 100_000, 65_536, "t", 0b1101))) == {
        "version": 1,
        "op": "join",
        "digest": DIGEST,
        "size": 100_000,
        "pieceSize": 65_536,
        "ticket": "t",
        "have": [[0, 1], [2, 2]],
    }


def test_keys_that_are_not_known_are_ignored() -> None:
    assert read_from_agent(json.dumps({"version": 1, "op": "leave", "digest": DIGEST, "later": 1})) == Leave(DIGEST)


LEAVE = {"version": 1, "op": "leave", "digest": DIGEST}
GOT = {"version": 1, "op": "got", "digest": DIGEST, "pieces": [[0, 1]], "backlog": 0}


@pytest.mark.parametrize(
    "wire",
    [
        LEAVE | {"version": 2},
        LEAVE | {"version": True},
        LEAVE | {"op": "lease"},
        LEAVE | {"op": ["leave"]},
        LEAVE | {"digest": "sha256:../../etc/passwd"},
        LEAVE | {"digest": None},
        {"version": 1, "op": "leave"},
        GOT | {"backlog": -1},
        GOT | {"backlog": 1.5},
        GOT | {"pieces": [[0]]},
        GOT | {"pieces": [["0", 1]]},
        GOT | {"pieces": [[0, 1 << 40]]},
        GOT | {"pieces": {}},
        ["leave"],
        None,
    ],
)
def test_what_is_malformed_is_refused(wire: object) -> None:
    with pytest.raises(ProtocolError):
        read_from_agent(json.dumps(wire))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '"' + "x" * MOST_MESSAGE + '"'])
def test_what_is_no_json_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        read_from_agent(text)


def test_secrets_are_not_shown() -> None:
    ask = AskTicket(1, "https://registry.example", "team/app", DIGEST, SECRET, frozenset())
    assert "a-secret" not in repr(ask)
    wire = json.loads(write(ask)) | {"authorization": [SECRET]}
    with pytest.raises(ProtocolError) as raised:
        read_from_agent(json.dumps(wire))
    assert "a-secret" not in str(raised.value)
