"""Pull Secrets: which of their entries are for an image, and the copy that serves a P2P name."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from p2p.config.origins import Name

JSON_TYPE, LEGACY_TYPE = "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"
DATA_KEY = {JSON_TYPE: ".dockerconfigjson", LEGACY_TYPE: ".dockercfg"}
COPY_LABEL, SOURCE_HASH = "k8s.aliyun.com/p2p-credential", "k8s.aliyun.com/p2p-source-sha256"
LONGEST_NAME = 253

Secret = Mapping[str, Any]
Entries = dict[str, Any]


def entries(secret: Secret) -> Entries:
    """Registry → credential, of either type of pull Secret; empty for what can't be read."""
    kind = secret.get("type", "")
    try:
        body = json.loads(base64.b64decode((secret.get("data") or {})[DATA_KEY[kind]]))
        found = body["auths"] if kind == JSON_TYPE else body
    except (KeyError, TypeError, ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def matches(key: str, image: str) -> bool:
    """Whether kubelet would use an entry for an image: its URLsMatch (k8s.io/kubernetes/pkg/credentialprovider).

    The port is equal, the number of labels too, each label is a glob, the path is a prefix; the scheme does not count.
    """
    pattern, target = _split_key(key), _split(image)
    labels, others = pattern[0].split("."), target[0].split(".")
    if len(labels) != len(others) or pattern[1] != target[1] or not target[2].startswith(pattern[2]):
        return False
    return all(fnmatch.fnmatchcase(other, label) for label, other in zip(labels, others, strict=True))


def usable(secret: Secret, image: str) -> bool:
    return any(matches(key, image) for key in entries(secret))


def copy_name(name: str) -> str:
    """The document's form; the same for a name that would become too long, cut and with a digest in its place."""
    whole = f"acr-credential-{name}-p2p"
    if len(whole) <= LONGEST_NAME:
        return whole
    return f"acr-credential-{name[:200]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}-p2p"


def is_copy(secret: Secret) -> bool:
    return COPY_LABEL in (secret["metadata"].get("labels") or {})


def copy_of(source: Secret, names: Iterable[Name]) -> dict[str, Any] | None:
    """The Secret to stand beside a source: its credentials under every P2P name whose domain they are for.

    It is owned by its source, so that it goes with it. None when nothing in the source is for any of the names.
    """
    found = _entries_for(entries(source), names)
    if not found:
        return None
    kind, meta = source["type"], source["metadata"]
    body = {"auths": found} if kind == JSON_TYPE else found
    owner = {"apiVersion": "v1", "kind": "Secret", "name": meta["name"], "uid": meta["uid"]}
    text = json.dumps(body, sort_keys=True).encode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {
            "name": copy_name(meta["name"]),
            "namespace": meta["namespace"],
            "labels": {COPY_LABEL: "true", "app.kubernetes.io/managed-by": "ack-acr-acceleration-p2p"},
            "annotations": {SOURCE_HASH: hashlib.sha256(text).hexdigest()},
            "ownerReferences": [owner],
        },
        "data": {DATA_KEY[kind]: base64.b64encode(text).decode()},
    }


def source_name(copy: Secret) -> str:
    """The name of the Secret that a copy is of."""
    return str(next((owner["name"] for owner in copy["metadata"].get("ownerReferences") or ()), ""))


def same(one: Secret, other: Secret) -> bool:
    """Whether two copies hold the same, for the same source: one made again under its name is another."""
    owners = [[owner["uid"] for owner in copy["metadata"].get("ownerReferences") or ()] for copy in (one, other)]
    return bool(one.get("data") == other.get("data") and one.get("type") == other.get("type") and owners[0] == owners[1])


def _entries_for(known: Entries, names: Iterable[Name]) -> Entries:
    """Domains later in a name's list lose to earlier ones, so that its origin's own credential wins."""
    found: Entries = {}
    for name in names:
        for domain in (*reversed(name.domains), urlsplit(name.origin).netloc):
            for key, credential in known.items():
                host, port, path = _split_key(key)
                if matches(f"{host}{port and f':{port}'}", domain):
                    found[name.name + path] = credential
    return found


def _split(address: str) -> tuple[str, str, str]:
    """Host, port and path of an entry's key or an image; a lone slash is no path."""
    where, slash, path = address.rpartition("://")[2].partition("/")
    host, _, port = where.partition(":")
    return host, port, slash + path if path else ""


def _split_key(key: str) -> tuple[str, str, str]:
    """As _split; a leading /v1/ or /v2/ does not count: Docker has long written its default key so."""
    host, port, path = _split(key)
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:] if len(path) > 4 else ""
    return host, port, path
