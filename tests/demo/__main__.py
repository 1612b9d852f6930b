"""`nox -s demo`: the document's five steps on a cluster of this machine, then one image on all nodes without and with P2P."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.demo import document, figures, herd, screen
from tests.demo.figures import Figures
from tests.lab import inventory
from tests.lab.scene import Scene, raised
from tests.lab.shell import LabError

LAYERS, LAYER_BYTES = 4, 64 << 20
MBIT = 200.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s demo --", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--nodes", type=int, default=3, help="nodes from the start; one more joins late")
    args = parser.parse_args()
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="onectl-demo-") as folder:
            result = run(Path(folder), args.nodes)
    except (screen.DemoError, LabError) as why:
        print(f"Error: {why}", file=sys.stderr)
        return 1
    if args.json:
        result.write(args.json)
    screen.note(f"the demo took {time.monotonic() - began:.0f} s")
    return 1 if result.failed_pods or result.left_behind else 0


def run(folder: Path, nodes: int) -> Figures:
    screen.note(f"a cluster of {nodes} nodes comes up, each link {MBIT:.0f} Mbit/s, the registry's too …")
    with raised(folder, nodes) as scene:
        document.make_image(scene)
        one, two = (scene.new_image(f"docker-builder/{name}:1", LAYERS, LAYER_BYTES) for name in ("direct", "swarm"))
        scene.lab.shape_all(MBIT)
        document.grant(scene)
        before = scene.take_inventory()
        document.install(scene)
        document.accelerate_and_verify(scene)
        direct, p2p, late = herds(scene, one.reference, two.reference)
        screen.chapter("What it took")
        screen.table(figures.rows(two.size, direct, p2p, late))
        document.upgrade(scene)
        scene.remove_namespace()
        document.uninstall(scene)
        left = whats_left(scene, before)
        return figures.conclude(two.size, direct, p2p, late, left)


def herds(scene: Scene, one: str, two: str) -> tuple[figures.Herd, figures.Herd, figures.Herd]:
    """One image on all nodes without P2P, another with it, and that one on a node that joins late."""
    names = [node.name for node in scene.lab.nodes]
    screen.chapter(f"One image of {LAYERS * LAYER_BYTES >> 20} MiB, {LAYERS} layers, on {len(names)} nodes at once")
    screen.note("without P2P …")
    direct = herd.start(scene.lab, "direct", one, names, accelerated=False)
    screen.note(f"… {direct.seconds:.1f} s. With P2P, other random bytes …")
    p2p = herd.start(scene.lab, "swarm", two, names, accelerated=True)
    screen.note(f"… {p2p.seconds:.1f} s. One more node joins …")
    node = scene.lab.add_node()
    scene.lab.shape(node.host, MBIT)
    scene.wait_for_agent(node.name)
    scene.wait_for_swarm()
    return direct, p2p, herd.start(scene.lab, "late", two, [node.name], accelerated=True)


def whats_left(scene: Scene, before: inventory.Inventory) -> list[str]:
    """Compare with the inventory taken before the installation; the node that joined since is a node more, not a leftover."""
    screen.chapter("What is left")
    scene.make_namespace()
    known = [node for node in scene.lab.nodes if any(name.startswith(f"{node.name} ") for name in before)]
    late = [node.name for node in scene.lab.nodes if node not in known]
    left = [line for line in scene.settled_differences(before) if not any(name in line for name in late)]
    screen.say("  " + ("\n  ".join(left) or "nothing: every object, file, socket, mount and rule is as it was before"))
    return left


if __name__ == "__main__":
    sys.exit(main())
