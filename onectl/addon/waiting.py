"""Waiting: until a release works, until it is gone. Says for what, gives up when waiting can't help."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from onectl.addon.manifest import Manifest
from onectl.addon.ports import Clock, Stage
from onectl.cluster import leftovers, workloads
from onectl.cluster.readiness import Cause, assess
from onectl.cluster.workloads import Snapshot
from onectl.errors import OnectlError, TimedOutError

_POLL = 1.0


class Deadline:
    """The end of an operation: all its steps share one."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.now() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - self._clock.now())

    def wait(self) -> bool:
        """Let a moment pass; False when there is none left."""
        if not self.left:
            return False
        self._clock.sleep(min(_POLL, self.left))
        return True


def until_ready(stage: Stage, manifest: Manifest, namespace: str, before: Snapshot, deadline: Deadline) -> None:
    """Return when every workload of the addon's release is ready.

    Raises OnectlError as soon as it is clear that waiting can't help, TimedOutError with what is not ready.
    """
    excused: Sequence[str] = ()

    def rows() -> Sequence[str]:
        nonlocal excused
        now = workloads.take(stage.api, namespace, manifest.name)
        verdict = assess(now, before, manifest.fatal_events)
        if verdict.failure:
            keys = " or ".join(manifest.image_keys) if verdict.failure.cause is Cause.IMAGE else ""
            raise OnectlError(verdict.failure.reason, f"set {keys}" if keys else "")
        excused = verdict.excused
        return verdict.rows

    _until_empty(stage, rows, deadline, "not ready in time")
    for node in excused:
        stage.talk.say(f"Warning: node {node} is not ready, its Pods were not waited for")


def until_gone(stage: Stage, name: str, kept: Collection[tuple[str, str, str]], deadline: Deadline) -> None:
    """Return when nothing carries the release's label, save what is kept. Raises TimedOutError with what does."""
    places = leftovers.places(stage.api)

    def rows() -> Sequence[str]:
        nonlocal places
        found = leftovers.labelled(stage.api, name, places)
        left = [each for each in found if (each.kind, each.namespace, each.name) not in kept]
        # From here on it is enough to look where something was.
        places = [place for place in places if place.kind in {each.kind for each in left}]
        return [f"{each} is still there" for each in left]

    _until_empty(stage, rows, deadline, "not gone in time")


def _until_empty(stage: Stage, look: Callable[[], Sequence[str]], deadline: Deadline, late: str) -> None:
    with stage.talk.live():
        rows = look()
        while rows:
            stage.talk.progress(rows)
            if not deadline.wait():
                raise TimedOutError(f"{late}: {'; '.join(rows)}", "look at the objects named, or give more --timeout")
            rows = look()
        stage.talk.progress(())
