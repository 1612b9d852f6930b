from __future__ import annotations

import json

import pytest
from p2p.registry.errors import Unavailable
from p2p.registry.manifest import Descriptor, list_blobs


def entry(letter: str, size: int = 10, **more: object) -> dict[str, object]:
    return {"digest": f"sha256:{letter * 64}", "size": size, **more}


def test_config_and_layers_are_listed_once_and_foreign_ones_not_at_all() -> None:
    layers = [entry("b"), entry("c", urls=["https://elsewhere.example.com"]), entry("b"), entry("d", urls=[])]
    body = json.dumps({"config": entry("a", 2), "layers": layers}).encode()
    assert list_blobs(body) == tuple(
        Descriptor(f"sha256:{letter * 64}", size) for letter, size in (("a", 2), ("b", 10), ("d", 10))
    )


def test_an_index_lists_no_blobs() -> None:
    assert list_blobs(json.dumps({"manifests": [entry("a")]}).encode()) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        json.dumps({"config": entry("a"), "layers": [entry("b", -1)]}).encode(),
        json.dumps({"config": {"digest": "../../etc", "size": 1}, "layers": []}).encode(),
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_the_origins_fault(body: bytes) -> None:
    with pytest.raises(Unavailable, match="no image manifest"):
        list_blobs(body)
