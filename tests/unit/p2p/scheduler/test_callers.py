"""Who an agent is."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from lightkube import AsyncClient, KubeConfig
from p2p.scheduler.callers import REMEMBERED, Caller, Callers, Denied, Unsure
from p2p.scheduler.kubernetes import KubernetesReviewer

ACCOUNT = "system:serviceaccount:kube-system:p2p-agent"
USER = {"username": ACCOUNT, "extra": {"authentication.kubernetes.io/node-name": ["node-1"]}}
GOOD = {"authenticated": True, "audiences": ["p2p"], "user": USER}
ADDRESSES = [{"type": "Hostname", "address": "node-1"}, {"type": "InternalIP", "address": "10.0.0.1"}]


class ApiServer(httpx2.AsyncBaseTransport):
    """Knows one node and one answer to every TokenReview."""

    def __init__(self, status: dict[str, Any], addresses: list[dict[str, str]] = ADDRESSES, code: int = 200) -> None:
        self.status, self.addresses, self.code = status, addresses, code
        self.reviews: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/nodes/node-1"):
            return self._answer({"kind": "Node", "metadata": {"name": "node-1"}, "status": {"addresses": self.addresses}})
        assert request.url.path == "/apis/authentication.k8s.io/v1/tokenreviews"
        self.reviews.append(json.loads(await request.aread()))
        return self._answer({"kind": "TokenReview", "spec": {"token": ""}, "status": self.status})

    def _answer(self, body: dict[str, Any]) -> httpx2.Response:
        if self.code != 200:
            body = {"kind": "Status", "status": "Failure", "message": "no", "code": self.code}
        return httpx2.Response(self.code, json={"metadata": {}, **body})


def reviewer(server: ApiServer) -> KubernetesReviewer:
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example"}}],
        "users": [{"name": "u", "user": {"token": "own"}}],
    }
    return KubernetesReviewer(AsyncClient(config=KubeConfig.from_dict(config), transport=server), ACCOUNT)


async def test_a_good_token_names_node_and_address() -> None:
    server = ApiServer(GOOD)
    assert await reviewer(server).review("t0ken") == Caller("node-1", "10.0.0.1")
    assert server.reviews[0]["spec"] == {"audiences": ["p2p"], "token": "t0ken"}


@pytest.mark.parametrize(
    "status",
    [
        GOOD | {"authenticated": False},
        GOOD | {"audiences": ["https://kubernetes.default.svc"]},
        GOOD | {"user": USER | {"username": "system:serviceaccount:default:somebody"}},
        GOOD | {"user": {"username": ACCOUNT}},
        {"error": "expired"},
    ],
)
async def test_any_other_token_is_denied(status: dict[str, Any]) -> None:
    with pytest.raises(Denied):
        await reviewer(ApiServer(status)).review("t0ken")


async def test_a_node_without_an_address_is_denied() -> None:
    with pytest.raises(Denied):
        await reviewer(ApiServer(GOOD, addresses=ADDRESSES[:1])).review("t0ken")


async def test_an_api_server_in_trouble_decides_nothing() -> None:
    with pytest.raises(Unsure) as raised:
        await reviewer(ApiServer(GOOD, code=500)).review("t0ken")
    assert "t0ken" not in str(raised.value)


async def test_a_token_is_reviewed_again_after_ten_minutes() -> None:
    now = [0.0]
    server = ApiServer(GOOD)
    callers = Callers(reviewer(server), b"key", lambda: now[0])
    for moment in (0.0, REMEMBERED - 1, REMEMBERED):
        now[0] = moment
        await callers.identify("t0ken")
    assert len(server.reviews) == 2
