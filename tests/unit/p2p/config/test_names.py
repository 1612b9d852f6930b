from __future__ import annotations

import pytest
from p2p.config.names import hosts_directory, join_address, p2p_name


def test_the_name_for_a_domain_is_the_documents() -> None:
    name = p2p_name("test-registry-vpc.cn-hangzhou.cr.aliyuncs.com", 65001)
    assert name == "test-registry-vpc.distributed.cn-hangzhou.cr.aliyuncs.com:65001"


def test_a_hosts_directory_has_no_colon() -> None:
    assert hosts_directory("registry.example.com:65001") == "registry.example.com_65001_"


@pytest.mark.parametrize(("address", "joined"), [("10.0.0.1", "10.0.0.1:65001"), ("::1", "[::1]:65001")])
def test_an_ipv6_address_gets_brackets(address: str, joined: str) -> None:
    assert join_address(address, 65001) == joined
