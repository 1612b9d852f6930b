from __future__ import annotations

import pytest
from p2p.config.origins import Name
from p2p.webhook.images import names_by_domain, rewritten

from tests.unit.p2p.webhook.samples import INTERNET, P2P, TABLE, VPC

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize("domain", [INTERNET, VPC, VPC.upper()])
@pytest.mark.parametrize("rest", ["/ns/app:latest", "/ns/app", f"/ns/app@{DIGEST}", f"/Ns/a_b/c:v1@{DIGEST}", "/a:1/b"])
def test_everything_after_a_known_domain_stays_as_it_is(domain: str, rest: str) -> None:
    assert rewritten(domain + rest, TABLE) == P2P + rest


@pytest.mark.parametrize(
    "image",
    ["nginx", "nginx:1.27", "library/nginx", "localhost/nginx", f"{VPC}:5000/ns/app", f"{VPC}.example/ns/app",
     f"docker.io/{VPC}/x", f"mirror.example/{VPC}/ns/app", VPC, ""],
)  # fmt: skip
def test_other_images_are_none_of_ours(image: str) -> None:
    assert rewritten(image, TABLE) is None


def test_a_domain_leads_to_the_last_name_that_has_been_issued() -> None:
    old, new = Name("old:1", "https://a", ("a", "b")), Name("new:1", "https://b", ("a", "b"))
    own = {"old:1": "old:1", "new:1": "new:1"}
    assert names_by_domain([old, new], {"old:1"}, None) == {"a": "old:1", "b": "old:1", "old:1": "old:1"}
    assert names_by_domain([old, new], {"old:1", "new:1"}, None) == {"a": "new:1", "b": "new:1", **own}
    assert names_by_domain([old, new], {"old:1", "new:1"}, {"b"}) == {"b": "new:1", **own}, "a's instance was dropped"
