"""A real containerd's resolver and fetcher pull through the hosts files that setup wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.p2p.agent.conftest import Origin, Pushed
from tests.integration.p2p.agent.node import NAME, Node, make_node, running, until
from tests.lab import registry

MIB = 1 << 20


@pytest.fixture
def containerd(tmp_path: Path) -> Iterator[Path]:
    """The socket of a containerd that holds nothing."""
    folder = tmp_path / "containerd"
    folder.mkdir()
    socket, config = folder / "sock", folder / "config.toml"
    config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
    words: list[str | Path] = ["--config", config, "--root", folder / "root", "--state", folder / "state", "--address", socket]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", *words], stdout=log, stderr=log)
    try:
        until("containerd answers", lambda: socket.exists() and ctr(socket, "version").returncode == 0)
        yield socket
    finally:
        process.terminate()
        process.wait(10)


def ctr(socket: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ctr", "--address", socket, *words], capture_output=True, text=True, timeout=60)


def pulling(socket: Path, node: Node, image: Pushed, password: str = registry.PASSWORD) -> subprocess.Popen[str]:
    user = f"{registry.USER}:{password}"
    reference, pipe = f"{NAME}/{image.repository}:{image.tag}", subprocess.PIPE
    words: list[str | Path] = ["ctr", "--address", socket, "content", "fetch", "--user", user, "--hosts-dir", node.hosts_dir]
    return subprocess.Popen([*words, reference], stdout=pipe, stderr=pipe, text=True)


def pull(socket: Path, node: Node, image: Pushed, password: str = registry.PASSWORD) -> str:
    """Its error, empty when the pull succeeded."""
    with pulling(socket, node, image, password) as process:
        _, error = process.communicate(timeout=60)
    return error if process.returncode else ""


def holds(socket: Path, digests: list[str]) -> bool:
    return set(digests) <= set(ctr(socket, "content", "ls", "--quiet").stdout.split())


def test_a_pull_goes_through_the_agent(started: Node, origin: Origin, containerd: Path) -> None:
    image = origin.push(3, 33 * MIB)
    assert pull(containerd, started, image) == ""
    assert holds(containerd, [image.manifest, *image.layers])
    assert started.metric('p2p_sent_bytes_total{to="runtime"}') > 3 * 33 * MIB


def test_with_the_agent_away_the_origin_serves(node: Node, origin: Origin, containerd: Path) -> None:
    image = origin.push(1, MIB)
    with running(node):
        pass
    assert pull(containerd, node, image) == ""
    assert holds(containerd, image.layers)


def test_an_agent_that_dies_in_the_middle_fails_no_pull(tmp_path: Path, origin: Origin, containerd: Path) -> None:
    (tmp_path / "node").mkdir()
    node = make_node(tmp_path / "node", origin.url, origin.ca_file, P2P_RATELIMIT="10M")
    image = origin.push(1, 40 * MIB)
    with running(node) as agent, pulling(containerd, node, image) as process:
        until("some of it was sent", lambda: node.metric('p2p_sent_bytes_total{to="runtime"}') > 4 * MIB)
        assert process.poll() is None
        agent.kill()
        _, error = process.communicate(timeout=60)
        assert (process.returncode, error) == (0, "")
    assert holds(containerd, image.layers)


def test_a_blob_that_the_agent_gives_up_comes_from_the_origin(tmp_path: Path, origin: Origin, containerd: Path) -> None:
    """The store is too small for it, so that the door answers 503."""
    (tmp_path / "node").mkdir()
    node = make_node(tmp_path / "node", origin.url, origin.ca_file, P2P_CACHE_CAPACITY="1Mi")
    image = origin.push(1, 5 * MIB)
    with running(node):
        assert pull(containerd, node, image) == ""
    assert holds(containerd, image.layers)


def test_a_wrong_password_gets_nothing(started: Node, origin: Origin, containerd: Path) -> None:
    image = origin.push(1, MIB)
    assert pull(containerd, started, image) == ""
    before = started.metric('p2p_sent_bytes_total{to="runtime"}')
    ctr(containerd, "content", "rm", image.manifest, *image.layers)
    assert "401" in pull(containerd, started, image, "wrong")
    assert started.metric('p2p_sent_bytes_total{to="runtime"}') == before
    assert not holds(containerd, image.layers)
