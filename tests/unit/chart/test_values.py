"""Values: the document's own lines, and what the closed schema says of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.chart.chart import CHART, NEEDED, containers, render, run, variables


@pytest.mark.parametrize(
    "lines",
    [
        '# [Required]\n# ID of ACR EE instances, support multi, e.g. "cri-xxx,cri-yyy"\nacrInstances: ""\n',
        "  # Port of P2P Agent in host network\n  port: 65001\n",
        '  # Total net rate limit (MBytes/s) for uploading and downloading\n  ratelimit: "512M"\n',
    ],
)
def test_the_documents_lines_stand_in_the_values(lines: str) -> None:
    assert lines in (CHART / "values.yaml").read_text()


def webhook(*words: str) -> dict[str, str]:
    return variables(containers(render(*words)["Deployment", "r-webhook"])["webhook"])


@pytest.mark.parametrize("words", [("--set", r"acrInstances=cri-a\,cri-b"), ("--set", "acrInstances={cri-a,cri-b}"),
                                   ("--set-string", r"acrInstances=cri-a \, cri-b")])  # fmt: skip
def test_instances_are_a_text_with_commas_or_a_list(words: tuple[str, str]) -> None:
    assert webhook(*words)["P2P_INSTANCES"] == "cri-a,cri-b"


def test_the_documents_optional_parameters_are_all_taken() -> None:
    rendered = render(
        "--set", "pullImageInternet=true,p2p.plusMode.cacheTTL=72h,p2p.plusMode.cacheHostPath=/data/p2p",
        "--set", "p2p.plusMode.ossInternetAccelerate=true,p2p.plusMode.downloadPattern=source",
        "--set", "p2p.plusMode.nodeSelectorEnable=true,p2p.port=65101,p2p.ratelimit=1G",
    )  # fmt: skip
    agent = variables(containers(rendered["DaemonSet", "r-agent"])["agent"])
    assert agent["P2P_CACHE_TTL"] == "72h"
    assert agent["P2P_PORT"] == "65101"
    assert agent["P2P_RATELIMIT"] == "1G"
    told = variables(containers(rendered["Deployment", "r-webhook"])["webhook"])
    assert (told["P2P_INTERNET"], told["P2P_SCHEDULER"], told["P2P_PORT"]) == ("true", "false", "65101")
    assert ("Deployment", "r-scheduler") not in rendered
    assert run(*NEEDED, "--set", "pullImageInternet=null").returncode == 0


def test_nothing_set_is_the_vpc_and_the_regions_endpoint() -> None:
    told = webhook()
    assert (told["P2P_INTERNET"], told["P2P_CR_ENDPOINT"]) == ("false", "cr.cn-hangzhou.aliyuncs.com")
    assert webhook("--set", "endpoints.cr=cr-vpc.x")["P2P_CR_ENDPOINT"] == "cr-vpc.x"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--set", "p2p.prot=1"), "prot"),
        (("--set", "acrInstance=cri-a"), "acrInstance"),
        (("--set", "p2p.plusMode.cacheTtl=1h"), "cacheTtl"),
        (("--set", "agent.nodeSelectors.a=b"), "nodeSelectors"),
        (("--set-string", "p2p.port=65001"), "port"),
        (("--set", "p2p.port=80"), "port"),
        (("--set", "p2p.ratelimit=512"), "ratelimit"),
        (("--set", "p2p.ratelimit=512MB"), "ratelimit"),
        (("--set-string", "pullImageInternet=yes"), "pullImageInternet"),
        (("--set", "p2p.plusMode.cacheTTL=1 day"), "cacheTTL"),
        (("--set", "p2p.plusMode.cacheHostPath=relative"), "cacheHostPath"),
        (("--set", "p2p.plusMode.downloadPattern=p2p"), "downloadPattern"),
        (("--set", "p2p.runtime.hostsDir=/etc"), "hostsDir"),
        (("--set", "acrInstances=cri a"), "acrInstances"),
        (("--set", "endpoints.cr=https://cr.x"), "cr"),
        (("--set", "region="), "region is not set"),
        (("--set", "acrInstances="), "acrInstances is not set"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(words: tuple[str, str], complaint: str) -> None:
    done = run(*NEEDED, *words)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_every_object_of_the_schema_is_closed() -> None:
    """Save those that Kubernetes itself has a schema for."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    open_ones = [path for path, node in _objects(schema, "") if node.get("additionalProperties") is not False]
    assert {path.rpartition("/")[2] for path in open_ones} == {
        "resources", "setupResources", "items", "affinity", "nodeSelector", "global"
    }  # fmt: skip


def _objects(node: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, child in node.items():
            yield from _objects(child, f"{path}/{key}")
