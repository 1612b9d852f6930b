"""Which blobs belong to which repository: a fact about the registry, not about a caller."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from p2p.registry.manifest import Descriptor

MOST = 65536  # digests that are remembered


@dataclass
class Listing:
    """The manifest of the repository that lists the blob, with its blobs' digests. `confirmed`: the origin answered for it."""

    size: int
    manifest: str
    digests: frozenset[str]
    confirmed: bool = False


class Membership:
    """A repository is named with its origin, as `(origin's URL, repository)`."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[tuple[str, str], Listing]] = OrderedDict()

    def list(self, place: tuple[str, str], manifest: str, blobs: Sequence[Descriptor]) -> None:
        """A manifest that the origin returned for that repository lists these blobs."""
        digests = frozenset(blob.digest for blob in blobs)
        for blob in blobs:
            places = self._known.setdefault(blob.digest, {})
            self._known.move_to_end(blob.digest)
            known = places.get(place)
            places[place] = Listing(blob.size, manifest, digests, known is not None and known.confirmed)
        while len(self._known) > MOST:
            self._known.popitem(last=False)

    def find(self, place: tuple[str, str], digest: str) -> Listing | None:
        return self._known.get(digest, {}).get(place)

    def is_certain(self, place: tuple[str, str], digest: str) -> bool:
        """Whether the blob is a member beyond doubt.

        While more than one repository lists it, being listed does not count: whoever may push somewhere could list a blob of
        somebody else. Then the origin has to answer for it.
        """
        places = self._known.get(digest, {})
        return place in places and (places[place].confirmed or len(places) == 1)

    def confirm(self, place: tuple[str, str], digest: str) -> None:
        """The origin answered for that blob in that repository."""
        if listing := self.find(place, digest):
            listing.confirmed = True
