"""From an instance's endpoints to its name, and how the list of names changes: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from p2p.config.names import p2p_name
from p2p.config.origins import Name, Origins, Scheduler


class ClosedEndpointError(Exception):
    """The instance has no open endpoint of the kind that is wanted."""


@dataclass(frozen=True)
class Endpoints:
    """The domains of an instance's open endpoints; the system's own before custom ones."""

    instance: str
    internet: tuple[str, ...]
    vpc: tuple[str, ...]


def name_of(endpoints: Endpoints, internet: bool, port: int) -> Name:
    """The name under which all images of an instance are pulled. Raises ClosedEndpointError."""
    domains = endpoints.internet if internet else endpoints.vpc
    if not domains:
        kind, advice = ("Internet", "false") if internet else ("VPC", "true")
        raise ClosedEndpointError(
            f"the {kind} endpoint of {endpoints.instance} is closed; open it, or set pullImageInternet={advice}"
        )
    everywhere = dict.fromkeys((*domains, *endpoints.internet, *endpoints.vpc))
    return Name(p2p_name(domains[0], port), f"https://{domains[0]}", tuple(everywhere))


def evolve(
    known: Origins,
    wanted: Sequence[Name],
    port: int,
    scheduler: Scheduler | None,
    tickets: Sequence[str],
    orders: Sequence[str],
) -> Origins:
    """The next list: what is wanted comes last and so is what images get; a name once issued stays before it."""
    new = {name.name for name in wanted}
    kept = tuple(name for name in known.names if name.name not in new)
    return replace(known, port=port, names=kept + tuple(wanted), scheduler=scheduler, ticket_keys=tuple(tickets),
                   order_keys=tuple(orders), sha256="")  # fmt: skip
