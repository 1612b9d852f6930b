"""Image references, as far as the webhook looks into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


def names_by_domain(names: Iterable[Name], issued: frozenset[str]) -> dict[str, str]:
    """Which name the images of a domain get: the last one of the list that has been issued; later ones are newer."""
    return {domain: name.name for name in names if name.name in issued for domain in name.domains}
