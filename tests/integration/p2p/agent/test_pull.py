"""What a container runtime sees of an agent whose registry works."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import urllib3

from tests.integration.p2p.agent.conftest import Origin, fetch, resolve
from tests.integration.p2p.agent.node import Node, running, until

MIB = 1 << 20


@pytest.mark.parametrize("size", [MIB, 33 * MIB], ids=["verified whole first", "while it arrives"])
def test_a_blob_is_what_its_digest_says_and_leaves_the_origin_once(started: Node, origin: Origin, size: int) -> None:
    image, bearer, before = origin.push(2, size), origin.bearer(), origin.payload()
    resolve(started, image, bearer)
    for number, digest in enumerate(image.layers):
        answer = fetch(started, image.blob_path(number), bearer)
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(size))
        assert f"sha256:{hashlib.sha256(answer.data).hexdigest()}" == digest
    config = 300
    assert 2 * size <= origin.payload() - before <= 2 * size + config
    assert started.metric('p2p_sent_bytes_total{to="runtime"}') == 2 * size


def test_memory_stays_flat_whatever_the_size(node: Node, origin: Origin) -> None:
    image, bearer = origin.push(1, 256 * MIB), origin.bearer()
    with running(node) as agent:
        resolve(node, image, bearer)
        body, digest = fetch(node, image.blob_path(), bearer), hashlib.sha256()
        while data := body.read(MIB):
            digest.update(data)
        assert f"sha256:{digest.hexdigest()}" == image.layers[0]
        status = Path(f"/proc/{agent.pid}/status").read_text()
    (most,) = (int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    assert most < 128 << 10, f"{most} KiB"


def test_the_layers_are_on_their_way_before_the_runtime_asks_for_them(started: Node, origin: Origin) -> None:
    image = origin.push(3, MIB)
    resolve(started, image, origin.bearer())
    until("three layers are there", lambda: started.metric("p2p_layers_complete") == 3)


def test_a_range_is_given_as_asked_and_one_past_the_end_refused(started: Node, origin: Origin) -> None:
    image, bearer = origin.push(1, MIB), origin.bearer()
    resolve(started, image, bearer)
    whole = fetch(started, image.blob_path(), bearer).data
    for asked, start, end in (
        ("bytes=0-", 0, MIB),
        ("bytes=70000-", 70000, MIB),
        ("bytes=5-9", 5, 10),
        ("bytes=-3", MIB - 3, MIB),
    ):
        part = fetch(started, image.blob_path(), bearer | {"Range": asked})
        assert (part.status, part.headers["Content-Range"]) == (206, f"bytes {start}-{end - 1}/{MIB}")
        assert part.data == whole[start:end]
    past = fetch(started, image.blob_path(), bearer | {"Range": f"bytes={MIB}-"})
    assert (past.status, past.headers["Content-Range"], past.data) == (416, f"bytes */{MIB}", b"")


def test_a_head_of_a_blob_tells_its_size(started: Node, origin: Origin) -> None:
    image, bearer = origin.push(1, MIB), origin.bearer()
    resolve(started, image, bearer)
    head = started.ask("HEAD", image.blob_path(), bearer)
    assert (head.status, head.headers["Content-Length"]) == (200, str(MIB))
    assert head.headers["Docker-Content-Digest"] == image.layers[0]


def test_an_address_serves_once(started: Node, origin: Origin) -> None:
    image, bearer = origin.push(1, MIB), origin.bearer()
    resolve(started, image, bearer)
    location = started.ask("GET", image.blob_path(), bearer).headers["Location"]
    first, second = (urllib3.request("GET", location, retries=False) for _ in range(2))
    assert (first.status, len(first.data), second.status, second.data) == (200, MIB, 404, b"")


def test_a_runtime_that_hangs_up_early_leaves_the_blob_to_the_next(started: Node, origin: Origin) -> None:
    image, bearer = origin.push(1, 33 * MIB), origin.bearer()
    resolve(started, image, bearer)
    early = fetch(started, image.blob_path(), bearer)
    early.read(1000)
    early.close()
    whole = fetch(started, image.blob_path(), bearer)
    assert f"sha256:{hashlib.sha256(whole.data).hexdigest()}" == image.layers[0]
    assert "Traceback" not in started.log("agent")
