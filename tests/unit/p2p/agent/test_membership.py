from __future__ import annotations

from p2p.agent.membership import Membership
from p2p.registry.manifest import Descriptor

A, B = ("https://a.example.com", "team/app"), ("https://a.example.com", "team/other")
X, Y = Descriptor("sha256:x", 1), Descriptor("sha256:y", 2)


def test_what_one_repository_alone_lists_is_its_own() -> None:
    members = Membership()
    members.list(A, "sha256:m", [X, Y])
    listing = members.find(A, X.digest)
    assert listing is not None
    assert (listing.size, listing.manifest, listing.digests) == (1, "sha256:m", frozenset({X.digest, Y.digest}))
    assert members.is_certain(A, X.digest)
    assert not members.is_certain(B, X.digest)
    assert members.find(B, X.digest) is None


def test_once_another_lists_it_too_the_origin_has_to_answer_for_both() -> None:
    """Also for who listed it first: that may have been the thief."""
    members = Membership()
    members.list(A, "sha256:m", [X])
    members.list(B, "sha256:n", [X])
    assert not members.is_certain(A, X.digest)
    assert not members.is_certain(B, X.digest)
    members.confirm(B, X.digest)
    assert members.is_certain(B, X.digest)
    assert not members.is_certain(A, X.digest)


def test_an_answer_of_the_origin_outlives_the_next_listing() -> None:
    members = Membership()
    members.list(A, "sha256:m", [X])
    members.list(B, "sha256:n", [X])
    members.confirm(A, X.digest)
    members.list(A, "sha256:o", [X])
    assert members.is_certain(A, X.digest)


def test_an_answer_for_what_is_not_listed_says_nothing() -> None:
    members = Membership()
    members.confirm(A, X.digest)
    assert not members.is_certain(A, X.digest)
