"""One agent alone: what a pull through it costs, in CPU seconds per GiB and in memory.

python -m tests.bench.agent_pull [MIB] pulls an image of four layers with the sum MIB (256), three at a time as runtimes do.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.integration.p2p.agent.conftest import Origin, Pushed, fetch, resolve
from tests.integration.p2p.agent.node import Node, make_node, running
from tests.lab import registry
from tests.lab.stand_in import stand_in

MIB = 1 << 20


def pull(node: Node, image: Pushed, headers: dict[str, str]) -> int:
    resolve(node, image, headers)

    def read(number: int) -> int:
        body, count = fetch(node, image.blob_path(number), headers), 0
        while data := body.read(MIB):
            count += len(data)
        return count

    with ThreadPoolExecutor(3) as threads:
        return sum(threads.map(read, range(len(image.layers))))


def report(what: str, node: Node, work: Callable[[], int]) -> None:
    cpu, begun = node.metric("process_cpu_seconds_total"), time.monotonic()
    gib = work() / (1 << 30)
    seconds, cpu = time.monotonic() - begun, node.metric("process_cpu_seconds_total") - cpu
    print(f"{what:24} {seconds:6.2f} s {cpu / gib:6.2f} CPU s/GiB")


def main() -> None:
    size = int(sys.argv[1]) * MIB if len(sys.argv) > 1 else 256 * MIB
    with tempfile.TemporaryDirectory() as folder, stand_in() as lab:
        place = registry.loopback()
        registry.start(lab, place)
        origin = Origin(lab, place, Path(folder) / "layouts")
        (Path(folder) / "node").mkdir()
        node = make_node(Path(folder) / "node", origin.url, origin.ca_file)
        image, headers = origin.push(4, size // 4), origin.bearer()
        with running(node) as agent:
            report("from the origin", node, lambda: pull(node, image, headers))
            report("from the store", node, lambda: pull(node, image, headers))
            status = Path(f"/proc/{agent.pid}/status").read_text()
            most = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
            print(f"{'memory at most':24} {int(most) / 1024:6.1f} MiB")


if __name__ == "__main__":
    main()
