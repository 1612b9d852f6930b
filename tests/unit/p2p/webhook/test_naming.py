from __future__ import annotations

import pytest
from p2p.config.origins import Name, Origins
from p2p.webhook.naming import ClosedEndpointError, Endpoints, evolve, name_of
from p2p.webhook.state import Agent, Nodes, State

from tests.unit.p2p.webhook.samples import INTERNET, NAME, VPC

CUSTOM = "images.example.com"


def test_the_documents_name() -> None:
    assert name_of(Endpoints("cri-a", (INTERNET,), (VPC,)), True, 65001) == NAME


def test_the_vpc_domain_is_the_origin_unless_the_internet_is_asked_for() -> None:
    name = name_of(Endpoints("cri-a", (INTERNET, CUSTOM), (VPC,)), False, 65002)
    assert name.origin == f"https://{VPC}"
    assert name.name == "test-registry-vpc.distributed.cn-hangzhou.cr.aliyuncs.com:65002"
    assert set(name.domains) == {INTERNET, VPC, CUSTOM}


@pytest.mark.parametrize(("internet", "advice"), [(True, "pullImageInternet=false"), (False, "pullImageInternet=true")])
def test_a_closed_endpoint_is_told_with_the_way_out(internet: bool, advice: str) -> None:
    open_one = Endpoints("cri-a", () if internet else (INTERNET,), (VPC,) if internet else ())
    with pytest.raises(ClosedEndpointError, match=f"of cri-a is closed; open it, or set {advice}"):
        name_of(open_one, internet, 65001)


def test_a_name_once_issued_stays_and_the_wanted_ones_are_last() -> None:
    old, new = Name("old:1", "https://a", ("a",)), Name("new:2", "https://b", ("b",))
    first = evolve(Origins(port=1), [old], 1, None, ["t"], ["o"])
    second = evolve(first, [new], 2, None, ["t"], ["o"])
    assert (second.names, second.port) == ((old, new), 2)
    assert evolve(second, [old], 1, None, ["t"], ["o"]).names == (new, old)


def test_what_the_cloud_says_of_a_name_replaces_what_was_known() -> None:
    before, now = Name("n:1", "https://a", ("a",)), Name("n:1", "https://a", ("a", CUSTOM))
    assert evolve(Origins(port=1, names=(before,)), [now], 1, None, [], []).names == (now,)


def test_a_name_is_issued_once_all_ready_nodes_have_it_and_then_for_good() -> None:
    ready, behind = Agent("n1", "", True, "this"), Agent("n2", "", True, "another")
    state = State(Origins(65001, (NAME,), sha256="this"))
    state.issue()
    assert state.table() == {}, "no node is ready"
    state.nodes = Nodes({"a": ready, "b": behind})
    state.issue()
    assert state.table() == {}
    behind.ready = False
    state.issue()
    assert state.table()[VPC] == NAME.name
    behind.ready = True
    state.issue()
    assert state.table()[VPC] == NAME.name
