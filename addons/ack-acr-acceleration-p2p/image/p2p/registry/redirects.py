"""Where a blob was last redirected to, so that a range of it does not cost a request at the registry each time."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from p2p.registry.errors import Unavailable

STATUSES = (301, 302, 303, 307, 308)
MOST_HOPS = 3
MOST_KEPT = 4096


class Redirects:
    """Safe on threads: each operation is one on a dict. Addresses may be signed, so they are secrets."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def get(self, repository: str, digest: str) -> str | None:
        return self._known.get((repository, digest))

    def keep(self, repository: str, digest: str, url: str) -> None:
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[repository, digest] = url

    def drop(self, repository: str, digest: str) -> None:
        self._known.pop((repository, digest), None)


def target(url: str, location: str | None, own_scheme: str) -> str:
    """The address that a redirect leads to. Raises Unavailable unless it is https or of the origin's own scheme."""
    found = urljoin(url, location or "")
    if not location or urlsplit(found).scheme not in ("https", own_scheme):
        raise Unavailable(f"{urlsplit(url).netloc} redirects to an address that may not be followed")
    return found


def same_host(one: str, other: str) -> bool:
    """Whether a credential for one address may be sent to the other: scheme, host and port are the same."""
    return urlsplit(one)[:2] == urlsplit(other)[:2]
