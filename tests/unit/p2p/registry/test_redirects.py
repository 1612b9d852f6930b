from __future__ import annotations

import pytest
from p2p.registry.errors import Unavailable
from p2p.registry.redirects import same_host, target

HERE = "https://registry.example.com/v2/app/blobs/x"


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("https://storage.example.com/x?sign=1", "https://storage.example.com/x?sign=1"),
        ("/elsewhere", "https://registry.example.com/elsewhere"),
        ("//storage.example.com/x", "https://storage.example.com/x"),
    ],
)
def test_a_location_is_resolved(location: str, found: str) -> None:
    assert target(HERE, location, "https") == found


@pytest.mark.parametrize("location", [None, "", "http://storage.example.com/x", "file:///etc/passwd", "ftp://x"])
def test_only_https_is_followed_from_https_and_no_error_shows_an_address(location: str | None) -> None:
    with pytest.raises(Unavailable) as error:
        target(HERE, location, "https")
    assert str(error.value) == "registry.example.com redirects to an address that may not be followed"


def test_plain_http_leads_to_plain_http() -> None:
    assert target("http://127.0.0.1/x", "http://127.0.0.2/y", "http") == "http://127.0.0.2/y"


def test_another_port_or_scheme_is_another_host() -> None:
    assert same_host("https://a/x", "https://a/y")
    assert not same_host("https://a/x", "https://a:444/x")
    assert not same_host("https://a/x", "http://a/x")
