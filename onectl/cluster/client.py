"""The Kubernetes API by the official client, which brings the kubeconfig's ways to authenticate.

Objects are left as JSON: its typed classes take more than half a second to load, and say nothing more here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from kubernetes.client.api_client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException, list_kube_config_contexts, new_client_from_config
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from onectl.cluster.api import Object
from onectl.errors import (
    AccessError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OnectlError,
    UnavailableError,
    UsageError,
)

# Seconds to connect, seconds between two bytes.
_TIMEOUT = (5, 30)
_PAGE = 500


class Client:
    """Implements onectl.cluster.api.Api for one context of a kubeconfig, resolved once."""

    def __init__(self, api: ApiClient, kubeconfig: str, context: str) -> None:
        self._api = api
        self.kubeconfig = kubeconfig
        self.context = context
        self.server: str = api.configuration.host

    def get(self, path: str) -> Object:
        return self._send("GET", path)

    def select(self, path: str, labels: str = "") -> list[Object]:
        items: list[Object] = []
        query = [("limit", str(_PAGE))] + ([("labelSelector", labels)] if labels else [])
        page = self._send("GET", path, query)
        while True:
            items += page.get("items") or []
            more = page.get("metadata", {}).get("continue")
            if not more:
                return items
            page = self._send("GET", path, [*query, ("continue", more)])

    def create(self, path: str, body: Object) -> Object:
        return self._send("POST", path, body=body)

    def delete(self, path: str) -> None:
        try:
            self._send("DELETE", path, body={"propagationPolicy": "Background"})
        except NotFoundError:
            return

    def close(self) -> None:
        self._api.close()

    def _send(self, method: str, path: str, query: list[tuple[str, str]] | None = None, body: Any = None) -> Object:
        headers = {"Accept": "application/json"}
        with self._translated():
            request = self._api.param_serialize(
                method, path, query_params=query, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            answer = self._api.call_api(*request, _request_timeout=_TIMEOUT)
            data = answer.read()
        if not 200 <= answer.status <= 299:
            raise refusal(answer.status, data, f"{method} {path}")
        found: Object = json.loads(data)
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (HTTPError, ApiException, OSError) as error:
            cause = getattr(error, "reason", None) or error
            message = f"the cluster at {self.server} can't be reached: {cause}"
            raise AccessError(message, f"check context {self.context}, the network and any proxy") from error


def connect(kubeconfig: str, context: str) -> Client:
    """A client for the context named, else the current one. Nothing is sent yet.

    Raises UsageError when the kubeconfig makes no sense or has no such context.
    """
    try:
        contexts, current = list_kube_config_contexts(kubeconfig)
        names = [entry["name"] for entry in contexts]
        chosen = context or current["name"]
        if chosen not in names:
            raise UsageError(f"no context {chosen} in {kubeconfig}", f"there are: {', '.join(names)}")
        api = new_client_from_config(kubeconfig, context=chosen)
    except (ConfigException, yaml.YAMLError, KeyError, TypeError, ValueError, OSError) as error:
        raise UsageError(f"{kubeconfig} is not a usable kubeconfig: {error}", "kubectl config view") from error
    api.rest_client.pool_manager.connection_pool_kw["retries"] = Retry(0, redirect=0)
    return Client(api, kubeconfig, chosen)


def refusal(status: int, data: bytes, request: str) -> OnectlError:
    """An answer of the API server other than 2xx as one of onectl's errors."""
    try:
        message = str(json.loads(data).get("message", ""))[:300]
    except (ValueError, AttributeError):
        message = ""
    said = message or f"status {status} to {request}"
    if status == 404:
        return NotFoundError(said)
    if status == 409:
        return ConflictError(said)
    if status == 401:
        return AccessError(f"the cluster does not accept this user: {said}", "log in again, or choose another context")
    if status == 403:
        return ForbiddenError(f"not allowed in the cluster: {said}", "ask an administrator for that right")
    if status == 503:
        return UnavailableError(f"the cluster is not ready: {said}")
    return OnectlError(f"the cluster refused: {said}")
