"""Beginning and end of agent and setup."""

from __future__ import annotations

import hashlib
import json
import socket
import time
import urllib.request

from p2p.config.names import hosts_directory
from p2p.config.origins import Name, Origins
from p2p.swarm.frames import HEADER_SIZE, Kind, unpack
from p2p.swarm.orders import Order, order_frame

from tests.integration.p2p.agent.conftest import Origin, fetch, resolve
from tests.integration.p2p.agent.node import ADDRESS, MANIFEST, NAME, Node, running, stop, until

MIB = 1 << 20


def test_an_address_that_is_taken_ends_the_agent_and_is_named_by_the_check(node: Node) -> None:
    with socket.create_server((ADDRESS, node.port)):
        with node.role("agent") as agent:
            assert agent.wait(10) == 1
        with node.role("setup", "check") as check:
            assert check.wait(10) == 1
    assert node.log("agent") == f"Error: {ADDRESS}:{node.port} can't be bound: Address already in use\n"
    assert f"port {node.port} on {ADDRESS} is held by " in node.log("setup")
    with node.role("setup", "check") as check:
        assert check.wait(10) == 0


def test_sigterm_lets_a_transfer_end_and_leaves_the_node_as_it_is(node: Node, origin: Origin) -> None:
    with running(node) as agent:
        image, bearer = origin.push(1, 40 * MIB), origin.bearer()
        resolve(node, image, bearer)
        body = fetch(node, image.blob_path(), bearer)
        first = body.read(1000)
        agent.terminate()
        assert hashlib.sha256(first + body.data).hexdigest() == image.layers[0].removeprefix("sha256:")
        assert agent.wait(10) == 0
    assert (node.hosts_dir / hosts_directory(NAME) / "hosts.toml").exists()


def test_new_origins_are_served_without_a_restart(started: Node, origin: Origin) -> None:
    second = "other.distributed.cn-hangzhou.cr.aliyuncs.com:65001"
    image, bearer = origin.push(1, MIB), origin.bearer()
    text = Origins(port=started.port, names=(Name(NAME, origin.url), Name(second, origin.url))).to_json()
    started.origins_file.write_text(text)
    until("both are in place", lambda: in_place(started) == hashlib.sha256(text.encode()).hexdigest())
    accept = {**bearer, "Accept": MANIFEST}
    assert started.ask("HEAD", image.manifest_path(image.tag), accept, ns=second).status == 200


def in_place(node: Node) -> str:
    with urllib.request.urlopen(f"http://{ADDRESS}:{node.metrics_port}/origins", timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def give(node: Node, order: Order) -> dict[str, object]:
    """Give an order as the webhook does; the answer is the state of setup."""
    with socket.create_connection((ADDRESS, node.port)) as sock, sock.makefile("rb") as answers:
        sock.sendall(order_frame(order, node.order_key))
        header = unpack(answers.read(HEADER_SIZE))
        assert header.kind is Kind.DONE
        state: dict[str, object] = json.loads(answers.read(header.length))
        return state


def test_an_order_to_leave_takes_away_all_that_was_made(started: Node) -> None:
    assert started.hosts_dir.is_dir()
    state = give(started, Order("1", "leave", (), int(time.time()) + 20))
    assert state == {"version": 1, "state": "removed", "names": [], "order": "1", "error": ""}
    assert list((started.directory / "etc").iterdir()) == []
    until("the agent says so", lambda: not started.is_ready())


def test_a_name_in_use_keeps_a_hosts_file_that_leads_to_the_origin_only(started: Node, origin: Origin) -> None:
    state = give(started, Order("2", "leave", (NAME,), int(time.time()) + 20))
    assert (state["state"], state["names"], state["order"]) == ("origin-only", [NAME], "2")
    (text,) = (path.read_text() for path in started.hosts_dir.glob("*/hosts.toml"))
    assert f'server = "{origin.url}"' in text
    assert "127.0.0.1:" + str(started.port) not in text


def test_stopping_ends_with_zero(node: Node) -> None:
    with node.role("setup") as setup, node.role("agent") as agent:
        until("ready", node.is_ready)
        assert (stop(agent), stop(setup)) == (0, 0)
