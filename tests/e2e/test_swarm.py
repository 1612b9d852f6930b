"""A herd on shaped links: what the figures of the demo rest on, and that pieces travel while they arrive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.demo import herd
from tests.lab.metrics import samples
from tests.lab.scene import Scene

MBIT = 200.0


def test_peers_exchange_before_any_node_holds_a_whole_layer(installed: Scene) -> None:
    """Sampled while the herd runs: bytes from peers on a node while no agent has completed a blob larger than the config."""
    image = installed.new_image("team/herd:1", 4, 64 << 20)
    installed.lab.shape_all(MBIT)
    names = [node.name for node in installed.lab.nodes]
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(herd.start, installed.lab, "herd", image.reference, names, accelerated=True)
        seen = False
        while not future.done() and not seen:
            now = [samples(node.address) for node in installed.lab.nodes]
            whole = sum(sample.get(("p2p_layers_complete", ""), 0) for sample in now)
            seen = whole == 0 and any(sample.get(("p2p_bytes_total", "peer"), 0) > 1 << 20 for sample in now)
        result = future.result()
    assert seen
    assert result.failed == 0
    assert result.origin_bytes <= 1.02 * image.size
    assert min(moved.sent_to_peers for moved in result.nodes.values()) >= 0.2 * image.size


def test_a_late_node_takes_no_blob_bytes_from_the_registry(installed: Scene) -> None:
    image = installed.new_image("team/late:1", 2, 8 << 20)
    names = [node.name for node in installed.lab.nodes]
    assert herd.start(installed.lab, "first", image.reference, names, accelerated=True).failed == 0
    node = installed.lab.add_node()
    installed.wait_for_agent(node.name)
    late = herd.start(installed.lab, "late", image.reference, [node.name], accelerated=True)
    assert (late.failed, late.origin_bytes) == (0, 0)
