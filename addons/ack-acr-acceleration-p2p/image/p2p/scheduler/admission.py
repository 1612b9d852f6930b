"""Tickets: signed for a caller after the origin let it have the manifest that lists the digests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2p.registry.errors import RegistryError
from p2p.scheduler.callers import Caller
from p2p.swarm.errors import BadTicket, TicketRefused
from p2p.swarm.messages import AskTicket
from p2p.swarm.signing import PublicKeys
from p2p.swarm.tickets import LIFE, RENEWABLE, Ticket, sign, verify


class Registry(Protocol):
    """An origin; its methods block."""

    def check_manifest(self, repository: str, digest: str, authorization: str) -> frozenset[str]:
        """The digests that a manifest lists, asked for with the caller's authorization. Raises Refused, Unavailable."""
        ...


class Admission:
    """`registries` answers the origin of a URL, None when it is not one of this cluster's; `clock`: seconds since 1970."""

    def __init__(
        self,
        registries: Callable[[str], Registry | None],
        signing_key: Callable[[], Ed25519PrivateKey],
        known_keys: Callable[[], PublicKeys],
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        self._registries, self._signing_key, self._known_keys = registries, signing_key, known_keys
        self._threads, self._clock = threads, clock

    async def grant(self, ask: AskTicket, caller: Caller) -> str:
        """The ticket asked for. Raises TicketRefused."""
        listed = await self._listed(ask)
        if not ask.digests <= listed:
            raise TicketRefused(f"{ask.manifest} does not list all of the digests asked for")
        now = int(self._clock())
        ticket = Ticket(
            node=caller.node,
            address=caller.address,
            origin=ask.origin,
            repository=ask.repository,
            digests=ask.digests,
            expires=now + LIFE,
            renewable=now + RENEWABLE,
        )
        return sign(ticket, self._signing_key())

    def renew(self, text: str, caller: Caller) -> str:
        """The same ticket with a later end, for the node that it was for. Raises TicketRefused."""
        try:
            ticket = verify(text, self._known_keys())
            if ticket.node != caller.node or ticket.address != caller.address:
                raise BadTicket("the ticket is another node's")
            return sign(ticket.renewed(self._clock()), self._signing_key())
        except BadTicket as error:
            raise TicketRefused(str(error)) from None

    def check(self, text: str, digest: str, caller: Caller) -> None:
        """Whether a caller may join a blob's swarm. Raises BadTicket."""
        ticket = verify(text, self._known_keys())
        ticket.check(address=caller.address, digest=digest, now=self._clock())
        if ticket.node != caller.node:
            raise BadTicket("the ticket is another node's")

    async def _listed(self, ask: AskTicket) -> frozenset[str]:
        registry = self._registries(ask.origin)
        if registry is None:
            raise TicketRefused(f"{ask.origin} is not an origin of this cluster")
        arguments = (ask.repository, ask.manifest, ask.authorization)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, registry.check_manifest, *arguments)
        except RegistryError as error:
            raise TicketRefused(str(error)) from None
