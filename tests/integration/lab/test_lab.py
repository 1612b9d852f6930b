"""The lab runs what the addon needs of a cluster. (Pulls from its registry: tests/e2e.)"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import claim, images, inventory
from tests.lab.cluster import CHECKOUT, Lab
from tests.lab.node import Node
from tests.lab.shell import LabError, until

PORT = 8000
SERVER = ["sh", "-c", f"cd /tmp && hostname >name && truncate -s 4M file && exec python3 -m http.server {PORT}"]
GET = "import urllib.request as u; print(u.urlopen('{}', timeout=5).read().decode().strip())"
# Whatever proxy the environment names: Pods are reached directly.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Two nodes, each with a web server that tells the name of its Pod, under one Service."""
    lab = Lab.up(nodes=2)
    try:
        for node in lab.nodes:
            load_base(node)
        lab.kubectl("apply", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": [servers(), service()]}))
        lab.kubectl("rollout", "status", "daemonset/web", "--timeout=60s")
        yield lab
    finally:
        lab.down()


def load_base(node: Node) -> None:
    node.run("ctr", "-n", "k8s.io", "images", "import", images.base())


def servers() -> dict[str, object]:
    container = {
        "name": "web",
        "image": images.BASE,
        "command": SERVER,
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    pod = {"containers": [container], "terminationGracePeriodSeconds": 0}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "web"}, "spec": spec}


def service() -> dict[str, object]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def pods(lab: Lab) -> dict[str, tuple[str, str]]:
    """Node → name and address of its Pod."""
    found = json.loads(lab.kubectl("get", "pods", "-l", "app=web", "-o", "json"))["items"]
    return {pod["spec"]["nodeName"]: (pod["metadata"]["name"], pod["status"].get("podIP", "")) for pod in found}


def seconds_to_fetch(address: str) -> float:
    """4 MiB from a Pod to the machine."""
    start = time.monotonic()
    with DIRECT.open(f"http://{address}:{PORT}/file", timeout=30) as answer:
        assert len(answer.read()) == 4 << 20
    return time.monotonic() - start


def test_from_every_node_a_services_name_reaches_the_pods_of_all_nodes(lab: Lab) -> None:
    wanted = {name for name, _ in pods(lab).values()}
    assert len(wanted) == 2
    for name in wanted:
        seen: set[str] = set()

        def all_seen(name: str = name, seen: set[str] = seen) -> bool:
            code = GET.format("http://web.default.svc.cluster.local/name")
            seen.add(lab.kubectl("exec", name, "--", "python3", "-c", code).strip())
            return seen == wanted

        until(f"answers of all Pods to {name}", all_seen, 30, 0)


def test_a_name_that_the_lab_gives_is_known_in_pods(lab: Lab) -> None:
    lab.add_names({"given.example": "10.90.0.99"})
    name, _ = pods(lab)["node-1"]
    words = ("exec", name, "--", "getent", "hosts", "given.example")
    until("the name known", lambda: "10.90.0.99" in lab.kubectl(*words), 10)


def test_the_base_image_trusts_the_labs_authority(lab: Lab) -> None:
    """The registry asks a stranger for a token: what matters is that TLS came so far."""
    name, _ = pods(lab)["node-1"]
    code = GET.format("https://test-registry.cn-hangzhou.cr.aliyuncs.com/v2/")
    with pytest.raises(LabError, match="401"):
        lab.kubectl("exec", name, "--", "python3", "-c", code)


def test_what_is_written_on_a_node_stays_on_it_and_is_in_its_inventory(lab: Lab) -> None:
    node = lab.node("node-1")
    node.run("touch", "/etc/onectl-lab-proof")
    assert "file /etc/onectl-lab-proof" in inventory.files(node)
    assert "file /etc/onectl-lab-proof" not in inventory.files(lab.node("node-2"))
    assert not Path("/etc/onectl-lab-proof").exists()


def test_a_link_is_as_fast_as_it_is_told_to_be(lab: Lab) -> None:
    _, address = pods(lab)["node-2"]
    lab.shape("node-2", 20)
    assert seconds_to_fetch(address) > 1.4  # 4 MiB at 20 Mbit/s: 1.68 s, less what the shaper lets through at once
    lab.shape("node-2", None)
    assert seconds_to_fetch(address) < 1


def test_a_process_is_measured(lab: Lab) -> None:
    usage = lab.measure("node-2", f"http.server {PORT}")
    assert 5 < usage.rss_mib < 100
    assert 0 < usage.cpu_seconds < 60


def test_a_node_that_joins_late_is_reached_by_all(lab: Lab) -> None:
    node = lab.add_node()
    load_base(node)
    lab.kubectl("rollout", "status", "daemonset/web", "--timeout=60s")
    _, address = pods(lab)[node.name]
    assert seconds_to_fetch(address) < 10
    for other in ("node-1", "node-2"):
        name, _ = pods(lab)[other]
        assert lab.kubectl("exec", name, "--", "python3", "-c", GET.format(f"http://{address}:{PORT}/name")).startswith("web-")


def test_a_second_lab_is_refused_and_told_who_has_the_machine(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=str(CHECKOUT)):
        claim.take(tmp_path, tmp_path)
    with pytest.raises(LabError, match=str(CHECKOUT)):
        Lab.up()
    assert lab.control.nodes_ready() == len(lab.nodes)  # and the one that runs took no harm
