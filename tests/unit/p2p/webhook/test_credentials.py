from __future__ import annotations

import pytest
from p2p.config.origins import Name
from p2p.webhook.credentials import LONGEST_NAME, copy_name, copy_of, entries, matches, same, source_name, usable

from tests.unit.p2p.webhook.samples import IMAGE, INTERNET, NAME, P2P, VPC, pull_secret


@pytest.mark.parametrize(
    ("key", "image", "expected"),
    [
        # the cases of kubelet's own table, k8s.io/kubernetes/pkg/credentialprovider/keyring_test.go
        ("*.kubernetes.io", "prefix.kubernetes.io", True),
        ("prefix.*.io", "prefix.kubernetes.io", True),
        ("prefix.kubernetes.*", "prefix.kubernetes.io", True),
        ("*-good.kubernetes.io", "prefix-good.kubernetes.io", True),
        ("*.kubernetes.io/prefix", "prefix.kubernetes.io/prefix", True),
        ("http://*.kubernetes.io", "prefix.kubernetes.io", True),
        ("https://*.*.kubernetes.io:8080/path", "a.b.kubernetes.io:8080/path/image", True),
        ("*.kubernetes.io:80", "prefix.kubernetes.io", False),
        ("*.kubernetes.io", "prefix.kubernetes.io:5000", False),
        ("*.kubernetes.io", "kubernetes.io", False),
        ("kubernetes.io", "kubernetes.com", False),
        ("k*.io", "quay.io", False),
        ("*.*.kubernetes.io", "prefix.kubernetes.io", False),
        ("*.kubernetes.io/other", "prefix.kubernetes.io/prefix", False),
        # five labels, as ACR's domains have
        ("*.cr.aliyuncs.com", IMAGE, False),
        ("*.*.cr.aliyuncs.com", IMAGE, True),
        (VPC, IMAGE, True),
        (f"https://{VPC}/", IMAGE, True),
        (f"https://{VPC}/v1/", IMAGE, True),
        (f"{VPC}/v2/docker-builder", IMAGE, True),
        (f"{VPC}/docker-builder", IMAGE, True),
        (f"{VPC}/somebody-else", IMAGE, False),
        (INTERNET, IMAGE, False),
        ("[", IMAGE, False),
    ],
)
def test_an_entry_is_for_an_image_as_kubelet_says(key: str, image: str, expected: bool) -> None:
    assert matches(key, image) is expected


@pytest.mark.parametrize("legacy", [False, True])
def test_a_copy_has_the_credential_under_the_p2p_name_and_its_sources_type(legacy: bool) -> None:
    source = pull_secret({VPC: "abc", "docker.io": "other"}, legacy=legacy)
    copy = copy_of(source, [NAME])
    assert copy is not None
    assert entries(copy) == {P2P: {"auth": "abc"}}
    assert copy["type"] == source["type"]
    assert copy["metadata"]["name"] == "acr-credential-test-registry-p2p"
    assert copy["metadata"]["namespace"] == "default"
    assert [owner["uid"] for owner in copy["metadata"]["ownerReferences"]] == ["uid-of-test-registry"]
    assert source_name(copy) == "test-registry"


def test_the_credential_of_the_origins_own_domain_wins() -> None:
    copy = copy_of(pull_secret({INTERNET: "internet", VPC: "vpc"}), [NAME])
    assert copy is not None
    assert entries(copy)[P2P] == {"auth": "internet"}


def test_wildcards_and_paths_serve_every_name_they_are_for() -> None:
    other = Name("o.distributed.x:65001", "https://o.x", ("o.x",))
    copy = copy_of(pull_secret({"*.cn-hangzhou.cr.aliyuncs.com": "wild", f"{VPC}/team": "team"}), [NAME, other])
    assert copy is not None
    assert entries(copy) == {P2P: {"auth": "wild"}, f"{P2P}/team": {"auth": "team"}}


def test_nothing_is_copied_from_a_secret_for_others() -> None:
    assert copy_of(pull_secret({"docker.io": "x"}), [NAME]) is None


@pytest.mark.parametrize(
    "data", [{}, {".dockerconfigjson": "%"}, {".dockerconfigjson": "W10="}, {".dockerconfigjson": "eyJhdXRocyI6bnVsbH0="}]
)
def test_what_can_not_be_read_has_no_entries(data: dict[str, str]) -> None:
    assert not usable({**pull_secret({}), "data": data}, IMAGE)


def test_names_of_copies_are_never_too_long_and_never_the_same() -> None:
    one, other = copy_name("a" * 253), copy_name("a" * 252 + "b")
    assert len(one) <= LONGEST_NAME
    assert one != other


def test_a_copy_of_a_secret_that_was_made_again_is_another() -> None:
    first, again = pull_secret({VPC: "abc"}), pull_secret({VPC: "abc"})
    again["metadata"]["uid"] = "another"
    one, other = copy_of(first, [NAME]), copy_of(again, [NAME])
    assert one is not None
    assert other is not None
    assert same(one, one)
    assert not same(one, other)
