"""The API server's word on tokens and nodes."""

from __future__ import annotations

from ipaddress import ip_address

import httpx2 as httpx
from lightkube import ApiError, AsyncClient
from lightkube.models.authentication_v1 import TokenReviewSpec
from lightkube.resources.authentication_v1 import TokenReview
from lightkube.resources.core_v1 import Node

from p2p.scheduler.callers import Caller, Denied, Unsure

AUDIENCE = "p2p"
_NODE = "authentication.kubernetes.io/node-name"


class KubernetesReviewer:
    """`account` is the agents' user name, system:serviceaccount:NAMESPACE:NAME: any Pod can have a token of its own account."""

    def __init__(self, client: AsyncClient, account: str) -> None:
        self._client, self._account = client, account

    async def review(self, token: str) -> Caller:
        try:
            node = await self._node(token)
            return Caller(node, await self._address(node))
        except (ApiError, httpx.HTTPError) as error:
            raise Unsure(f"the API server does not answer: {error}") from None

    async def _node(self, token: str) -> str:
        spec = TokenReviewSpec(audiences=[AUDIENCE], token=token)
        status = (await self._client.create(TokenReview(spec=spec))).status
        user = status.user if status and status.authenticated else None
        if user is None or AUDIENCE not in (status.audiences if status and status.audiences else ()):
            raise Denied("the token is not valid here")
        if user.username != self._account:
            raise Denied(f"the token is that of {user.username}, not {self._account}")
        nodes = (user.extra or {}).get(_NODE)
        if not nodes:
            raise Denied("the token is not bound to a node")
        return str(nodes[0])

    async def _address(self, name: str) -> str:
        node = await self._client.get(Node, name)
        addresses = (node.status.addresses if node.status else None) or []
        for address in addresses:
            if address.type == "InternalIP":
                return str(ip_address(address.address))
        raise Denied(f"node {name} has no InternalIP")
