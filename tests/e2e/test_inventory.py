"""The inventory sees what it is there for: one thing of each kind is planted, and each is named."""

from __future__ import annotations

from tests.lab import inventory
from tests.lab.scene import Scene


def test_one_planted_thing_of_each_kind_is_named(scene: Scene) -> None:
    node = scene.lab.nodes[0]
    before = inventory.take(scene.lab, scene.lab.nodes)
    scene.lab.kubectl("-n", "default", "create", "configmap", "planted")
    node.run("mkdir", "-p", "/etc/planted")
    node.run("touch", "/etc/planted/file")
    node.run("mount", "-t", "tmpfs", "planted", "/mnt")
    node.run("nft", "add", "table", "inet", "planted")
    listener = "import socket,time; s=socket.create_server(('127.0.0.1', 4711)); print('up', flush=True); time.sleep(600)"
    with node.running("python3", "-c", listener):
        named = inventory.differences(before, inventory.take(scene.lab, scene.lab.nodes))
    for line in (
        "new: object ConfigMap default/planted",
        f"new: {node.name} file /etc/planted/file",
        f"new: {node.name} mount /mnt",
        f"new: {node.name} nft table inet planted {{",
        f"new: {node.name} socket tcp 127.0.0.1:4711",
    ):
        assert line in named
