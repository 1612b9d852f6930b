"""What the addon model asks of its surroundings beside the Kubernetes API (onectl.cluster.api)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from onectl.cloud.key import AccessKey
from onectl.cluster.api import Api
from onectl.cluster.helm import Release
from onectl.output.talk import Talk


class Releases(Protocol):
    """Helm. Raises AccessError or OnectlError; `onectl.cluster.helm.Helm` says what each call means."""

    def find(self, name: str) -> list[Release]: ...

    def values(self, release: Release) -> dict[str, Any]: ...

    def last_good(self, release: Release) -> int | None: ...

    def apply(self, name: str, namespace: str, chart: Path, values: Mapping[str, Any]) -> str: ...

    def rollback(self, release: Release, revision: int) -> None: ...

    def uninstall(self, name: str, namespace: str, hooks: bool, seconds: float) -> None: ...


class Instances(Protocol):
    """Container Registry, with the addon's own AccessKey."""

    def require(self, instance: str) -> None:
        """Raise NotFoundError when there is no such instance in the region, AccessError when it can't be asked."""


@dataclass(frozen=True)
class Clock:
    """Seconds that only go up, and the way to let them pass."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Stage:
    """What every operation on an addon works with."""

    api: Api
    releases: Releases
    talk: Talk
    clock: Clock
    target: str
    """The context and the server, for people."""
    timeout: float
    """Seconds for the whole operation."""
    notes: tuple[str, ...] = ()
    """How the command line was read, where that may surprise."""

    def announce(self, namespace: str, key: AccessKey | None) -> None:
        """The first line of every operation that changes something: what it is about to be done to."""
        self.talk.say(f"{self.target}, namespace {namespace}{f', {key.hint}' if key else ''}")
        for note in self.notes:
            self.talk.say(note)
