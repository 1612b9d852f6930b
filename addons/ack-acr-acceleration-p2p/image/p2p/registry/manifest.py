"""What a manifest lists (OCI image specification 1.1; Docker image manifest version 2, schema 2)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from p2p.registry.errors import Unavailable
from p2p.registry.paths import is_digest

MOST_BYTES = 4 << 20  # of a manifest (OCI distribution specification, "Pushing Manifests")
INDEX_TYPES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


@dataclass(frozen=True)
class Descriptor:
    digest: str
    size: int


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def list_blobs(body: bytes) -> tuple[Descriptor, ...]:
    """Config and layers of a manifest, each once; nothing for an index.

    Descriptors with `urls` are left out: a registry accepts them without having the blob. Raises Unavailable when that is no
    manifest.
    """
    try:
        manifest = json.loads(body)
        if manifest.get("mediaType") in INDEX_TYPES or "manifests" in manifest:
            return ()
        listed = [manifest["config"], *manifest["layers"]]
        return tuple(dict.fromkeys(_descriptor(entry) for entry in listed if not entry.get("urls")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unavailable("the origin's answer is no image manifest") from None


def _descriptor(entry: Any) -> Descriptor:
    digest, size = entry["digest"], entry["size"]
    if not is_digest(digest) or type(size) is not int or size < 0:
        raise ValueError("a malformed descriptor")
    return Descriptor(digest, size)
