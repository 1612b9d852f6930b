"""Image references, as far as the webhook looks into them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from p2p.config.origins import Name


def domain_of(image: str) -> str:
    """The registry of a reference, "" for the runtime's default one (distribution/reference, splitDockerDomain)."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def rewritten(image: str, table: Mapping[str, str]) -> str | None:
    """The image under its P2P name, everything after the domain as it was; None when the domain is none of the table's."""
    domain = domain_of(image)
    name = table.get(domain.lower())
    return name + image[len(domain) :] if name else None


def names_by_domain(names: Iterable[Name], issued: Collection[str], wanted: Collection[str] | None) -> dict[str, str]:
    """Domain → the P2P name that its images get: the last one of the list that has been issued, as later ones are newer.

    wanted: the domains of the instances that are configured; None means all. A P2P name leads to itself.
    """
    usable = [name for name in names if name.name in issued]
    domains = {d: n.name for n in usable for d in n.domains if wanted is None or d in wanted}
    return domains | {name.name: name.name for name in usable}
