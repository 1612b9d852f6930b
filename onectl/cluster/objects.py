"""The few objects that onectl reads or writes itself."""

from __future__ import annotations

import base64
import binascii

from onectl.cluster.api import Api, Object
from onectl.errors import NotFoundError, OnectlError

SYSTEM = "kube-system"


def cluster_uid(api: Api) -> str:
    """What tells one cluster from every other: the UID of its namespace kube-system."""
    return str(api.get(f"/api/v1/namespaces/{SYSTEM}")["metadata"]["uid"])


def require_namespace(api: Api, name: str) -> None:
    """Raise OnectlError unless the namespace exists."""
    try:
        api.get(f"/api/v1/namespaces/{name}")
    except NotFoundError as error:
        raise OnectlError(f"there is no namespace {name}", f"kubectl create namespace {name}") from error


def secret(api: Api, namespace: str, name: str) -> dict[str, str] | None:
    """The texts of a Secret, None when there is none. Raises OnectlError when one is not text."""
    try:
        data = api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}").get("data") or {}
    except NotFoundError:
        return None
    try:
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OnectlError(f"Secret {namespace}/{name} does not hold text") from error


def create_secret(api: Api, namespace: str, name: str, texts: dict[str, str]) -> None:
    """Raises ConflictError when there is one of that name."""
    body: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "onectl"}},
        "type": "Opaque",
        "stringData": texts,
    }
    api.create(f"/api/v1/namespaces/{namespace}/secrets", body)


def may(api: Api, verb: str, group: str, resource: str, namespace: str = "") -> bool:
    """Whether the API server would let this user do that; without a namespace: in all of the cluster."""
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    body: Object = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    review = api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return bool(review["status"].get("allowed"))
