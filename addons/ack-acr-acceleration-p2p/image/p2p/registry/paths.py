"""The paths of a registry that may be pulled from (OCI distribution specification 1.1, "Pull")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from p2p.registry.errors import BadReference

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = rf"{_PART}(?:/{_PART})*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_PATH = re.compile(
    rf"/v2/(?P<repository>{_REPOSITORY})/"
    rf"(?:(?P<manifests>manifests)/(?P<reference>{_DIGEST}|{_TAG})|blobs/(?P<digest>{_DIGEST}))"
)
_LONGEST = 255  # characters of a repository's name; what the specification suggests, less a host


@dataclass(frozen=True)
class RegistryPath:
    """`reference` is a digest, or for manifests a tag."""

    kind: Literal["manifests", "blobs"]
    repository: str
    reference: str


def parse_path(path: str) -> RegistryPath:
    """Raises BadReference for everything but a manifest or a blob."""
    found = _PATH.fullmatch(path)
    if found is None or len(found["repository"]) > _LONGEST:
        raise BadReference("not the path of a manifest or a blob")
    if found["manifests"]:
        return RegistryPath("manifests", found["repository"], found["reference"])
    return RegistryPath("blobs", found["repository"], found["digest"])


def is_digest(reference: str) -> bool:
    return re.fullmatch(_DIGEST, reference) is not None
