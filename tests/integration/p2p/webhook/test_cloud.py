"""The two calls to Container Registry, by the real SDK, against the lab's cloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from p2p.webhook.cloud import CloudError, ContainerRegistry, Key

from tests.lab import cloud
from tests.lab.stand_in import StandIn, free_port, stand_in

INTERNET, VPC = cloud.INSTANCES[0]["internet"], cloud.INSTANCES[0]["vpc"]


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[StandIn, int]]:
    with stand_in() as lab:
        port = free_port()
        cloud.start(lab, port, free_port())
        yield lab, port


def registry(place: tuple[StandIn, int], key: cloud.LabKey, secret: str = "") -> ContainerRegistry:
    lab, port = place
    return ContainerRegistry(f"127.0.0.1:{port}", Key(key.id, secret or key.secret), lab.authority.certificate)


def test_the_domains_of_an_instance(place: tuple[StandIn, int]) -> None:
    found = registry(place, cloud.CONSOLE).endpoints("cri-test")
    assert (found.internet, found.vpc) == (tuple(INTERNET), tuple(VPC))


@pytest.mark.parametrize(
    ("key", "secret", "instance", "reason", "said"),
    [
        (cloud.CONSOLE, "", "cri-none", "InstanceNotFound", "says INSTANCE_NOT_EXIST of instance cri-none"),
        (cloud.STRANGER, "", "cri-test", "CloudRefused", "refused: "),
        (cloud.CONSOLE, "not its secret", "cri-test", "CloudRefused", "refused: SignatureDoesNotMatch"),
    ],
)
def test_refusals(place: tuple[StandIn, int], key: cloud.LabKey, secret: str, instance: str, reason: str, said: str) -> None:
    with pytest.raises(CloudError, match=said) as refused:
        registry(place, key, secret).endpoints(instance)
    assert refused.value.reason == reason
    assert "secret" not in str(refused.value)


def test_a_cloud_that_is_away() -> None:
    with pytest.raises(CloudError, match="can't be reached") as away:
        ContainerRegistry(f"127.0.0.1:{free_port()}", Key("a", "b"), None).endpoints("cri-test")
    assert away.value.reason == "CloudUnreachable"
