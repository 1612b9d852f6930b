"""What an operator gets wrong: one clear line, its exit code, nothing changed."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import GRANT, INSTALL
from tests.lab import cloud, control, inventory
from tests.lab.operator import Operator, Typed
from tests.lab.scene import ADDON, Scene


@pytest.fixture(scope="module")
def before(granted: Scene) -> inventory.Inventory:
    return granted.take_inventory()


def assert_refused(typed: Typed, code: int, *words: str) -> None:
    """One line that begins with Error, an exit code, no traceback; the words are in it or in the hint that follows."""
    assert typed.code == code, typed.stderr
    assert typed.stdout == ""
    assert "Traceback" not in typed.stderr
    assert sum(line.startswith("Error: ") for line in typed.stderr.splitlines()) == 1
    for word in words:
        assert word in typed.stderr


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("onectl addon install ack-acr-accelerator --set region=r", 2, ["ack-acr-accelerator", ADDON]),
        (f"{INSTALL},p2p.prot=65001", 2, ["p2p.prot", "p2p.port"]),
        (f"{INSTALL},p2p.port=high", 2, ["p2p.port", "integer"]),
        (INSTALL.replace("acrInstances=cri-test", "acrInstances=cri-none"), 1, ["cri-none", "cn-hangzhou"]),
        (f"onectl addon upgrade {ADDON} --set p2p.plusMode.cacheTTL=72h", 1, [ADDON, "install"]),
        (f"onectl addon uninstall {ADDON}", 1, [ADDON, "not installed"]),
        (f"{INSTALL} --set region", 2, ["region"]),
    ],
    ids=["addon", "key", "type", "instance", "upgrade", "uninstall", "grammar"],
)
def test_wrong_words(granted: Scene, before: inventory.Inventory, command: str, code: int, words: list[str]) -> None:
    assert_refused(granted.operator.type(command), code, *words)
    assert granted.settled_differences(before) == []


def test_no_helm(granted: Scene) -> None:
    """Only onectl is on PATH."""
    operator = Operator(granted.operator.home, granted.operator.programs[:1], granted.operator.environment)
    assert_refused(operator.type(INSTALL), 1, "helm")


def test_no_cluster(granted: Scene) -> None:
    typed = granted.operator.type(INSTALL, KUBECONFIG="/nowhere/config")
    assert_refused(typed, 2, "/nowhere/config")


def test_a_cluster_that_does_not_answer(granted: Scene) -> None:
    text = granted.lab.kubeconfig.read_text().replace("10.90.0.1:6443", "10.90.0.1:6444")
    config = granted.folder / "unreachable.conf"
    config.write_text(text)
    assert_refused(granted.operator.type(INSTALL, KUBECONFIG=str(config)), 3, "10.90.0.1:6444")


def test_no_permission_in_the_cluster(granted: Scene, before: inventory.Inventory) -> None:
    config = granted.folder / "nobody.conf"
    config.write_text(granted.lab.control.kubeconfig(control.NOBODY))
    assert_refused(granted.operator.type(INSTALL, KUBECONFIG=str(config)), 3, "nobody")
    assert granted.settled_differences(before) == []


def test_no_permission_in_ram(granted: Scene) -> None:
    """A caller without a policy gets a real 403."""
    operator = Operator(granted.operator.home, granted.operator.programs, cloud.STRANGER.environment())
    assert_refused(operator.type(GRANT), 3, "NoPermission")


def test_a_port_in_use_on_a_node_is_named_with_its_holder_and_rolled_back(granted: Scene, before: inventory.Inventory) -> None:
    node = granted.lab.nodes[1]
    listener = "import socket,time; s=socket.create_server(('127.0.0.1', 65001)); print('up', flush=True); time.sleep(600)"
    with node.running("python3", "-c", listener):
        typed = granted.operator.type(INSTALL)
    assert_refused(typed, 1, node.name, "65001", "python3")
    assert granted.settled_differences(before) == []
