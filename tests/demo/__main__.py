"""`nox -s demo`: the document's five steps on a cluster of this machine, then one image on all nodes without and with P2P."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.demo import document, figures, herd, screen, stage
from tests.demo.figures import Figures
from tests.lab import inventory
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
    with stage.raised(folder, nodes, MBIT) as scene:
        names = [f"node-{i}" for i in range(1, nodes + 1)]
        document.grant(scene)
        before = inventory.take(scene.lab, scene.lab.nodes())
        document.install(scene)
        document.accelerate_and_verify(scene)

        screen.chapter(f"One image of {LAYERS * LAYER_BYTES >> 20} MiB, {LAYERS} layers, on {nodes} nodes at once")
        one = scene.new_image("docker-builder/direct:1", LAYERS, LAYER_BYTES)
        two = scene.new_image("docker-builder/swarm:1", LAYERS, LAYER_BYTES)
        screen.note("without P2P …")
        direct = herd.start(scene.lab, "direct", one.reference, names, accelerated=False)
        screen.note(f"… {direct.seconds:.1f} s; with P2P, other random bytes …")
        p2p = herd.start(scene.lab, "swarm", two.reference, names, accelerated=True)
        screen.note(f"… {p2p.seconds:.1f} s; a fourth node joins late …")
        late = late_node(scene, two.reference)
        screen.chapter("What it took")
        screen.table(figures.rows(two.size, direct, p2p, late))

        document.upgrade(scene)
        scene.remove_workloads()
        document.uninstall(scene)
        left = stage.settled_differences(scene, before)
        screen.chapter("What is left")
        screen.say("  " + ("\n  ".join(left) or "nothing: every object, file, socket, mount and rule is as it was before"))
        return figures.conclude(two.size, direct, p2p, late, left)


def late_node(scene: stage.Scene, image: str) -> figures.Herd:
    """Let one more node join, wait until its agent is ready, start the image there alone."""
    node = scene.lab.add_node()
    stage.wait_for_agent(scene.lab, node.name)
    return herd.start(scene.lab, "late", image, [node.name], accelerated=True)


if __name__ == "__main__":
    sys.exit(main())
